"""Overdue: whether an undecided application has passed its promised date."""

from datetime import datetime


def overdue(due_at: datetime | None, now: datetime, paused_since: datetime | None) -> bool:
    """Whether the promised instant of an undecided application has passed at `now`. All instants are aware.

    While the legal clock is paused, the promised date does not come nearer: a paused file is overdue only if it was
    overdue when the pause began. `paused_since`: when the clock began to stand still; None while it runs. Without a
    promised instant, nothing is overdue. A decision at exactly the promised instant is in time.

    `projections/statistics.sql` states the same rule for the public figures.
    """
    if due_at is None:
        return False
    return due_at < (now if paused_since is None else min(paused_since, now))
