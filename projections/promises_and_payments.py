"""Due dates in an application's row. The row lists all promises, all payments and all complaints, each with its due
dates.

An entry has two fields for an event, for example `expired_at` and `expired_by`. A field `x_at` is the time of the
event. The field `x_by` is the stream version of the same event. An amendment of the event's time also corrects `x_at`.
"""

from typing import TypedDict

from domain.application import events, incident_events, promise_events
from domain.json_values import instant
from projections.promises import CAUSES, PlainPromise, plain_promise, promise_set_by


class PromiseEntry(PlainPromise):
    """A promise of the application: the present promise or an earlier one.

    `why` says what set the promise: source, completeness, pause, extension, calendar or transfer.
    """

    why: str
    extension: str | None
    set_at: str
    set_by: int


class ReceiptEntry(TypedDict):
    amount_idr: int
    received_at: str
    received_by: int


class PaymentEntry(TypedDict):
    """A request for a payment. Amounts are in whole rupiah.

    `received_idr` is the sum of `receipts`, or None if there are no receipts. `received_at` is the time at which the
    request was paid in full. `open_idr` is the amount left to pay. `excess_idr` is the received amount beyond the
    requested amount. `refund_idr` is the amount received after the application ended. `flags` is the result of
    `flags_of`.
    """

    payment: int
    amount_idr: int
    tariff_idr: int | None
    pauses: bool
    office: str
    expires_at: str | None
    requested_at: str
    requested_by: int
    received_idr: int | None
    received_at: str | None
    received_by: int | None
    expired_at: str | None
    expired_by: int | None
    receipts: list[ReceiptEntry]
    open_idr: int
    excess_idr: int
    refund_idr: int
    flags: list[str]


ABOVE_TARIFF, BELOW_TARIFF, PARTIAL, EXCESS, REFUND = "above_tariff", "below_tariff", "partial", "excess", "refund"


class ComplaintEntry(TypedDict):
    complaint: int
    kind: str
    verify_due_at: str
    answer_due_at: str
    referred_at: str
    referred_by: int


class Dues(TypedDict):
    """The due dates of a row."""

    promise: PlainPromise | None
    promises: list[PromiseEntry]
    payments: list[PaymentEntry]
    complaints: list[ComplaintEntry]


TOLD_BY: frozenset[type[events.ApplicationEvent]] = frozenset(
    {*CAUSES, incident_events.PaymentRequested, incident_events.ComplaintReferred}
)
"""The events that may change a due date."""


def blank() -> Dues:
    return {"promise": None, "promises": [], "payments": [], "complaints": []}


def note_dues(row: Dues, recorded: events.Recorded) -> None:
    """Set the due dates that the event changes.

    An older row may share a list with this row, so a list is replaced and never changed in place.
    """
    _note_promise(row, recorded)
    event, at, version = recorded.event, instant(recorded.act.at), recorded.version
    match event:
        case incident_events.PaymentRequested():
            row["payments"] = [*row["payments"], _payment(event, at, version, recorded.act.office)]
        case incident_events.PaymentReceived():
            row["payments"] = [_received(each, event, at, version) for each in row["payments"]]
        case incident_events.PaymentExpired():
            row["payments"] = [_expired(each, event, at, version) for each in row["payments"]]
        case incident_events.ComplaintReferred():
            row["complaints"] = [*row["complaints"], _complaint(event, at, version)]


def _note_promise(row: Dues, recorded: events.Recorded) -> None:
    """Add the promise that the event sets. Earlier promises stay in the row's history."""
    event = recorded.event
    promise = promise_set_by(event)
    if promise is None:
        return
    entry: PromiseEntry = {
        **plain_promise(promise),
        "why": CAUSES[type(event)],
        "extension": event.extension if isinstance(event, promise_events.DeadlineExtended) else None,
        "set_at": instant(recorded.act.at),
        "set_by": recorded.version,
    }
    row["promise"] = plain_promise(promise)
    row["promises"] = [*row["promises"], entry]


def _payment(event: incident_events.PaymentRequested, at: str, version: int, office: str) -> PaymentEntry:
    return {
        "payment": event.payment,
        "amount_idr": event.amount_idr,
        "tariff_idr": event.tariff_idr,
        "pauses": event.pauses,
        "office": office,
        "expires_at": instant(event.expires_at) if event.expires_at else None,
        "requested_at": at,
        "requested_by": version,
        "received_idr": None,
        "received_at": None,
        "received_by": None,
        "expired_at": None,
        "expired_by": None,
        "receipts": [],
        "open_idr": event.amount_idr,
        "excess_idr": 0,
        "refund_idr": 0,
        "flags": [],
    }


def _received(entry: PaymentEntry, event: incident_events.PaymentReceived, at: str, version: int) -> PaymentEntry:
    if entry["payment"] != event.payment:
        return entry
    receipt: ReceiptEntry = {"amount_idr": event.amount_idr, "received_at": at, "received_by": version}
    receipts = [*entry["receipts"], receipt]
    paid: PaymentEntry = {**entry, "receipts": receipts, "received_idr": sum(each["amount_idr"] for each in receipts)}
    return {**paid, "received_at": at, "received_by": version} if event.open_idr is None else paid


def settled(payments: list[PaymentEntry], ended: tuple[str, int] | None) -> list[PaymentEntry]:
    """Return the payments with the amounts that depend on the end of the application.

    `ended` holds the time and the stream version of the application's end. If a payment arrives after the end, the
    office must refund the payment. A reopened application has no end, so the applicant can pay its open requests again.
    """
    return [_settled(entry, ended) for entry in payments]


def _settled(entry: PaymentEntry, ended: tuple[str, int] | None) -> PaymentEntry:
    received, asked = entry["received_idr"] or 0, entry["amount_idr"]
    closed = ended or entry["received_at"] or entry["expired_at"]
    after = (r for r in entry["receipts"] if ended and (r["received_at"], r["received_by"]) > ended)
    refund = sum(receipt["amount_idr"] for receipt in after)
    left = 0 if closed else max(asked - received, 0)
    amounts: PaymentEntry = {**entry, "open_idr": left, "excess_idr": max(received - asked, 0), "refund_idr": refund}
    return {**amounts, "flags": flags_of(amounts)}


def flags_of(entry: PaymentEntry) -> list[str]:
    """Return a flag for everything that is unusual about the amounts of a payment.

    The requested amount is compared with the tariff. The received amount is compared with the requested amount.
    """
    asked, tariff, received = entry["amount_idr"], entry["tariff_idr"], entry["received_idr"] or 0
    said = {
        ABOVE_TARIFF: tariff is not None and asked > tariff,
        BELOW_TARIFF: tariff is not None and asked < tariff,
        PARTIAL: 0 < received < asked,
        EXCESS: received > asked,
        REFUND: entry["refund_idr"] > 0,
    }
    return [flag for flag, is_so in said.items() if is_so]


def _expired(entry: PaymentEntry, event: incident_events.PaymentExpired, at: str, version: int) -> PaymentEntry:
    return {**entry, "expired_at": at, "expired_by": version} if entry["payment"] == event.payment else entry


def _complaint(event: incident_events.ComplaintReferred, at: str, version: int) -> ComplaintEntry:
    return {
        "complaint": event.complaint,
        "kind": event.kind.value,
        "verify_due_at": instant(event.verify_by.due_at),
        "answer_due_at": instant(event.answer_by.due_at),
        "referred_at": at,
        "referred_by": version,
    }
