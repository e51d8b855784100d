"""Marks: a mark is a fact with a time. The mark states the effect of an event on the clocks.

The module `ledger` makes a ledger from the marks.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from functools import cache, partial
from typing import NamedTuple

from domain.application import events, imported_events, incident_events, promise_events
from domain.application.events import ApplicationEvent, Recorded
from domain.application.pauses import AWAITING_CORRECTION, AWAITING_PAYMENT, RETURN, SUSPENSION, of_payment
from domain.application.status import ENDS, MOVES, OUTCOMES
from domain.codes import Amendment, Holder
from domain.provenance import Promise


class Clock(StrEnum):
    LEGAL = "legal"
    CITIZEN = "citizen"


class Party(StrEnum):
    """A holder of a file: one of the four parts of an office, or a party for whom the office waits."""

    APPLICANT = "applicant"
    EXTERNAL = "external"
    OTHER_AGENCY = "other_agency"
    SIGNATORY = "signatory"
    TECHNICAL_TEAM = "technical_team"
    FRONT_OFFICE = "front_office"
    BACK_OFFICE = "back_office"


class MarkKind(StrEnum):
    """The kind of a mark.

    START, PAUSE, RESUME, STOP and RESTART concern one clock. TAKEN means that a party gets the file. RELEASED means
    that this party no longer has the file. OFFICE means that another office gets the file. PROMISE means that a due
    date is promised. MOVED means that an amendment corrects the time of an event. VOID means that an amendment takes
    back an event that was entered in error.
    """

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    RESTART = "restart"
    TAKEN = "taken"
    RELEASED = "released"
    OFFICE = "office"
    PROMISE = "promise"
    MOVED = "moved"
    VOID = "void"


class Mark(NamedTuple):
    """One fact about the clocks. The fact comes from one event.

    `at` is in UTC. `cause` is the name of the event, as in the event's topic. `name` connects a pause with its end, and
    a TAKEN mark with its RELEASED mark. `office` is the office that acted, the office that is asked for advice, or the
    office that gets the file. `amends` and `corrected_at` come from an amendment. `due_at` comes from a promise.
    `percent` is the length of the last part of the promised time, in percent. If the office returns the file in this
    part, the return is a last-minute return.
    """

    kind: MarkKind
    at: datetime
    version: int
    cause: str
    office: str = ""
    clock: Clock | None = None
    name: str = ""
    ground: str = ""
    holder: Party | None = None
    due_at: datetime | None = None
    percent: int | None = None
    amends: int | None = None
    corrected_at: datetime | None = None


AT_THE_COUNTER = "counter"
"""The name of the TAKEN mark while a product is ready for collection at the front office."""
OF_A_STAGE = "stage:"
OF_A_REFERRAL = "referral:"
DECIDES = frozenset(kind for kind, status in MOVES.items() if status in OUTCOMES)
"""These events can be the outcome. The first of these events stops the legal clock.

The issue of a product is one of these events, because a source may record the issue without a decision. In this case
the decision was made at the issue or earlier.
"""
FINISHES = frozenset(kind for kind, status in MOVES.items() if status in ENDS)
"""These events stop the citizen clock: the hand-over, and every end without a product."""


MarkOf = Callable[..., Mark]
"""Makes a mark of one event. The arguments are `kind` and the fields that differ from mark to mark."""


def cause_of(recorded: Recorded) -> str:
    return _cause(recorded.event.topic)


@cache
def _cause(topic: str) -> str:
    return topic.removeprefix("application.").rpartition(".")[0]


def marks_of(recorded: Recorded) -> tuple[Mark, ...]:
    """Return the marks of this event. The result is () if the event has no effect on the clocks."""
    event, act = recorded.event, recorded.act
    mark = partial(Mark, at=act.at, version=recorded.version, cause=cause_of(recorded), office=act.office)
    match event:
        case events.Submitted():
            started = mark(kind=MarkKind.START, clock=Clock.CITIZEN)
            return (started, mark(kind=MarkKind.OFFICE, office=act.office), *_promised(mark, event.promise))
        case events.DeclaredComplete():
            started = mark(kind=MarkKind.START, clock=Clock.LEGAL, percent=event.last_minute_percent)
            return (started, *_promised(mark, event.promise))
        case events.ReturnedForCorrection():
            taken = mark(kind=MarkKind.TAKEN, name=RETURN, holder=Party.APPLICANT, office="")
            return (taken, *_paused(mark, RETURN, AWAITING_CORRECTION, pauses=event.pauses))
        case events.CorrectionSupplied():
            return (
                mark(kind=MarkKind.RELEASED, name=RETURN),
                _resumed(mark, RETURN),
                *_promised(mark, event.promise),
            )
        case events.Suspended():
            return _paused(mark, SUSPENSION, event.ground, pauses=event.pauses)
        case events.Resumed():
            return (_resumed(mark, SUSPENSION), *_promised(mark, event.promise))
        case incident_events.PaymentRequested():
            name = of_payment(event.payment)
            taken = mark(kind=MarkKind.TAKEN, name=name, holder=Party.EXTERNAL, office="")
            return (taken, *_paused(mark, name, AWAITING_PAYMENT, pauses=event.pauses))
        case incident_events.PaymentReceived(open_idr=int()):
            return ()
        case incident_events.PaymentReceived() | incident_events.PaymentExpired():
            name = of_payment(event.payment)
            return (
                mark(kind=MarkKind.RELEASED, name=name),
                _resumed(mark, name),
                *_promised(mark, event.promise),
            )
        case events.Referred():
            name = f"{OF_A_REFERRAL}{event.referral}"
            return (mark(kind=MarkKind.TAKEN, name=name, holder=Party.OTHER_AGENCY, office=event.to),)
        case events.ReferralAnswered():
            return (mark(kind=MarkKind.RELEASED, name=f"{OF_A_REFERRAL}{event.referral}"),)
        case events.StageEntered():
            holder = Party(event.holder or Holder.BACK_OFFICE)
            return (mark(kind=MarkKind.TAKEN, name=OF_A_STAGE + event.stage, holder=holder),)
        case events.StageCompleted() | imported_events.StageEnded():
            return (mark(kind=MarkKind.RELEASED, name=OF_A_STAGE + event.stage),)
        case events.Transferred():
            return (mark(kind=MarkKind.OFFICE, office=event.to), *_promised(mark, event.promise))
        case promise_events.DeadlineExtended() | promise_events.PromiseMoved():
            return _promised(mark, event.promise)
        case events.Reopened():
            names = (AT_THE_COUNTER, *(OF_A_STAGE + stage for stage in event.redo))
            released = (mark(kind=MarkKind.RELEASED, name=name) for name in names)
            return (mark(kind=MarkKind.RESTART, clock=Clock.CITIZEN), *released)
        case events.RecordAmended(amendment=Amendment.ENTERED_IN_ERROR):
            return (mark(kind=MarkKind.VOID, amends=event.amends),)
        case events.RecordAmended(corrected_at=datetime()):
            return (mark(kind=MarkKind.MOVED, amends=event.amends, corrected_at=event.corrected_at),)
        case events.MadeReady():
            lies = mark(kind=MarkKind.TAKEN, name=AT_THE_COUNTER, holder=Party.FRONT_OFFICE)
            return (*_stopped(mark, event), lies)
        case _:
            return _stopped(mark, event)


def _promised(mark: MarkOf, promise: Promise | None) -> tuple[Mark, ...]:
    return (mark(kind=MarkKind.PROMISE, due_at=promise.due_at),) if promise else ()


def _paused(mark: MarkOf, name: str, ground: str, *, pauses: bool) -> tuple[Mark, ...]:
    return (mark(kind=MarkKind.PAUSE, clock=Clock.LEGAL, name=name, ground=ground),) if pauses else ()


def _resumed(mark: MarkOf, name: str) -> Mark:
    return mark(kind=MarkKind.RESUME, clock=Clock.LEGAL, name=name)


def _stopped(mark: MarkOf, event: ApplicationEvent) -> tuple[Mark, ...]:
    clocks = ((Clock.LEGAL, DECIDES), (Clock.CITIZEN, FINISHES))
    return tuple(mark(kind=MarkKind.STOP, clock=clock) for clock, kinds in clocks if type(event) in kinds)
