"""Figures cut from the facts of the statistics view: one line for all applications, and one table each by service,
office, channel and month.

Days have 24 hours, and count from the submission. An application is answered once it is decided or has ended; until
then it is open. A decision is on time if it came by its deadline: the source's own deadline, or the promise.
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

    submitted = open + answered. answered = decided + withdrawn + lapsed + cancelled + concluded. decided = granted +
    deemed_approved + rejected = on_time + late + without_deadline = on_time_recorded + late_recorded +
    without_deadline. `on_time` judges the time of the decision, `on_time_recorded` the time at which the decision was
    recorded. A grant by silence is late. `overdue`: open past the deadline. `handed_over`: with a hand-over that
    stands. `returned`, `deviating`, `paused`, `restarted`, `returned_last_minute`, `obstructed`: applications with at
    least one such event. None where a figure cannot be given, or must not be shown.

    `days`: from the submission to the decision. `handed_over_days`: from the submission to the hand-over. `own_days`:
    from the submission to the decision, without the time in which the office waited for the applicant, for a payment or
    for another agency.

    In the table of offices each figure counts at its own office: `submitted` where the application was submitted,
    `open` where the file lies, `answered`, `decided`, `on_time` and the outcomes where it was decided, `late` and
    `overdue` where the file lay when the deadline passed, `handed_over` where it was handed over, and each event where
    it first happened. So on a line of an office, `submitted` and `decided` need not be the sum of their parts.

    The fields are the only list of the figures. The columns of statistics.sql have their names and their order.
    """

    submitted: Count
    open: Count
    overdue: Count
    answered: Count
    decided: Count
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
    handed_over: Count
    paused: Count
    restarted: Count
    returned_last_minute: Count
    obstructed: Count
    on_time_percent: float | None = None
    on_time_recorded_percent: float | None = None
    without_deadline_percent: float | None = None
    open_age_days_median: float | None = None
    days_median: float | None = None
    days_p90: float | None = None
    handed_over_days_median: float | None = None
    handed_over_days_p90: float | None = None
    own_days_median: float | None = None
    own_days_p90: float | None = None


FIGURES = tuple(field.name for field in fields(Figures))
"""The names of all figures, in their order."""
COUNTS = tuple(field.name for field in fields(Figures) if field.type is Count)
"""The figures that count applications; the others are shares and days."""
DAYS = tuple(name for name in FIGURES if "days" in name)
"""The figures that are days: medians and ninth deciles."""
NOTHING = Figures(**dict.fromkeys(COUNTS, 0))
"""The figures of no application."""
DECISIONS = ("granted", "deemed_approved", "rejected")
"""The counts of the outcomes that are decisions. They add up to `decided`."""
ENDED_OTHERWISE = ("withdrawn", "lapsed", "cancelled", "concluded")
OUTCOMES = (*DECISIONS, *ENDED_OTHERWISE)
"""The counts of the seven outcomes. They add up to `answered`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """`as_of`: UTC. `tables` maps each of TABLES to its lines by key: a code, or a month of the office as 2026-03."""

    as_of: datetime
    total: Figures
    tables: Mapping[str, Mapping[str, Figures]]
