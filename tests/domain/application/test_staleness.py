"""Tests of staleness: a version is stale only if an event that matters to the command came after it."""

import pytest

from domain.application.commands import Approve, Command, Reassign, ResetPin
from domain.application.decide import is_stale
from domain.application.events import ApplicationEvent, PinReset, Reassigned, Referred
from domain.application.incident_events import ComplaintReferred
from domain.application.promise_events import PromiseMoved
from domain.codes import ComplaintKind
from domain.refusals import StaleVersion
from tests.builders import COLLEAGUE, COMPLETE, MAKASSAR, OFFICER, PROMISE
from tests.spec import given

REASSIGNED, ASKED = Reassigned(officer=COLLEAGUE), Referred(referral=1, to=MAKASSAR)
COMPLAINT = ComplaintReferred(complaint=1, kind=ComplaintKind.COMPLAINT, verify_by=PROMISE, answer_by=PROMISE)
ASIDE: tuple[ApplicationEvent, ...] = (PromiseMoved(promise=PROMISE), COMPLAINT)
REASSIGN = Reassign(officer=OFFICER)


QUIET: list[tuple[Command, list[ApplicationEvent]]] = [
    (Approve(), []),
    (Approve(), [REASSIGNED, PinReset()]),
    (REASSIGN, [PinReset()]),
    (ResetPin(), [REASSIGNED]),
    (Approve(), [*ASIDE]),
    (REASSIGN, [*ASIDE]),
    (ResetPin(), [*ASIDE]),
]
LOUD: list[tuple[Command, list[ApplicationEvent]]] = [
    (Approve(), [PinReset(), ASKED]),
    (REASSIGN, [REASSIGNED]),
    (REASSIGN, [ASKED]),
    (ResetPin(), [PinReset()]),
    (ResetPin(), [ASKED]),
]


@pytest.mark.parametrize(("command", "since"), QUIET)
def test_what_changes_nothing_for_a_command_makes_no_version_stale(
    command: Command, since: list[ApplicationEvent]
) -> None:
    assert not is_stale(command, len(COMPLETE), given(*COMPLETE, *since).application)


@pytest.mark.parametrize(("command", "since"), LOUD)
def test_a_version_is_stale_when_something_relevant_came_since(command: Command, since: list[ApplicationEvent]) -> None:
    application = given(*COMPLETE, *since).application
    assert is_stale(command, len(COMPLETE), application)
    assert is_stale(command, 0, application)
    assert not is_stale(command, application.version, application)


def test_a_stale_version_says_what_was_seen_and_what_there_is_now() -> None:
    stale = StaleVersion(3, 5)
    assert (stale.seen, stale.now) == (3, 5)
    assert str(stale) == "You saw version 3, but the application changed and is now at version 5. Read it again."


def test_a_version_that_never_was_is_stale() -> None:
    assert is_stale(Approve(), len(COMPLETE) + 1, given(*COMPLETE).application)
