"""What an event means for the clocks: plain facts, each with its own time. Whatever adds them up is in `clocks`."""

from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from domain.application.events import (
    ApplicationEvent,
    CorrectionSupplied,
    DeadlineExtended,
    DeclaredComplete,
    MadeReady,
    PromiseMoved,
    RecordAmended,
    Recorded,
    ReferralAnswered,
    Referred,
    Reopened,
    Resumed,
    ReturnedForCorrection,
    StageCompleted,
    StageEntered,
    Submitted,
    Suspended,
    Transferred,
)
from domain.application.incident_events import PaymentExpired, PaymentReceived, PaymentRequested
from domain.application.pauses import AWAITING_CORRECTION, AWAITING_PAYMENT, RETURN, SUSPENSION, of_payment
from domain.application.status import ENDS, MOVES, OUTCOMES
from domain.codes import Amendment, Holder
from domain.provenance import Promise


class Clock(StrEnum):
    LEGAL = "legal"
    CITIZEN = "citizen"


class Party(StrEnum):
    """In whose hands a file is: the four of an office, and those for whom it waits."""

    APPLICANT = "applicant"
    EXTERNAL = "external"
    OTHER_AGENCY = "other_agency"
    SIGNATORY = "signatory"
    TECHNICAL_TEAM = "technical_team"
    FRONT_OFFICE = "front_office"
    BACK_OFFICE = "back_office"


class MarkKind(StrEnum):
    """Of a mark. TAKEN and RELEASED: a party has the file, under a name; VOID: an entry in error is taken back."""

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
    """`at` in UTC; `cause` is the event's name in its topic; `name` ties a pause to its end, a taking to its release.

    `office` acted, is asked or takes the file over. `amends` and `corrected_at` are those of an amendment, `due_at`
    that of a promise, `percent` the end of it in which a return is a last-minute one.
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
"""The product lies ready: it is in the hands of the front office until somebody takes it."""
OF_A_STAGE = "stage:"
OF_A_REFERRAL = "referral:"
DECIDES = frozenset(kind for kind, status in MOVES.items() if status in OUTCOMES)
"""Events that may be the outcome: the first of them stops the legal clock. What a source issues was decided then."""
FINISHES = frozenset(kind for kind, status in MOVES.items() if status in ENDS)
"""Events that stop the citizen clock: the hand-over, and every end without a product."""


def cause_of(recorded: Recorded) -> str:
    return _cause(recorded.event.topic)


@cache
def _cause(topic: str) -> str:
    return topic.removeprefix("application.").rpartition(".")[0]


def marks_of(recorded: Recorded) -> tuple[Mark, ...]:
    """Pure, of this event alone; () where no clock cares."""
    event, act = recorded.event, recorded.act
    said = Mark(kind=MarkKind.START, at=act.at, version=recorded.version, cause=cause_of(recorded), office=act.office)
    match event:
        case Submitted():
            started = said._replace(kind=MarkKind.START, clock=Clock.CITIZEN)
            return (started, said._replace(kind=MarkKind.OFFICE, office=act.office), *_promised(said, event.promise))
        case DeclaredComplete():
            started = said._replace(kind=MarkKind.START, clock=Clock.LEGAL, percent=event.last_minute_percent)
            return (started, *_promised(said, event.promise))
        case ReturnedForCorrection():
            taken = said._replace(kind=MarkKind.TAKEN, name=RETURN, holder=Party.APPLICANT, office="")
            return (taken, *_paused(said, RETURN, AWAITING_CORRECTION, pauses=event.pauses))
        case CorrectionSupplied():
            return (
                said._replace(kind=MarkKind.RELEASED, name=RETURN),
                _resumed(said, RETURN),
                *_promised(said, event.promise),
            )
        case Suspended():
            return _paused(said, SUSPENSION, event.ground, pauses=event.pauses)
        case Resumed():
            return (_resumed(said, SUSPENSION), *_promised(said, event.promise))
        case PaymentRequested():
            name = of_payment(event.payment)
            taken = said._replace(kind=MarkKind.TAKEN, name=name, holder=Party.EXTERNAL, office="")
            return (taken, *_paused(said, name, AWAITING_PAYMENT, pauses=event.pauses))
        case PaymentReceived() | PaymentExpired():
            name = of_payment(event.payment)
            return (
                said._replace(kind=MarkKind.RELEASED, name=name),
                _resumed(said, name),
                *_promised(said, event.promise),
            )
        case Referred():
            name = f"{OF_A_REFERRAL}{event.referral}"
            return (said._replace(kind=MarkKind.TAKEN, name=name, holder=Party.OTHER_AGENCY, office=event.to),)
        case ReferralAnswered():
            return (said._replace(kind=MarkKind.RELEASED, name=f"{OF_A_REFERRAL}{event.referral}"),)
        case StageEntered():
            holder = Party(event.holder or Holder.BACK_OFFICE)
            return (said._replace(kind=MarkKind.TAKEN, name=OF_A_STAGE + event.stage, holder=holder),)
        case StageCompleted():
            return (said._replace(kind=MarkKind.RELEASED, name=OF_A_STAGE + event.stage),)
        case Transferred():
            return (said._replace(kind=MarkKind.OFFICE, office=event.to),)
        case DeadlineExtended() | PromiseMoved():
            return _promised(said, event.promise)
        case Reopened():
            names = (AT_THE_COUNTER, *(OF_A_STAGE + stage for stage in event.redo))
            released = (said._replace(kind=MarkKind.RELEASED, name=name) for name in names)
            return (said._replace(kind=MarkKind.RESTART, clock=Clock.CITIZEN), *released)
        case RecordAmended(amendment=Amendment.ENTERED_IN_ERROR):
            return (said._replace(kind=MarkKind.VOID, amends=event.amends),)
        case RecordAmended(corrected_at=datetime()):
            return (said._replace(kind=MarkKind.MOVED, amends=event.amends, corrected_at=event.corrected_at),)
        case MadeReady():
            lies = said._replace(kind=MarkKind.TAKEN, name=AT_THE_COUNTER, holder=Party.FRONT_OFFICE)
            return (*_stopped(said, event), lies)
        case _:
            return _stopped(said, event)


def _promised(said: Mark, promise: Promise | None) -> tuple[Mark, ...]:
    return (said._replace(kind=MarkKind.PROMISE, due_at=promise.due_at),) if promise else ()


def _paused(said: Mark, name: str, ground: str, *, pauses: bool) -> tuple[Mark, ...]:
    return (said._replace(kind=MarkKind.PAUSE, clock=Clock.LEGAL, name=name, ground=ground),) if pauses else ()


def _resumed(said: Mark, name: str) -> Mark:
    return said._replace(kind=MarkKind.RESUME, clock=Clock.LEGAL, name=name)


def _stopped(said: Mark, event: ApplicationEvent) -> tuple[Mark, ...]:
    clocks = ((Clock.LEGAL, DECIDES), (Clock.CITIZEN, FINISHES))
    return tuple(said._replace(kind=MarkKind.STOP, clock=clock) for clock, kinds in clocks if type(event) in kinds)
