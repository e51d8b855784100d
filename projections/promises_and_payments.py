"""What is due by when, as an application's row shows it: promises in their history, payments, answers to complaints.

An instant `x_at` is that of the event whose version `x_by` names; a corrected time corrects it.
"""

from collections.abc import Mapping

from domain.application.events import (
    ApplicationEvent,
    CorrectionSupplied,
    DeadlineExtended,
    DeclaredComplete,
    PromiseMoved,
    Recorded,
    Resumed,
    Submitted,
)
from domain.application.incident_events import ComplaintReferred, PaymentExpired, PaymentReceived, PaymentRequested
from domain.json_values import instant, plain
from projections.view import Row

CAUSES: Mapping[type[ApplicationEvent], str] = {
    Submitted: "source",
    DeclaredComplete: "completeness",
    CorrectionSupplied: "pause",
    Resumed: "pause",
    PaymentReceived: "pause",
    PaymentExpired: "pause",
    DeadlineExtended: "extension",
    PromiseMoved: "calendar",
}
"""Why a promise was set, or moved."""
TOLD_BY: frozenset[type[ApplicationEvent]] = frozenset({*CAUSES, PaymentRequested, ComplaintReferred})
BLANK: Row = {"promise": None, "promises": [], "payments": [], "complaints": []}


def dues(row: Row, recorded: Recorded) -> Row:
    """What of them `recorded` changes."""
    return _promised(row, recorded) | _paid(row, recorded) | _complained(row, recorded)


def _promised(row: Row, recorded: Recorded) -> Row:
    """A promise that was shown stays in the history."""
    match recorded.event:
        case (
            Submitted()
            | DeclaredComplete()
            | CorrectionSupplied()
            | Resumed()
            | PaymentReceived()
            | PaymentExpired()
            | DeadlineExtended()
            | PromiseMoved()
        ) as event if event.promise:
            told = {
                **plain(event.promise),
                "why": CAUSES[type(event)],
                "extension": event.extension if isinstance(event, DeadlineExtended) else None,
                "set_at": instant(recorded.act.at),
                "set_by": recorded.version,
            }
            return {"promise": plain(event.promise), "promises": [*row["promises"], told]}
        case _:
            return {}


def _paid(row: Row, recorded: Recorded) -> Row:
    event, at, version = recorded.event, instant(recorded.act.at), recorded.version
    match event:
        case PaymentRequested():
            asked = {
                "payment": event.payment,
                "amount_idr": event.amount_idr,
                "pauses": event.pauses,
                "office": recorded.act.office,
                "expires_at": instant(event.expires_at) if event.expires_at else None,
                "requested_at": at,
                "requested_by": version,
                "received_idr": None,
                **dict.fromkeys(("received_at", "received_by", "expired_at", "expired_by")),
            }
            return {"payments": [*row["payments"], asked]}
        case PaymentReceived():
            paid = {"received_idr": event.amount_idr, "received_at": at, "received_by": version}
            return {"payments": with_facts(row["payments"], "payment", event.payment, paid)}
        case PaymentExpired():
            over = {"expired_at": at, "expired_by": version}
            return {"payments": with_facts(row["payments"], "payment", event.payment, over)}
        case _:
            return {}


def _complained(row: Row, recorded: Recorded) -> Row:
    match recorded.event:
        case ComplaintReferred() as event:
            told = {
                "complaint": event.complaint,
                "kind": plain(event.kind),
                "verify_due_at": instant(event.verify_by.due_at),
                "answer_due_at": instant(event.answer_by.due_at),
                "referred_at": instant(recorded.act.at),
                "referred_by": recorded.version,
            }
            return {"complaints": [*row["complaints"], told]}
        case _:
            return {}


def with_facts(items: list[Row], key: str, number: int, facts: Row) -> list[Row]:
    """The items, that of the number with `facts` beside what it says. Imported history may name one that is not."""
    return [item | facts if item[key] == number else item for item in items]
