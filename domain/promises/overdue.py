"""Overdue: this module computes whether an undecided application has passed its promised date."""

from datetime import datetime


def overdue(due_at: datetime | None, now: datetime, paused_since: datetime | None) -> bool:
    """Tell whether the promised instant of an undecided application has passed at `now`. All instants are aware.

    A file in a pause of the legal clock is overdue only if the file was overdue when the pause began. `paused_since` is
    the instant at which the clock stopped, or None while the clock runs. An application without a promised instant is
    never overdue. A decision at exactly the promised instant is in time.

    `projections/statistics.sql` states the same rule for the public figures.
    """
    if due_at is None:
        return False
    return due_at < (now if paused_since is None else min(paused_since, now))
