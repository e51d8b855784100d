"""Tests of deemed approval, and of decisions and facts that are reported after an outcome."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.application import commands, events, incident_events
from domain.application.commands import Command
from domain.application.events import Recorded
from domain.application.evolve import fold
from domain.application.outcomes import silence_grants_at
from domain.application.status import Status
from domain.codes import (
    Amendment,
    CancellationReason,
    Decision,
    ObstacleCode,
    Quality,
    RejectionReason,
    Remedy,
    RevocationGround,
    Role,
)
from domain.promises.steps import promised
from domain.provenance import Pause
from domain.refusals import ApplicationEnded, DeemedApprovalNotOffered, NoPromise, NotYetDue, Refusal, StatusForbids
from domain.registry.calendar import Unit
from domain.registry.terms import PromiseTerms
from tests.builders import (
    BLURRED,
    CHECKED,
    COMPLETE,
    DEEMED,
    FRIDAY,
    HANDED_OVER,
    KTP,
    MONDAY,
    NEXT_MONDAY_AT_CLOSING,
    PROMISE,
    REGISTRY,
    REVIEWED,
    SEMARANG,
    SIP,
    SUSPENDED,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    an_act,
    on,
    submitted,
)
from tests.spec import given

DUE, SECOND = NEXT_MONDAY_AT_CLOSING, timedelta(seconds=1)
LOOKED = commands.DeemApproved(now=DUE + SECOND)
SUSPENSION = events.Suspended(ground="awaiting-payment", pauses=True)


def deemed(**changes: object) -> events.DeemedApproved:
    event = DEEMED[-1]
    assert isinstance(event, events.DeemedApproved)
    return replace(event, **changes)  # type: ignore[arg-type]


def test_silence_grants_with_its_evidence() -> None:
    given(*COMPLETE).when(LOOKED, at=DUE, by=Role.SYSTEM).then(deemed(silent_until=4))
    given(*REVIEWED).when(LOOKED, at=DUE, by=Role.SYSTEM).then(deemed(silent_until=8))


def test_the_evidence_names_the_pauses() -> None:
    moved = replace(PROMISE, due_at=DUE + timedelta(days=1))
    history = (*COMPLETE, on(TUESDAY, SUSPENSION), on(WEDNESDAY, events.Resumed(promise=moved)))
    looked = commands.DeemApproved(now=moved.due_at + SECOND)
    pauses = (Pause(since=TUESDAY, until=WEDNESDAY),)
    given(*history).when(looked, at=moved.due_at).then(deemed(promise=moved, pauses=pauses, silent_until=6))


def test_never_early() -> None:
    given(*COMPLETE).when(commands.DeemApproved(now=DUE), at=DUE).refused(NotYetDue)
    given(*COMPLETE).when(LOOKED, at=DUE - SECOND).refused(NotYetDue)
    given(*COMPLETE).when(LOOKED, at=DUE + SECOND).refused(NotYetDue)


def test_not_while_the_clock_is_paused_or_never_started() -> None:
    given(*SUSPENDED).when(LOOKED, at=DUE).refused(NotYetDue)
    given(*CHECKED).when(LOOKED, at=DUE).refused(NoPromise)


def test_only_where_the_service_opted_in() -> None:
    unlisted = (*submitted(SIP), *COMPLETE[1:])
    given(*unlisted).when(LOOKED, at=DUE).refused(DeemedApprovalNotOffered)


def known(since: datetime, quality: Quality) -> tuple[Recorded, ...]:
    """A file was declared complete on Monday, by a clock of this quality. The system learnt of it at `since`."""
    happened = [Recorded(version=n, act=an_act(MONDAY), event=event) for n, event in enumerate(COMPLETE, 1)]
    complete = replace(happened[-1], act=replace(an_act(MONDAY), at_quality=quality), recorded_at=since)
    return (*happened[:-1], complete)


LAST_INSTANT = DUE - timedelta(microseconds=1)


@pytest.mark.parametrize("quality", set(Quality) - {Quality.SERVER})
def test_a_date_that_was_over_when_it_became_known_grants_nothing(quality: Quality) -> None:
    known_at = DUE
    again = promised(
        PromiseTerms(unit=Unit.WORKING_DAYS, n=5),
        known_at,
        office=SEMARANG,
        service=KTP,
        edition="ktp-el@3",
        registry=REGISTRY,
    ).due_at
    looked = commands.DeemApproved(now=again + SECOND)
    given(*known(known_at, quality)).when(LOOKED, at=DUE).refused(NotYetDue)
    given(*known(known_at, quality)).when(looked, at=DUE).refused(NotYetDue)
    given(*known(known_at, quality)).when(commands.DeemApproved(now=again), at=again).refused(NotYetDue)
    given(*known(known_at, quality)).when(looked, at=again).then(deemed(silent_until=4))


@pytest.mark.parametrize(
    ("since", "quality"), [(LAST_INSTANT, Quality.DEVICE), (DUE, Quality.SERVER), (DUE + SECOND, Quality.SERVER)]
)
def test_a_date_that_was_ahead_when_it_became_known_is_the_date(since: datetime, quality: Quality) -> None:
    given(*known(since, quality)).when(LOOKED, at=DUE).then(deemed(silent_until=4))


def test_a_pause_moves_since_when_the_date_is_known() -> None:
    """The mobile unit was offline, so the system learnt of the end of the pause after the moved date."""
    moved = replace(PROMISE, due_at=DUE + timedelta(days=1))
    late = Recorded(
        version=0,
        act=replace(an_act(WEDNESDAY), at_quality=Quality.DEVICE),
        event=events.Resumed(promise=moved),
        recorded_at=moved.due_at + SECOND,
    )
    history = (*COMPLETE, on(TUESDAY, SUSPENSION), late)
    given(*history).when(commands.DeemApproved(now=moved.due_at + 2 * SECOND), at=moved.due_at).refused(NotYetDue)
    unmoved = (*COMPLETE, on(TUESDAY, SUSPENSION), replace(late, event=events.Resumed(promise=None)))
    given(*unmoved).when(commands.DeemApproved(now=moved.due_at), at=DUE).decided()


def test_what_says_nothing_of_the_promise_leaves_since_when_it_is_known() -> None:
    later = replace(on(TUESDAY, events.StageEntered(stage="verification")), recorded_at=WEDNESDAY)
    assert given(*COMPLETE, later).application.promised_at == MONDAY
    assert given(*COMPLETE, on(TUESDAY, events.Resumed(promise=PROMISE))).application.promised_at == MONDAY


def test_where_no_calendar_reaches_silence_grants_at_no_time() -> None:
    silent = given(*known(datetime(2027, 12, 30, 3, tzinfo=UTC), Quality.DEVICE)).application
    standard = REGISTRY.standard(KTP, 3)
    assert standard
    assert silence_grants_at(silent, REGISTRY, standard) is None
    assert silence_grants_at(replace(silent, office="nowhere"), REGISTRY, standard) is None
    assert silence_grants_at(replace(silent, promise=None), REGISTRY, standard) is None


@pytest.mark.parametrize(
    "decided", [events.Approved(), events.Rejected(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.APPEAL)]
)
def test_a_decision_in_the_instant_of_the_deadline_was_in_time(decided: events.Approved | events.Rejected) -> None:
    history = (*REVIEWED, on(DUE, decided))
    with pytest.raises(Refusal):
        given(*history).when(LOOKED, at=DUE).decided()


def test_who_came_first_has_decided() -> None:
    history = (*REVIEWED, on(DUE, deemed(), by=Role.SYSTEM))
    given(*history).when(commands.Approve(), at=DUE).refused(StatusForbids)
    given(*history).when(LOOKED, at=DUE).refused(StatusForbids)


def test_a_decision_reported_late_changes_nothing_but_what_is_known() -> None:
    history = (*REVIEWED, on(DUE, deemed(), by=Role.SYSTEM))
    rejection = commands.Reject(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.APPEAL)
    known = events.DecisionReportedLate(decision=Decision.REJECTED, reason=rejection.reason, remedy=rejection.remedy)
    given(*history).when(rejection, at=DUE - SECOND).then(known)
    given(*history).when(commands.Approve(), at=DUE - SECOND).then(
        events.DecisionReportedLate(decision=Decision.APPROVED)
    )
    after = given(*history, on(DUE - SECOND, known)).application
    assert (after.status, after.decided_at) == (Status.DEEMED_APPROVED, DUE)


def test_what_silence_granted_is_issued_revoked_or_cancelled_like_any_grant() -> None:
    given(*DEEMED).when(commands.Issue()).then(events.Issued())
    given(*DEEMED).when(commands.Revoke(ground=RevocationGround.UNTRUE_STATEMENT)).then(
        events.Revoked(ground=RevocationGround.UNTRUE_STATEMENT)
    )
    given(*DEEMED).when(commands.Cancel(reason=CancellationReason.DUPLICATE)).then(
        events.Cancelled(reason=CancellationReason.DUPLICATE)
    )
    given(*DEEMED).when(commands.MovePromise()).refused(StatusForbids)


LATE_FACTS: list[tuple[Command, object]] = [
    (commands.Suspend(ground="awaiting-payment"), SUSPENSION),
    (
        commands.ReturnForCorrection(documents=(BLURRED,)),
        events.ReturnedForCorrection(documents=(BLURRED,), pauses=True),
    ),
    (commands.EnterStage(stage="verification"), events.StageEntered(stage="verification")),
    (
        commands.ReportObstacle(code=ObstacleCode.NETWORK),
        incident_events.ObstacleReported(obstacle=1, code=ObstacleCode.NETWORK),
    ),
]


@pytest.mark.parametrize(("command", "fact"), LATE_FACTS)
def test_what_happened_before_the_outcome_may_be_reported_after_it(command: Command, fact: object) -> None:
    history = (*COMPLETE, on(DUE, deemed(), by=Role.SYSTEM))
    given(*history).when(command, at=THURSDAY).then(fact)  # type: ignore[arg-type]
    if not isinstance(command, commands.ReportObstacle):  # an obstacle may be reported until the product is ready
        with pytest.raises(Refusal):
            given(*history).when(command, at=DUE).decided()


def test_a_pause_reported_three_days_late_changes_the_ledger_not_the_outcome() -> None:
    history = (*COMPLETE, on(DUE, deemed(), by=Role.SYSTEM), on(THURSDAY, SUSPENSION))
    paused = given(*history).application
    assert paused.status is Status.DEEMED_APPROVED
    assert paused.paused_since == THURSDAY
    given(*history).when(commands.Resume(), at=FRIDAY).then(events.Resumed())
    over = given(*history, on(FRIDAY, events.Resumed())).application
    assert (over.status, over.promise, over.decided_at) == (Status.DEEMED_APPROVED, PROMISE, DUE)
    assert over.pauses == (Pause(since=THURSDAY, until=FRIDAY),)


def test_a_late_fact_must_have_been_possible_then() -> None:
    history = (on(TUESDAY, COMPLETE[0]), *(on(WEDNESDAY, event) for event in COMPLETE[1:]), on(DUE, deemed()))
    given(*history).when(commands.Suspend(ground="awaiting-payment"), at=TUESDAY).refused(StatusForbids)
    given(*history).when(commands.Suspend(ground="awaiting-payment"), at=WEDNESDAY).then(SUSPENSION)
    given(*history).when(commands.CompleteStage(stage="assessment"), at=THURSDAY).refused(Refusal)


def test_what_is_numbered_goes_on_counting_in_a_late_fact() -> None:
    obstacle = incident_events.ObstacleReported(obstacle=1, code=ObstacleCode.STAFF)
    history = (*COMPLETE, on(FRIDAY, obstacle), on(DUE, deemed(), by=Role.SYSTEM))
    given(*history).when(commands.ReportObstacle(code=ObstacleCode.DATA), at=THURSDAY).then(
        incident_events.ObstacleReported(obstacle=2, code=ObstacleCode.DATA)
    )


def test_late_facts_know_of_amendments() -> None:
    done = (events.StageEntered(stage="verification"), events.StageCompleted(stage="verification"))
    history = (*COMPLETE, *done, on(DUE, deemed(), by=Role.SYSTEM))
    amended = (
        given(*history)
        .when(commands.AmendRecord(amends=6, amendment=Amendment.ENTERED_IN_ERROR), at=WEDNESDAY)
        .decided()
    )
    after = given(*history, on(WEDNESDAY, amended[0]))
    after.when(commands.CompleteStage(stage="verification"), at=THURSDAY).then(
        events.StageCompleted(stage="verification")
    )


def test_after_an_end_the_same_holds() -> None:
    handed_over = (*HANDED_OVER[:-1], on(DUE, HANDED_OVER[-1]))
    given(*handed_over).when(commands.Approve(), at=DUE).refused(ApplicationEnded)


def test_the_first_decision_is_the_one_that_counts() -> None:
    history = (
        *REVIEWED,
        on(TUESDAY, events.Approved()),
        on(WEDNESDAY, events.Cancelled(reason=CancellationReason.DUPLICATE)),
    )
    assert given(*history).application.decided_at == TUESDAY
    assert fold(()).decided_at is None
