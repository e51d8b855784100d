"""Figures: counts, shares and medians, computed from the rows of the statistics view.

There is one line for all applications. There are also five tables, which have a line for each service, office, mall,
channel or month.

Days are counted from the submission, in units of 24 hours. An application is answered once it is decided or has ended.
Before the answer, the application is open. A decision is on time if the decision was made by the deadline. The deadline
is the promise, or the date that an import's source states.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

FEW: Literal["<10"] = "<10"
Count = int | Literal["<10"]
"""A count.

For the public, a count of ten or more is rounded down to tens, and a smaller count (also zero) is `<10`. For the
auditor, the count is exact.
"""

TABLES = ("service", "office", "mall", "channel", "month")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of one set of applications.

    In the table of months, an application is counted in the month of its submission. In the table of malls, an
    application is counted in the mall where it was submitted. An application that was not submitted in a mall is not in
    the table of malls.

    * submitted = open + answered
    * answered = decided + withdrawn + lapsed + cancelled
    * decided = granted + deemed_approved + rejected + concluded
    * decided = on_time + late + without_deadline
    * decided = on_time_recorded + late_recorded + without_deadline

    `on_time` compares the time of the decision with the deadline. `on_time_recorded` compares the time at which the
    decision was recorded with the deadline. If an application is deemed approved, it counts as late, because nobody
    decided in time. `reported_late` counts the decisions that were stated as on time but recorded too late. A decision
    is recorded too late if the office's allowance for late reports has passed, or if the application was already deemed
    approved. These decisions are also counted in `late`. `overdue` counts the open applications whose deadline has
    passed. `handed_over` counts the applications with a hand-over, unless a reopening has taken this hand-over back.
    Six figures count the applications in which something happened at least once: `returned` (a return), `deviating` (a
    deviation from the procedure), `paused` (a pause), `restarted` (a restart), `returned_last_minute` (a last-minute
    return) and `obstructed` (an obstacle). A figure is None if it cannot be computed or must not be shown.

    `days` is the time from the submission to the decision. `handed_over_days` is the time from the submission to the
    hand-over. `own_days` is `days` without the time in which the office waited for the applicant, for a payment or for
    another agency.

    In the table of offices, the figures of one application can be counted at different offices:

    * `submitted`: the office of the submission.
    * `open`: the office that holds the file.
    * `answered`, `decided`, `on_time` and the outcomes: the office that held the file at the time of the answer.
    * `late`, `reported_late` and `overdue`: the office that held the file when the deadline passed.
    * `handed_over`: the office of the hand-over.
    * Other events: the office that held the file when the event happened for the first time.

    So on the line of an office, `submitted` and `decided` can differ from the sum of their parts.

    This class is the only list of the figures. The columns of statistics.sql have the same names and the same order as
    the fields.
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
    reported_late: Count
    on_time_percent: float | None = None
    on_time_recorded_percent: float | None = None
    without_deadline_percent: float | None = None
    reported_late_percent: float | None = None
    open_age_days_median: float | None = None
    days_median: float | None = None
    days_p90: float | None = None
    handed_over_days_median: float | None = None
    handed_over_days_p90: float | None = None
    own_days_median: float | None = None
    own_days_p90: float | None = None


FIGURES = tuple(field.name for field in fields(Figures))
"""The names of all figures, in the order of the fields."""
COUNTS = tuple(field.name for field in fields(Figures) if field.type is Count)
"""The figures that count applications. All other figures are shares and days."""
DAYS = tuple(name for name in FIGURES if "days" in name)
"""The figures that are days: medians and ninth deciles."""
NOTHING = Figures(**dict.fromkeys(COUNTS, 0))
"""The figures if there are no applications."""
DECISIONS = ("granted", "deemed_approved", "rejected", "concluded")
"""The counts of the outcomes that are decisions. They add up to `decided`. `concluded` means that the source of an
import says only that the case was answered, and not what the answer was.
"""
ENDED_OTHERWISE = ("withdrawn", "lapsed", "cancelled")
"""The counts of the outcomes that are not decisions."""
OUTCOMES = (*DECISIONS, *ENDED_OTHERWISE)
"""The counts of the seven outcomes. They add up to `answered`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """`as_of` is in UTC. `tables` maps the name of each table to the table's lines.

    A line's key is a code, or a month such as 2026-03 in the office's time zone.
    """

    as_of: datetime
    total: Figures
    tables: Mapping[str, Mapping[str, Figures]]
