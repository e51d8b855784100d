"""This module computes how each event changes the status of an application. `status_after` accepts every history."""

from collections.abc import Mapping
from enum import StrEnum

from domain.application import events, import_events
from domain.application.events import ApplicationEvent


class Status(StrEnum):
    """The status of an application, named from the citizen's point of view.

    `ENDS` holds the statuses of an ended application.
    """

    SUBMITTED = "submitted"
    RECEIVED = "received"
    RETURNED = "returned"
    PROCESSING = "processing"
    SUSPENDED = "suspended"
    APPROVED = "approved"
    DEEMED_APPROVED = "deemed_approved"
    ISSUED = "issued"
    READY = "ready"
    HANDED_OVER = "handed_over"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    REVOKED = "revoked"
    CONCLUDED = "concluded"
    IMPORT_UNDONE = "import_undone"


ENDS = frozenset(
    {
        Status.HANDED_OVER,
        Status.REJECTED,
        Status.WITHDRAWN,
        Status.LAPSED,
        Status.CANCELLED,
        Status.REVOKED,
        Status.CONCLUDED,
        Status.IMPORT_UNDONE,
    }
)

OUTCOMES = ENDS | {Status.APPROVED, Status.DEEMED_APPROVED, Status.ISSUED, Status.READY}
"""The statuses of a decided application. A return or a suspension does not change such a status."""

EARLY = (None, Status.SUBMITTED)
INTAKE = (*EARLY, Status.RECEIVED)
HOLDS = (Status.RETURNED, Status.SUSPENDED)


MOVES: Mapping[type[ApplicationEvent], Status] = {
    events.Submitted: Status.SUBMITTED,
    events.Approved: Status.APPROVED,
    events.DeemedApproved: Status.DEEMED_APPROVED,
    events.Rejected: Status.REJECTED,
    events.Issued: Status.ISSUED,
    events.MadeReady: Status.READY,
    events.HandedOver: Status.HANDED_OVER,
    events.Withdrawn: Status.WITHDRAWN,
    events.Lapsed: Status.LAPSED,
    events.Cancelled: Status.CANCELLED,
    events.Revoked: Status.REVOKED,
    events.Concluded: Status.CONCLUDED,
    import_events.ImportUndone: Status.IMPORT_UNDONE,
}


MOVING = frozenset(MOVES) | {
    events.Received,
    events.ReturnedForCorrection,
    events.Suspended,
    events.CorrectionSupplied,
    events.Resumed,
    events.DeclaredComplete,
    events.Reopened,
}
"""Only events of these types can change the status."""


def status_after(status: Status | None, before: Status, event: ApplicationEvent) -> tuple[Status | None, Status]:
    """Return two values: the status after `event`, and the status that the application gets back after a return or a
    suspension.

    An ended application stays ended: a later event adds facts but never changes the outcome (docs/event-format.md, Two
    orders). There is one exception. After the hand-over, the citizen can dispute the product, the office can make it
    again, and the office can revoke it. A return or a suspension is possible only before a decision. Suppose that a
    second return or suspension begins during the first. When the second return or suspension ends, the application gets
    back the status that it had before the first. In imported history, a file may be received or declared complete while
    it is returned or suspended. This changes the status that the application gets back later.
    """
    if type(event) not in MOVING:
        return status, before
    if status in ENDS and not (status is Status.HANDED_OVER and isinstance(event, events.Reopened | events.Revoked)):
        return status, before
    underlying = before if status in HOLDS or status is None else status
    match event:
        case events.Received() if status in HOLDS:
            return status, Status.RECEIVED if before in EARLY else before
        case events.Received():
            return (Status.RECEIVED, before) if status in EARLY else (status, before)
        case events.ReturnedForCorrection() | events.Suspended() if status in OUTCOMES:
            return status, before
        case events.ReturnedForCorrection():
            return Status.RETURNED, underlying
        case events.Suspended():
            return Status.SUSPENDED, underlying
        case events.CorrectionSupplied():
            return (before, before) if status is Status.RETURNED else (status, before)
        case events.Resumed():
            return (before, before) if status is Status.SUSPENDED else (status, before)
        case events.DeclaredComplete() if status in HOLDS:
            return status, Status.PROCESSING if before in INTAKE else before
        case events.DeclaredComplete():
            return (Status.PROCESSING, before) if status in INTAKE else (status, before)
        case events.Reopened():
            return (Status.APPROVED, before) if status in (Status.READY, Status.HANDED_OVER) else (status, before)
        case _:
            return MOVES.get(type(event), status), before
