"""Pauses of the legal clock: their names and grounds, and how the end of the last open pause moves the promise.

Pauses may overlap (a payment during a suspension). The clock stands still while at least one pause is open.
"""

from datetime import datetime

from domain.application.evolve import RETURN, SUSPENSION, Application, of_payment
from domain.promises import steps
from domain.provenance import Promise
from domain.registry.editions import Registry

__all__ = ["AWAITING_CORRECTION", "AWAITING_PAYMENT", "RETURN", "SUSPENSION", "of_payment", "promise_after"]

AWAITING_CORRECTION = "awaiting-correction"
"""The ground on which a return after completeness pauses the legal clock, if the standard lists this ground."""
AWAITING_PAYMENT = "awaiting-payment"
"""The ground on which a payment request pauses the legal clock, if the standard lists this ground."""


def promise_after(pause: str, application: Application, until: datetime, registry: Registry) -> Promise | None:
    """Return the promise as the end of this pause moves it; None if the promise does not move.

    The promise does not move while another pause is open, after a decision, if no date was promised, or if the date is
    a source's own. Raises CalendarEnds.
    """
    promise, since = application.promise, application.paused_since
    if promise is None or since is None or application.decided_at is not None:
        return None
    if set(application.pausing) != {pause} or application.office not in registry.offices:
        return None
    moved = steps.after_pause(
        promise, since, until, office=application.office, service=application.service, registry=registry
    )
    return moved if moved != promise else None
