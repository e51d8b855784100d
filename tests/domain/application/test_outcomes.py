import pytest

from domain.application import events
from domain.application.commands import (
    Approve,
    Cancel,
    Command,
    HandOver,
    Issue,
    Lapse,
    MakeReady,
    Reject,
    ResetPin,
    Resume,
    Suspend,
    Withdraw,
)
from domain.application.decide import PIN_RESETS_MAX
from domain.application.events import ApplicationEvent
from domain.application.status import Status
from domain.codes import CancellationReason, Receiver, RejectionReason, Remedy
from domain.refusals import ApplicationEnded, GroundUnknown, PinResetsExhausted, StatusForbids
from tests.builders import (
    APPROVED,
    CHECKED,
    COMPLETE,
    HANDED_OVER,
    ISSUED,
    LAPSED,
    READY,
    RECEIVED,
    RETURNED,
    REVIEWED,
    SUBMITTED,
    SUSPENDED,
    WITHDRAWN,
)
from tests.spec import given

PAYMENT = Suspend(ground="awaiting-payment")
REJECT = Reject(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION)
HELD = events.Suspended(ground="awaiting-payment", pauses=False)
CANCEL = Cancel(reason=CancellationReason.DUPLICATE)


def test_a_file_is_suspended_on_a_ground_that_the_service_lists() -> None:
    given(*COMPLETE).when(PAYMENT).then(events.Suspended(ground="awaiting-payment", pauses=True))
    given(*COMPLETE).when(Suspend(ground="bad-weather")).refused(GroundUnknown)
    given(*SUBMITTED).when(PAYMENT).refused(StatusForbids)


def test_before_completeness_there_is_no_clock_to_pause() -> None:
    given(*CHECKED).when(PAYMENT).then(events.Suspended(ground="awaiting-payment", pauses=False))


@pytest.mark.parametrize(("history", "status"), [(RECEIVED, Status.RECEIVED), (COMPLETE, Status.PROCESSING)])
def test_a_suspension_leads_back_to_where_the_file_was(history: tuple[ApplicationEvent, ...], status: Status) -> None:
    suspended = (*history, events.Suspended(ground="awaiting-payment", pauses=False))
    assert given(*suspended).application.status == Status.SUSPENDED
    given(*suspended).when(Resume()).then(events.Resumed())
    assert given(*suspended, events.Resumed()).application.status == status
    given(*history).when(Resume()).refused(StatusForbids)


@pytest.mark.parametrize(
    ("history", "status"),
    [
        ((*SUBMITTED, HELD, events.Received(), events.Resumed()), Status.RECEIVED),
        ((*RECEIVED, HELD, events.Received(), events.Resumed()), Status.RECEIVED),
        ((*COMPLETE, HELD, events.Received(), events.Resumed()), Status.PROCESSING),
        ((*RECEIVED, HELD, events.DeclaredComplete(), events.Resumed()), Status.PROCESSING),
        ((*APPROVED, HELD, events.DeclaredComplete(), events.Resumed()), Status.APPROVED),
        ((*RETURNED, HELD, events.Resumed()), Status.RECEIVED),
        ((*RETURNED, HELD, events.CorrectionSupplied()), Status.SUSPENDED),
        ((*COMPLETE, events.Received()), Status.PROCESSING),
        ((*APPROVED, events.DeclaredComplete()), Status.APPROVED),
        ((HELD, events.Resumed()), Status.RECEIVED),
    ],
)
def test_what_history_tells_of_a_held_file_shows_once_the_hold_ends_and_never_leads_backwards(
    history: tuple[ApplicationEvent, ...], status: Status
) -> None:
    assert given(*history).application.status == status
    given(*history).shows(status=status)


def test_an_application_goes_from_approval_into_the_citizens_hands() -> None:
    given(*REVIEWED).when(Approve()).then(events.Approved())
    given(*APPROVED).when(Issue()).then(events.Issued())
    given(*ISSUED).when(MakeReady()).then(events.MadeReady())
    given(*READY).when(HandOver()).then(events.HandedOver(receiver=Receiver.APPLICANT))


def test_what_was_issued_may_be_handed_over_on_the_spot_also_to_a_proxy() -> None:
    given(*ISSUED).when(HandOver(receiver=Receiver.PROXY)).then(events.HandedOver(receiver=Receiver.PROXY))


def test_nothing_is_handed_over_before_it_is_issued() -> None:
    for history in (SUBMITTED, COMPLETE, APPROVED):
        given(*history).when(HandOver()).refused(StatusForbids)


def test_a_rejection_says_why_and_what_can_be_done() -> None:
    given(*COMPLETE).when(REJECT).then(events.Rejected(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION))
    given(*RECEIVED).when(REJECT).then(events.Rejected(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION))
    given(*APPROVED).when(REJECT).refused(StatusForbids)


def test_an_applicant_withdraws_until_the_decision() -> None:
    for history in (SUBMITTED, RETURNED, COMPLETE, SUSPENDED):
        given(*history).when(Withdraw()).then(events.Withdrawn())
    given(*APPROVED).when(Withdraw()).refused(StatusForbids)


def test_an_application_lapses_when_nothing_is_supplied_or_fetched() -> None:
    given(*RETURNED).when(Lapse()).then(events.Lapsed())
    given(*READY).when(Lapse()).then(events.Lapsed())
    given(*COMPLETE).when(Lapse()).refused(StatusForbids)


def test_an_office_cancels_until_it_has_issued() -> None:
    given(*SUBMITTED).when(CANCEL).then(events.Cancelled(reason=CancellationReason.DUPLICATE))
    given(*APPROVED).when(CANCEL).then(events.Cancelled(reason=CancellationReason.DUPLICATE))
    given(*ISSUED).when(CANCEL).refused(StatusForbids)


@pytest.mark.parametrize("history", [HANDED_OVER, WITHDRAWN, LAPSED])
@pytest.mark.parametrize("command", [Approve(), REJECT, CANCEL, Withdraw(), Resume(), PAYMENT, HandOver()])
def test_an_end_is_for_ever(history: tuple[ApplicationEvent, ...], command: Command) -> None:
    assert given(*history).application.ended
    given(*history).when(command).refused(ApplicationEnded)


def test_a_pin_is_reset_at_any_time_also_after_an_end() -> None:
    for history in (SUBMITTED, RETURNED, HANDED_OVER):
        given(*history).when(ResetPin()).then(events.PinReset())


def test_a_pin_is_reset_255_times_which_is_all_there_are() -> None:
    given(*SUBMITTED, *[events.PinReset()] * (PIN_RESETS_MAX - 1)).when(ResetPin()).then(events.PinReset())
    given(*SUBMITTED, *[events.PinReset()] * PIN_RESETS_MAX).when(ResetPin()).refused(PinResetsExhausted)
