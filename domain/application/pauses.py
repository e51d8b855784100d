"""This module computes which pauses of the legal clock are open after an event.

Pauses may overlap, for example if a payment is awaited during a suspension. The clock stands still while at least one
pause is open. Overlapping pauses count as one pause.
"""

from dataclasses import dataclass
from datetime import datetime

from domain.application import events, incident_events
from domain.provenance import Pause

RETURN, SUSPENSION = "return", "suspension"
"""The names of the pauses of a return and of a suspension. `of_payment` gives the name of a payment request's pause."""

AWAITING_CORRECTION = "awaiting-correction"
"""If the standard lists this ground, a return of a complete file pauses the legal clock."""
AWAITING_PAYMENT = "awaiting-payment"
"""If the standard lists this ground, a payment request for a complete file pauses the legal clock."""


CHANGING = frozenset(
    {
        events.ReturnedForCorrection,
        events.Suspended,
        incident_events.PaymentRequested,
        events.CorrectionSupplied,
        events.Resumed,
        incident_events.PaymentReceived,
        incident_events.PaymentExpired,
    }
)
"""Only events of these types can open or close a pause."""


def of_payment(payment: int) -> str:
    return f"payment-{payment}"


@dataclass(frozen=True, slots=True)
class OpenPauses:
    """The open pauses: `names` holds the names of the open pauses, and `since` is the instant, in UTC, at which the
    clock stopped.

    `since` is None while the clock runs.
    """

    names: frozenset[str] = frozenset()
    since: datetime | None = None


def pauses_after(known: OpenPauses, event: events.ApplicationEvent, at: datetime) -> tuple[OpenPauses, Pause | None]:
    """Return two values: the pauses that are open after an event at `at`, and the pause that this event closed.

    The second value is None if the event does not start the clock again. The function accepts every event. Imported
    history may close a pause that never began. An event that closes such a pause changes nothing.
    """
    match event:
        case events.ReturnedForCorrection(pauses=True):
            return _opened(known, RETURN, at), None
        case events.Suspended(pauses=True):
            return _opened(known, SUSPENSION, at), None
        case incident_events.PaymentRequested(pauses=True):
            return _opened(known, of_payment(event.payment), at), None
        case events.CorrectionSupplied():
            return _closed(known, RETURN, at)
        case events.Resumed():
            return _closed(known, SUSPENSION, at)
        case incident_events.PaymentReceived(open_idr=None) | incident_events.PaymentExpired():
            return _closed(known, of_payment(event.payment), at)
        case _:
            return known, None


def _opened(known: OpenPauses, name: str, at: datetime) -> OpenPauses:
    """A pause that is recorded late may have begun earlier than the pauses that are already open."""
    return OpenPauses(known.names | {name}, min(known.since or at, at))


def _closed(known: OpenPauses, name: str, at: datetime) -> tuple[OpenPauses, Pause | None]:
    """The clock runs again when the last open pause ends."""
    names = known.names - {name}
    if names or known.since is None:
        return OpenPauses(names, known.since), None
    return OpenPauses(), Pause(since=known.since, until=at)
