"""Tests of pauses of the legal clock, and of everything that moves the promise: pauses, extensions, newer calendars."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from domain.application.commands import (
    CheckDocuments,
    DeclareComplete,
    ExpirePayment,
    ExtendDeadline,
    Link,
    MovePromise,
    ReceivePayment,
    ReferComplaint,
    Resume,
    ReturnForCorrection,
    SupplyCorrection,
)
from domain.application.events import (
    ApplicationEvent,
    CorrectionSupplied,
    DeclaredComplete,
    DefectiveDocument,
    DocumentsChecked,
    Recorded,
    Resumed,
    ReturnedForCorrection,
    Suspended,
)
from domain.application.evolve import STEPS, Application, PromiseFacts, step_of
from domain.application.incident_events import (
    ComplaintReferred,
    Linked,
    PaymentExpired,
    PaymentReceived,
    PaymentRequested,
)
from domain.application.linking import supplied
from domain.application.pauses import CHANGING, OpenPauses, of_payment, pauses_after
from domain.application.promise_events import DeadlineExtended, PromiseMoved
from domain.codes import ComplaintKind, Defect, LifeEvent
from domain.provenance import Pause
from domain.refusals import (
    AlreadyLinked,
    AskedInLinkedApplication,
    ExtensionUnknown,
    NoPromise,
    PromiseUnmoved,
    StatusForbids,
)
from domain.registry.editions import Counter
from domain.registry.registry import evolve
from tests.builders import (
    BLURRED,
    CHECKED,
    CLOSED,
    COMPLETE,
    DEEMED,
    KTP,
    KTP_STANDARD,
    MAKASSAR,
    MONDAY,
    OPEN,
    PROMISE,
    RECEIVED,
    REGISTRY,
    SEMARANG,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    a_calendar,
    a_standard,
    an_act,
    names,
    on,
    submitted,
)
from tests.spec import given

SUSPENSION = Suspended(ground="awaiting-payment", pauses=True)
RETURN = ReturnedForCorrection(documents=(BLURRED,), pauses=True)
PAYING = PaymentRequested(payment=1, amount_idr=1, pauses=True)
NEXT_WEDNESDAY_AT_CLOSING = PROMISE.due_at + timedelta(days=2)
TWO_DAYS_LATER = replace(PROMISE, due_at=NEXT_WEDNESDAY_AT_CLOSING)


def test_every_pause_moves_the_promise_when_it_ends() -> None:
    given(*COMPLETE, on(TUESDAY, SUSPENSION)).when(Resume(), at=THURSDAY).then(Resumed(promise=TWO_DAYS_LATER))
    given(*COMPLETE, on(TUESDAY, RETURN)).when(SupplyCorrection(), at=THURSDAY).then(
        CorrectionSupplied(promise=TWO_DAYS_LATER)
    )
    paying = given(*COMPLETE, on(TUESDAY, PAYING))
    paying.when(ReceivePayment(payment=1, amount_idr=1), at=THURSDAY).then(
        PaymentReceived(payment=1, amount_idr=1, promise=TWO_DAYS_LATER)
    )
    paying.when(ExpirePayment(payment=1), at=THURSDAY).then(PaymentExpired(payment=1, promise=TWO_DAYS_LATER))


def test_a_pause_within_a_day_moves_nothing() -> None:
    given(*COMPLETE, on(TUESDAY, SUSPENSION)).when(Resume(), at=TUESDAY + timedelta(hours=1)).then(Resumed())


def test_a_hold_that_does_not_pause_moves_nothing() -> None:
    hold = replace(SUSPENSION, pauses=False)
    given(*COMPLETE, on(TUESDAY, hold)).when(Resume(), at=THURSDAY).then(Resumed())


def test_before_completeness_there_is_nothing_to_move() -> None:
    given(*CHECKED, on(TUESDAY, RETURN)).when(SupplyCorrection(), at=THURSDAY).then(CorrectionSupplied())


def test_a_correction_before_completeness_moves_nothing_of_an_older_promise() -> None:
    elsewhere = replace(REGISTRY, offices={})
    given(*COMPLETE, on(TUESDAY, SUSPENSION), registry=elsewhere).when(Resume(), at=THURSDAY).then(Resumed())


def test_overlapping_pauses_are_one() -> None:
    history = (*COMPLETE, on(TUESDAY, PAYING), on(WEDNESDAY, SUSPENSION))
    given(*history).when(ReceivePayment(payment=1, amount_idr=1), at=WEDNESDAY).then(
        PaymentReceived(payment=1, amount_idr=1)
    )
    paid = (*history, on(WEDNESDAY, PaymentReceived(payment=1, amount_idr=1)))
    assert given(*paid).application.paused_since == TUESDAY
    given(*paid).when(Resume(), at=THURSDAY).then(Resumed(promise=TWO_DAYS_LATER))
    over = given(*paid, on(THURSDAY, Resumed(promise=TWO_DAYS_LATER))).application
    assert over.pauses == (Pause(since=TUESDAY, until=THURSDAY),)
    assert (over.promise, over.paused_since, over.pausing) == (TWO_DAYS_LATER, None, frozenset())


def test_a_pause_known_late_began_when_it_began() -> None:
    history = (*COMPLETE, on(WEDNESDAY, SUSPENSION), on(TUESDAY, PAYING))
    assert given(*history).application.paused_since == TUESDAY


def test_an_end_without_a_beginning_ends_nothing() -> None:
    application = given(*COMPLETE, on(TUESDAY, Resumed()), on(TUESDAY, CorrectionSupplied())).application
    assert (application.pauses, application.paused_since) == ((), None)


def test_an_extension_that_the_standard_lists_is_used_once() -> None:
    extended = replace(PROMISE, n=10, due_at=datetime(2026, 3, 23, 8, tzinfo=UTC))
    [event] = given(*COMPLETE).when(ExtendDeadline(extension="technical-study")).decided()
    assert isinstance(event, DeadlineExtended)
    assert (event.extension, event.promise.due_at) == ("technical-study", extended.due_at)
    given(*COMPLETE, event).when(ExtendDeadline(extension="technical-study")).refused(ExtensionUnknown)
    given(*COMPLETE).when(ExtendDeadline(extension="goodwill")).refused(ExtensionUnknown)
    given(*RECEIVED).when(ExtendDeadline(extension="technical-study")).refused(NoPromise)
    given(*COMPLETE, registry=replace(REGISTRY, offices={})).when(ExtendDeadline(extension="technical-study")).refused(
        NoPromise
    )
    without = replace(REGISTRY, services={**REGISTRY.services, "ktp-el": (replace(KTP_STANDARD, extensions=None),)})
    given(*COMPLETE, registry=without).when(ExtendDeadline(extension="technical-study")).refused(ExtensionUnknown)
    application = given(*COMPLETE, event).application
    assert (application.promise, application.extensions) == (event.promise, ("technical-study",))


CLOSED_ON_WEDNESDAY = evolve(
    REGISTRY, replace(a_calendar(2026, date(2026, 1, 1), date(2026, 3, 11), date(2026, 12, 25)), edition=2)
)


def test_a_newer_calendar_moves_the_promise_once() -> None:
    moved = replace(PROMISE, due_at=PROMISE.due_at + timedelta(days=1), calendar="id-2026@2")
    given(*COMPLETE, registry=CLOSED_ON_WEDNESDAY).when(MovePromise()).then(PromiseMoved(promise=moved))
    after = given(*COMPLETE, PromiseMoved(promise=moved), registry=CLOSED_ON_WEDNESDAY)
    after.when(MovePromise()).refused(PromiseUnmoved)
    assert after.application.promise == moved
    given(*DEEMED, registry=CLOSED_ON_WEDNESDAY).when(MovePromise()).refused(StatusForbids)


def test_pauses_and_extensions_count_when_a_calendar_moves_the_promise() -> None:
    [extension] = given(*COMPLETE).when(ExtendDeadline(extension="technical-study")).decided()
    history = (*COMPLETE, on(TUESDAY, SUSPENSION), on(THURSDAY, Resumed(promise=TWO_DAYS_LATER)))
    # The closure moves the first date a day later, but one of the two paused days is not a working day any more, so the
    # pause adds one day less: the promise does not move.
    given(*history, registry=CLOSED_ON_WEDNESDAY).when(MovePromise()).refused(PromiseUnmoved)
    [moved] = given(*COMPLETE, extension, registry=CLOSED_ON_WEDNESDAY).when(MovePromise()).decided()
    assert isinstance(moved, PromiseMoved)
    assert moved.promise.due_at == datetime(2026, 3, 24, 8, tzinfo=UTC)


def test_no_calendar_moves_what_is_not_ours() -> None:
    of_a_source = DeclaredComplete(promise=replace(PROMISE, standard="another@1"))
    given(*CHECKED, of_a_source, registry=CLOSED_ON_WEDNESDAY).when(MovePromise()).refused(NoPromise)
    given(*CHECKED, DeclaredComplete(), registry=CLOSED_ON_WEDNESDAY).when(MovePromise()).refused(NoPromise)
    given(*COMPLETE, registry=replace(REGISTRY, offices={})).when(MovePromise()).refused(NoPromise)
    given(*submitted("information-request"), *COMPLETE[1:]).when(MovePromise()).refused(NoPromise)


LINK = Link(link=UUID(int=7), life_event=LifeEvent.BIRTH, others=(UUID(int=8), UUID(int=9)), supplied=("photograph",))
LINKED = Linked(link=LINK.link, life_event=LINK.life_event, others=LINK.others, supplied=LINK.supplied)


def test_one_life_event_links_applications() -> None:
    given(*COMPLETE).when(LINK).then(LINKED)
    given(*COMPLETE, LINKED).when(replace(LINK, others=(UUID(int=9),))).refused(AlreadyLinked)
    further = replace(LINK, others=(UUID(int=10),))
    [second] = given(*COMPLETE, LINKED).when(further).decided()
    assert given(*COMPLETE, LINKED, second).application.links == {UUID(int=n) for n in (8, 9, 10)}


def test_a_shared_requirement_is_asked_once() -> None:
    linked = given(*RECEIVED, LINKED)
    linked.when(CheckDocuments(complete=False, missing=("photograph",))).refused(AskedInLinkedApplication)
    missing = DefectiveDocument(requirement="photograph", defect=Defect.MISSING)
    linked.when(ReturnForCorrection(documents=(missing,))).refused(AskedInLinkedApplication)
    linked.when(ReturnForCorrection(documents=(BLURRED,))).then(
        ReturnedForCorrection(documents=(BLURRED,), pauses=False)
    )
    linked.when(CheckDocuments(complete=False, missing=("family-card",))).then(
        DocumentsChecked(complete=False, missing=("family-card",))
    )


def test_it_is_asked_by_the_first_that_lists_it() -> None:
    birth, card, nothing = a_standard("birth"), a_standard("card"), replace(a_standard("none"), requirements=())
    assert supplied([birth, nothing, card]) == [(), (), ("family-card", "photograph")]
    assert supplied([]) == []


pauses = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4)


@any_of(pauses)
def test_pausing_never_brings_the_promise_nearer(pauses: list[tuple[int, int]]) -> None:
    """Pauses in any order never move the promise to an earlier date. The citizen clock runs on during all of them."""
    history = [*COMPLETE]
    due = PROMISE.due_at
    for began, lasted in pauses:
        since = MONDAY + timedelta(hours=began)
        resumed = given(*history, on(since, SUSPENSION)).when(Resume(), at=since + timedelta(hours=lasted)).decided()
        history = [*history, on(since, SUSPENSION), on(since + timedelta(hours=lasted), resumed[0])]  # type: ignore[list-item]
        application: Application = given(*history).application
        assert application.promise
        assert application.promise.due_at >= due
        due = application.promise.due_at


def test_the_counter_of_the_service_counts_wherever_a_promise_is_counted() -> None:
    """The counter opens on Tuesdays and Thursdays. Every computation of the promise uses only its hours."""
    days = (CLOSED, OPEN, CLOSED, OPEN, CLOSED, CLOSED, CLOSED)
    counter = Counter(code="ktp", names=names("KTP"), opening_days=days, services=(KTP,))
    office = replace(REGISTRY.offices[SEMARANG], counters=(counter,))
    registry = replace(REGISTRY, offices={**REGISTRY.offices, SEMARANG: office})
    [declared] = given(*CHECKED, registry=registry).when(DeclareComplete()).decided()
    assert isinstance(declared, DeclaredComplete)
    assert declared.promise
    assert declared.promise.due_at == datetime(2026, 3, 26, 8, tzinfo=UTC)
    complete = (*CHECKED, declared)
    [resumed] = given(*complete, on(TUESDAY, SUSPENSION), registry=registry).when(Resume(), at=THURSDAY).decided()
    assert isinstance(resumed, Resumed)
    assert resumed.promise
    assert resumed.promise.due_at == datetime(2026, 3, 31, 8, tzinfo=UTC)
    [extended] = given(*complete, registry=registry).when(ExtendDeadline(extension="technical-study")).decided()
    assert isinstance(extended, DeadlineExtended)
    assert extended.promise.due_at == datetime(2026, 4, 14, 8, tzinfo=UTC)
    given(*complete, registry=registry).when(MovePromise()).refused(PromiseUnmoved)
    [referred] = given(*complete, registry=registry).when(ReferComplaint(kind=ComplaintKind.INFORMATION)).decided()
    assert isinstance(referred, ComplaintReferred)
    assert referred.answer_by.due_at == datetime(2026, 3, 26, 8, tzinfo=UTC)


def test_another_office_that_links_an_application_gets_no_part_in_it() -> None:
    assert MAKASSAR not in given(*COMPLETE, on(MONDAY, LINKED, office=MAKASSAR)).application.concerned
    assert given(*COMPLETE, on(MONDAY, LINKED, office=SEMARANG)).application.concerned == {SEMARANG}


@pytest.mark.parametrize("kind", sorted(set(get_args(ApplicationEvent)) - CHANGING, key=str))
def test_an_event_of_any_other_type_changes_no_pause(kind: type[ApplicationEvent]) -> None:
    """The views skip these types. `pauses_after` looks at the type first, so the event needs no fields here."""
    known = OpenPauses(frozenset({"return", "suspension", of_payment(1)}), datetime(2026, 3, 2, 2, tzinfo=UTC))
    event: ApplicationEvent = object.__new__(kind)
    assert pauses_after(known, event, datetime(2026, 3, 3, 2, tzinfo=UTC)) == (known, None)
    if kind not in STEPS:
        act = an_act()
        recorded = Recorded(event=event, version=2, act=act, recorded_at=act.at)
        assert step_of(PromiseFacts(office="a"), known, recorded) is None
