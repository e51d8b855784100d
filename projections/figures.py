"""Figures cut from the facts of the statistics view: one line for all applications, and one table each by service,
office, channel and month.

Days have 24 hours, and count from submission to the answer. An application is answered once it is decided or has ended;
until then it is open. It is on time if the answer came by its deadline: the source's own deadline, or the promise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

FEW: Literal["<10"] = "<10"
Count = int | Literal["<10"]
"""For the public: floored to tens; `<10` below ten, and for zero. For the auditor: exact."""

TABLES = ("service", "office", "channel", "month")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of one set of applications. In the table of months, an application is in its month of submission.

    submitted = open + answered. answered = on_time + late + without_deadline = on_time_recorded + late_recorded +
    without_deadline = the sum of the seven outcomes. `on_time` judges the time of the answer, `on_time_recorded` the
    time at which the answer was recorded. An answer granted by silence is late.
    `reported_late`: a decision with a time before the deadline was recorded after the office's allowance for late
    reports, or after silence had granted; a part of `late`. `overdue`: open past the deadline.
    `returned`, `deviating`, `paused`, `restarted`, `returned_last_minute`, `obstructed`: applications with at least one
    such event. None where a figure cannot be given, or must not be shown.

    The fields are the only list of the figures. The columns of statistics.sql have their names and their order.
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
    reported_late: Count
    on_time_percent: float | None = None
    on_time_recorded_percent: float | None = None
    reported_late_percent: float | None = None
    open_age_days_median: float | None = None
    days_median: float | None = None
    days_p90: float | None = None


FIGURES = tuple(field.name for field in fields(Figures))
"""The names of all figures, in their order."""
COUNTS = tuple(field.name for field in fields(Figures) if field.type is Count)
"""The figures that count applications; the others are shares and days."""
OUTCOMES = ("granted", "deemed_approved", "rejected", "withdrawn", "lapsed", "cancelled", "concluded")
"""The counts of the seven outcomes. They add up to `answered`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """`as_of`: UTC. `tables` maps each of TABLES to its lines by key: a code, or a month of the office as 2026-03."""

    as_of: datetime
    total: Figures
    tables: Mapping[str, Mapping[str, Figures]]
