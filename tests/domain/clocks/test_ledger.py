"""Tests of the ledger: starts, pauses and stops of the two clocks, and holders, for any order of arrival."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given as each
from hypothesis import strategies as st

from domain.application import events, imported_events, incident_events
from domain.application.events import ApplicationEvent, Recorded
from domain.clocks.ledger import Clock, Ledger, Mark, MarkKind, Party, ledger, marks_of, outcome_of
from domain.clocks.marks import cause_of
from domain.codes import Advice, Amendment, Holder, Receiver
from tests.builders import (
    BLURRED,
    COMPLETE,
    KTP,
    MAKASSAR,
    MONDAY,
    NUMBER,
    PROMISE,
    REJECTED,
    SEMARANG,
    SORONG,
    on,
)
from tests.domain import arbitrary
from tests.spec import given

SUBMISSION = events.Submitted(service=KTP, standard=3, number=NUMBER)
DECLARED = events.DeclaredComplete(promise=PROMISE)
RETURN = events.ReturnedForCorrection(documents=(BLURRED,), pauses=True)
PAYMENT = incident_events.PaymentRequested(payment=1, amount_idr=50_000, pauses=True)
SUSPENSION = events.Suspended(ground="trafficking-check", pauses=True)
OVER = events.HandedOver(receiver=Receiver.APPLICANT)
FRONT, BACK = (Party.FRONT_OFFICE, SEMARANG), (Party.BACK_OFFICE, SEMARANG)
APPLICANT, EXTERNAL = (Party.APPLICANT, ""), (Party.EXTERNAL, "")


def hour(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def hours_of(at: datetime | None) -> float | None:
    return None if at is None else (at - MONDAY) / timedelta(hours=1)


def of(history: Sequence[Recorded]) -> Ledger:
    return ledger(mark for recorded in history for mark in marks_of(recorded))


def book(*happened: tuple[float, ApplicationEvent]) -> Ledger:
    """Return the ledger of events, each given with the hour at which it happened."""
    return of(given(*(on(hour(at), event) for at, event in happened)).history)


Turn = tuple[float | None, str]


def legal(found: Ledger) -> list[Turn]:
    """Return the hours at which the clock began to run or to stand, and last the hour at which it stopped."""
    turns: list[Turn] = [(hours_of(span.since), "runs" if span.running else "stands") for span in found.legal]
    last = found.legal[-1].until if found.legal else None
    return [*turns, (hours_of(last), "stopped")] if last else turns


def citizen(found: Ledger) -> tuple[float | None, float | None]:
    assert found.citizen
    return hours_of(found.citizen.since), hours_of(found.citizen.until)


def hands(found: Ledger) -> list[tuple[float | None, tuple[Party, str]]]:
    return [(hours_of(span.since), (span.holder, span.office)) for span in found.holders]


def entries(found: Ledger, clock: Clock) -> list[tuple[MarkKind, str]]:
    return [(entry.kind, entry.mark.cause) for entry in found.entries if entry.clock is clock]


def test_the_legal_clock_runs_from_completeness_and_the_citizens_from_submission() -> None:
    found = book((0, SUBMISSION), (1, DECLARED))
    assert (legal(found), citizen(found)) == ([(1, "runs")], (0, None))
    assert hands(found) == [(0, FRONT), (1, BACK)]


@pytest.mark.parametrize(
    ("pause", "end"),
    [
        (RETURN, events.CorrectionSupplied()),
        (SUSPENSION, events.Resumed()),
        (PAYMENT, incident_events.PaymentReceived(payment=1, amount_idr=50_000)),
    ],
)
def test_a_pause_stops_the_legal_clock_alone(pause: ApplicationEvent, end: ApplicationEvent) -> None:
    found = book((0, SUBMISSION), (1, DECLARED), (3, pause), (7, end), (9, events.Approved()))
    assert legal(found) == [(1, "runs"), (3, "stands"), (7, "runs"), (9, "stopped")]
    assert (citizen(found), found.counts.pauses) == ((0, None), 1)


def test_what_does_not_pause_does_not() -> None:
    returned = events.ReturnedForCorrection(documents=(BLURRED,), pauses=False)
    unpaid = incident_events.PaymentRequested(payment=1, amount_idr=1, pauses=False)
    check = events.Suspended(ground="trafficking-check", pauses=False)
    found = book(
        (0, SUBMISSION), (1, DECLARED), (2, returned), (3, events.CorrectionSupplied()), (4, check), (5, unpaid)
    )
    assert (legal(found), found.counts.pauses, found.counts.returns) == ([(1, "runs")], 0, 1)
    assert hands(found)[2:] == [(2, APPLICANT), (3, BACK), (5, EXTERNAL)]


def test_pauses_that_overlap_are_one() -> None:
    found = book(
        (0, SUBMISSION),
        (1, DECLARED),
        (2, SUSPENSION),
        (3, PAYMENT),
        (4, events.Resumed()),
        (6, incident_events.PaymentExpired(payment=1)),
    )
    assert (legal(found), found.counts.pauses) == ([(1, "runs"), (2, "stands"), (6, "runs")], 1)
    assert entries(found, Clock.LEGAL)[1:] == [(MarkKind.PAUSE, "suspended"), (MarkKind.RESUME, "payment-expired")]


def test_a_clock_that_starts_in_a_pause_starts_paused() -> None:
    found = book((0, SUBMISSION), (1, SUSPENSION), (2, DECLARED), (4, events.Resumed()))
    assert legal(found) == [(2, "stands"), (4, "runs")]
    assert [kind for kind, _ in entries(found, Clock.LEGAL)] == [MarkKind.START, MarkKind.PAUSE, MarkKind.RESUME]


def test_the_first_outcome_stops_the_legal_clock_and_nothing_moves_it_again() -> None:
    found = book(
        (0, SUBMISSION),
        (1, DECLARED),
        (5, events.Approved()),
        (6, RETURN),
        (7, events.Issued()),
        (8, events.MadeReady()),
        (9, OVER),
    )
    assert (legal(found), citizen(found)) == ([(1, "runs"), (5, "stopped")], (0, 9))
    assert hands(found) == [(0, FRONT), (1, BACK), (8, FRONT)]


def test_an_end_without_a_product_stops_both() -> None:
    found = book((0, SUBMISSION), (1, DECLARED), (4, events.Withdrawn()))
    assert (legal(found), citizen(found)) == ([(1, "runs"), (4, "stopped")], (0, 4))


def test_what_was_decided_before_it_was_complete_never_ran() -> None:
    found = book((0, SUBMISSION), (2, events.Withdrawn()), (3, DECLARED))
    assert (found.legal, citizen(found)) == ((), (0, 2))


def test_a_pause_that_nothing_began_ends_nothing() -> None:
    found = book((0, SUBMISSION), (1, DECLARED), (2, events.Resumed()), (3, events.CorrectionSupplied()))
    assert (legal(found), hands(found)[-1]) == ([(1, "runs")], (1, BACK))


def test_a_dispute_that_was_right_takes_the_hand_over_back() -> None:
    done = ((0, SUBMISSION), (1, DECLARED), (2, events.Approved()), (3, events.MadeReady()), (4, OVER))
    again = book(*done, (9, events.Reopened(redo=("printing",))))
    assert (citizen(again), again.counts.restarts) == ((0, None), 1)
    assert hands(again) == [(0, FRONT), (1, BACK), (3, FRONT), (9, BACK)]
    assert entries(again, Clock.CITIZEN)[1:] == [(MarkKind.STOP, "handed-over"), (MarkKind.RESTART, "reopened")]
    assert legal(again) == [(1, "runs"), (2, "stopped")]
    assert citizen(book(*done, (9, events.Reopened()), (12, OVER))) == (0, 12)
    assert book(*done[:-1], (9, events.Reopened())).counts.restarts == 0


def test_only_a_hand_over_is_taken_back() -> None:
    found = book((0, SUBMISSION), (1, events.Withdrawn()), (2, events.Reopened()))
    assert (citizen(found), found.counts.restarts) == ((0, 1), 0)


def test_completeness_declared_once_more_is_a_restart_that_moves_nothing() -> None:
    found = book((0, SUBMISSION), (1, DECLARED), (5, DECLARED))
    assert (legal(found), found.counts.restarts) == ([(1, "runs")], 1)


def test_nothing_submitted_has_no_clock_of_the_citizen() -> None:
    found = book((1, DECLARED), (2, OVER))
    assert (found.citizen, found.holders, legal(found)) == (None, (), [(1, "runs"), (2, "stopped")])


def test_a_stop_before_the_start_stops_at_once() -> None:
    found = book((0, OVER), (3, SUBMISSION))
    assert (citizen(found), found.holders) == ((3, 3), ())


def test_the_hands_of_the_stage_entered_last_among_those_open() -> None:
    signing, study = (events.StageEntered(stage=code, holder=holder) for code, holder in
                      (("signing", Holder.SIGNATORY), ("study", Holder.TECHNICAL_TEAM)))  # fmt: skip
    found = book(
        (0, SUBMISSION),
        (1, DECLARED),
        (2, study),
        (3, signing),
        (4, events.StageCompleted(stage="signing")),
        (5, events.StageCompleted(stage="study")),
        (6, events.StageEntered(stage="printing")),
    )
    assert hands(found) == [
        (0, FRONT), (1, BACK), (2, (Party.TECHNICAL_TEAM, SEMARANG)), (3, (Party.SIGNATORY, SEMARANG)),
        (4, (Party.TECHNICAL_TEAM, SEMARANG)), (5, BACK),
    ]  # fmt: skip


def test_a_stage_that_ended_unfinished_is_in_no_hands() -> None:
    study = events.StageEntered(stage="study", holder=Holder.TECHNICAL_TEAM)
    planned = imported_events.StagePlanned(stage="study")
    found = book(
        (0, SUBMISSION), (1, DECLARED), (2, planned), (3, study), (4, imported_events.StageEnded(stage="study"))
    )
    assert hands(found) == [(0, FRONT), (1, BACK), (3, (Party.TECHNICAL_TEAM, SEMARANG)), (4, BACK)]


def test_the_applicant_comes_before_a_payment_before_another_agency_before_a_stage() -> None:
    found = book(
        (0, SUBMISSION),
        (1, DECLARED),
        (2, events.Referred(referral=1, to=MAKASSAR)),
        (3, PAYMENT),
        (4, RETURN),
        (5, events.StageEntered(stage="survey")),
        (6, events.CorrectionSupplied()),
        (7, incident_events.PaymentReceived(payment=1, amount_idr=50_000)),
        (8, events.Referred(referral=2, to=SORONG)),
        (9, events.ReferralAnswered(referral=2, advice=Advice.FAVOURABLE)),
        (10, events.ReferralAnswered(referral=1, advice=Advice.FAVOURABLE)),
    )
    asked = Party.OTHER_AGENCY
    assert hands(found)[2:] == [
        (2, (asked, MAKASSAR)), (3, EXTERNAL), (4, APPLICANT), (6, EXTERNAL), (7, (asked, MAKASSAR)),
        (8, (asked, SORONG)), (9, (asked, MAKASSAR)), (10, BACK),
    ]  # fmt: skip


def test_an_outcome_ends_returns_and_referrals_but_no_payment() -> None:
    found = book(
        (0, SUBMISSION),
        (1, DECLARED),
        (2, events.Referred(referral=1, to=MAKASSAR)),
        (3, RETURN),
        (4, events.Approved()),
        (5, PAYMENT),
    )
    assert hands(found)[2:] == [(2, (Party.OTHER_AGENCY, MAKASSAR)), (3, APPLICANT), (4, BACK), (5, EXTERNAL)]


def test_a_transfer_puts_the_file_in_the_hands_of_another_office() -> None:
    found = book((0, SUBMISSION), (1, DECLARED), (2, events.Transferred(to=MAKASSAR)))
    assert hands(found)[-1] == (2, (Party.BACK_OFFICE, MAKASSAR))


def test_a_return_in_the_last_fifth_of_the_promised_time_is_a_last_minute_return() -> None:
    due = replace(PROMISE, due_at=hour(101))
    start = ((0, SUBMISSION), (1, events.DeclaredComplete(promise=due)))
    counts = [book(*start, (at, RETURN)).counts.last_minute_returns for at in (80.9, 81, 101, 101.1)]
    assert counts == [0, 1, 1, 0]
    later = replace(PROMISE, due_at=hour(301))
    moved = book(*start, (2, SUSPENSION), (50, events.Resumed(promise=later)), (90, RETURN))
    assert moved.counts.last_minute_returns == 0, "it is the promise as it stood then that counts"
    assert book((0, SUBMISSION), (90, RETURN)).counts.last_minute_returns == 0
    tenth = ((0, SUBMISSION), (1, events.DeclaredComplete(promise=due, last_minute_percent=10)))
    assert [book(*tenth, (at, RETURN)).counts.last_minute_returns for at in (90.9, 91)] == [0, 1]


def amended(version: int, at: datetime | None = None) -> events.RecordAmended:
    what = Amendment.TIME if at else Amendment.ENTERED_IN_ERROR
    return events.RecordAmended(amends=version, amendment=what, corrected_at=at)


def test_an_amended_time_moves_the_clocks() -> None:
    happened = ((1, SUBMISSION), (2, DECLARED), (5, events.Approved()))
    found = book(*happened, (6, amended(1, hour(0))), (7, amended(3, hour(4))))
    assert (citizen(found), legal(found)) == ((0, None), [(2, "runs"), (4, "stopped")])
    twice = book(*happened, (6, amended(3, hour(4))), (7, amended(3, hour(3))))
    assert legal(twice)[-1] == (3, "stopped")


def test_a_stage_entered_in_error_vanishes() -> None:
    stages = (
        (0, SUBMISSION),
        (1, DECLARED),
        (2, events.StageEntered(stage="signing", holder=Holder.SIGNATORY)),
        (4, events.StageCompleted(stage="signing")),
    )
    assert hands(book(*stages, (5, amended(3)))) == [(0, FRONT), (1, BACK)]
    assert hands(book(*stages, (5, amended(4))))[-1] == (2, (Party.SIGNATORY, SEMARANG))
    assert hands(book(*stages, (5, amended(1)))) == hands(book(*stages))
    unsaid = events.RecordAmended(amends=2, amendment=Amendment.TIME)
    assert legal(book(*stages, (5, unsaid))) == [(1, "runs")]


def test_a_late_fact_changes_the_ledger_and_not_the_outcome() -> None:
    told = ((0, SUBMISSION), (1, DECLARED), (10, events.Approved()), (3, SUSPENSION), (5, events.Resumed()))
    assert legal(book(*told)) == [(1, "runs"), (3, "stands"), (5, "runs"), (10, "stopped")]
    marks = [mark for recorded in given(*(on(hour(at), e) for at, e in told)).history for mark in marks_of(recorded)]
    outcome = outcome_of(marks)
    assert outcome
    assert (outcome.version, outcome.at) == (3, hour(10))
    assert outcome_of(marks[:2]) is None


def test_the_outcome_is_the_first_of_the_stream() -> None:
    history = given(on(hour(0), SUBMISSION), on(hour(9), events.Approved()), on(hour(5), events.Withdrawn())).history
    outcome = outcome_of(mark for recorded in history for mark in marks_of(recorded))
    assert outcome
    assert outcome.cause == "approved"


def test_of_one_instant_the_version_decides() -> None:
    same = (on(MONDAY, SUBMISSION), on(MONDAY, DECLARED), on(MONDAY, SUSPENSION), on(MONDAY, events.Resumed()))
    assert [span.running for span in of(given(*same).history).legal] == [True]
    swapped = given(*same[:2], same[3], same[2])
    assert [span.running for span in of(swapped.history).legal] == [False]


def test_a_mark_names_its_event_as_the_timeline_does() -> None:
    [recorded] = given(on(MONDAY, RETURN)).history
    assert cause_of(recorded) == "returned-for-correction"


def test_a_rejection_stops_both_clocks() -> None:
    found = of(given(*REJECTED).history)
    assert [entry.clock for entry in found.entries if entry.kind is MarkKind.STOP] == [Clock.CITIZEN, Clock.LEGAL]
    assert found.legal == (), "completeness and rejection in one instant"


# Properties of any history


def apart(happened: list[tuple[ApplicationEvent, int]]) -> list[Recorded]:
    """Give each event, and each corrected time, a different instant."""
    return [
        on(hour(at + place / 1000), _corrected(event, place)) for place, (event, at) in enumerate(happened, start=1)
    ]


def _corrected(event: ApplicationEvent, place: int) -> ApplicationEvent:
    if not isinstance(event, events.RecordAmended) or event.corrected_at is None:
        return event
    return replace(event, corrected_at=event.corrected_at + timedelta(seconds=place))


happenings: st.SearchStrategy[list[Recorded]] = st.lists(
    st.tuples(arbitrary.events, st.integers(0, 200)), max_size=25
).map(apart)
submitted_first = happenings.map(lambda history: [on(hour(-1), SUBMISSION), *history])


def arrived(history: Sequence[Recorded]) -> list[Recorded]:
    return [replace(recorded, version=version) for version, recorded in enumerate(history, start=1)]


def same_but_for_versions(found: Ledger) -> object:
    plain = [(e.clock, e.kind, e.mark._replace(version=0)) for e in found.entries]
    return replace(found, entries=()), plain


@each(submitted_first, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_ledger(history: list[Recorded], random: object) -> None:
    """An amendment names an event by version, so it must name the event's new version."""
    first = arrived(history)
    shuffled = list(first)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' own Random
    renumbered = {recorded.version: place for place, recorded in enumerate(shuffled, start=1)}
    second = [
        replace(recorded, event=replace(recorded.event, amends=renumbered.get(recorded.event.amends, 0)))
        if isinstance(recorded.event, events.RecordAmended)
        else recorded
        for recorded in shuffled
    ]
    assert same_but_for_versions(of(first)) == same_but_for_versions(of(arrived(second)))


@each(submitted_first)
def test_holders_tile_the_citizen_clock(history: list[Recorded]) -> None:
    found = of(arrived(history))
    assert found.citizen
    spans = found.holders
    if found.citizen.since == found.citizen.until:
        assert spans == ()
        return
    assert (spans[0].since, spans[-1].until) == (found.citizen.since, found.citizen.until)
    assert [span.until for span in spans[:-1]] == [span.since for span in spans[1:]]
    assert all(span.until is None or span.since < span.until for span in spans)


@each(happenings)
def test_the_spans_of_the_legal_clock_tile(history: list[Recorded]) -> None:
    spans = of(arrived(history)).legal
    assert [span.until for span in spans[:-1]] == [span.since for span in spans[1:]]
    assert all(span.until is None or span.since < span.until for span in spans)
    assert [span.running for span in spans[1:]] == [not span.running for span in spans[:-1]]


PAUSING: tuple[ApplicationEvent, ...] = (
    RETURN,
    events.CorrectionSupplied(),
    SUSPENSION,
    events.Resumed(),
    PAYMENT,
    incident_events.PaymentReceived(payment=1, amount_idr=1),
)


pausings = st.lists(st.tuples(st.sampled_from(PAUSING), st.integers(0, 200)), max_size=10).map(apart)


@each(submitted_first, pausings)
def test_pausing_and_resuming_never_shortens_the_citizen_clock(history: list[Recorded], more: list[Recorded]) -> None:
    quiet = [recorded for recorded in history if not isinstance(recorded.event, events.RecordAmended)]
    assert of(arrived(quiet)).citizen == of(arrived([*quiet, *more])).citizen


def test_marks_are_plain_facts() -> None:
    mark = marks_of(given(on(MONDAY, SUSPENSION)).history[0])[0]
    assert mark == Mark(
        kind=MarkKind.PAUSE, clock=Clock.LEGAL, at=MONDAY, version=1, cause="suspended", name="suspension",
        ground="trafficking-check", office=SEMARANG,
    )  # fmt: skip
    assert [mark.kind for mark in marks_of(given(*COMPLETE).history[-1])] == [MarkKind.START, MarkKind.PROMISE]
