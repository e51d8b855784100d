"""Figures cut from the facts of `statistics`: one line for all, and one table each by service, office, channel, month.

Days are of 24 hours, from submission to the answer. An application is answered once it is decided or has ended; until
then it is open. It is on time where the answer came by its deadline: the source's own, or the promise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

FEW: Literal["<10"] = "<10"
Count = int | Literal["<10"]
"""As the public sees it: floored to tens, `<10` below ten and for zero. As the auditor sees it: exact."""

TABLES = ("service", "office", "channel", "month")
COUNTS = (
    "submitted",
    "open",
    "overdue",
    "answered",
    "on_time",
    "late",
    "without_deadline",
    "granted",
    "rejected",
    "withdrawn",
    "lapsed",
    "cancelled",
    "concluded",
    "returned",
    "deviating",
    "on_time_recorded",
    "late_recorded",
    "deemed_approved",
    "paused",
    "restarted",
    "returned_last_minute",
    "obstructed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one set of applications, by the month of their submission where a month is named.

    submitted = open + answered; answered = on_time + late + without_deadline, the same with the two that end in
    `_recorded`, and the sum of the seven outcomes. `on_time` goes by when the answer came, `on_time_recorded` by when
    it was recorded; what silence granted came late. `overdue`: open past the deadline. `returned`, `deviating`,
    `paused`, `restarted`, `returned_last_minute`, `obstructed`: applications with at least one of those.
    None where a figure cannot be given, or may not.
    """

    submitted: Count
    open: Count
    overdue: Count
    answered: Count
    on_time: Count
    late: Count
    without_deadline: Count
    granted: Count
    rejected: Count
    withdrawn: Count
    lapsed: Count
    cancelled: Count
    concluded: Count
    returned: Count
    deviating: Count
    on_time_recorded: Count
    late_recorded: Count
    deemed_approved: Count
    paused: Count
    restarted: Count
    returned_last_minute: Count
    obstructed: Count
    on_time_percent: float | None = None
    on_time_recorded_percent: float | None = None
    open_age_days_median: float | None = None
    days_median: float | None = None
    days_p90: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """`as_of`: UTC. `tables` maps each of TABLES to its lines by key: a code, or a month of the office, as 2026-03."""

    as_of: datetime
    total: Figures
    tables: Mapping[str, Mapping[str, Figures]]
