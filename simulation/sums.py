"""The expected statistics of a plan: exact counts, shares and quantiles, from the planned facts only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

OUTCOMES = ("granted", "rejected", "withdrawn", "lapsed", "cancelled", "concluded", "deemed_approved")
SILENCE = "deemed_approved"
MARKED = ("obstructed", "paused", "restarted", "returned_last_minute")
"""Marks of an application: each says that something happened to it at least once."""
TABLES = ("service", "office", "mall", "channel", "month")
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeantFact:
    """The expected facts of one application at the end of a plan. Instants are UTC.

    `office` is the office that holds the application. `month` is the month of submission in this office's time zone, as
    YYYY-MM. An application is answered when it is decided or has ended. `outcome` is None while the application is
    open. `answer_known_at` is the time at which the answer arrived in the log. `marks` holds the marks of MARKED that
    apply. `mall` is the mall where the application was submitted, and "" if the application was not submitted in a
    mall. `reported_late` says that a decision with a time before the due date arrived after the office's allowance for
    late reports, or after silence had granted.
    """

    ordinal: int
    service: str
    office: str
    channel: str
    month: str
    submitted_at: datetime
    complete_at: datetime | None
    due_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    status: str
    outcome: str | None
    returns: int
    answer_known_at: datetime | None = None
    marks: frozenset[str] = frozenset()
    mall: str = ""
    reported_late: bool = False

    @property
    def judged(self) -> str:
        """Say whether the answer was on_time, late or without_deadline. The result is "" if there is no answer.

        A decision that was reported late is late.
        """
        judged = self._judged(self.answered_at)
        return "late" if self.reported_late and judged == "on_time" else judged

    @property
    def judged_by_record(self) -> str:
        """Say whether the answer arrived in the log in time. The values are those of `judged`."""
        return self._judged(self.answer_known_at)

    def _judged(self, at: datetime | None) -> str:
        """A grant by silence is never on time."""
        if at is None:
            return ""
        if self.due_at is None:
            return "without_deadline"
        return "on_time" if at <= self.due_at and self.outcome != SILENCE else "late"


def statistics(facts: Sequence[MeantFact], as_of: datetime) -> dict[str, Any]:
    """Return the figures of all facts, and the figures for each key of each table."""
    return {
        "total": figures(facts, as_of),
        "tables": {
            table: {key: figures(some, as_of) for key, some in sorted(_grouped(facts, table).items())}
            for table in TABLES
        },
    }


def _grouped(facts: Iterable[MeantFact], table: str) -> dict[str, list[MeantFact]]:
    groups: dict[str, list[MeantFact]] = {}
    for fact in facts:
        if key := getattr(fact, table):
            groups.setdefault(key, []).append(fact)
    return groups


def figures(facts: Sequence[MeantFact], as_of: datetime) -> dict[str, Any]:
    """Return the figures of these facts.

    Days have 24 hours and are rounded to two decimals. Percentages are rounded to one decimal. Halves are rounded away
    from zero. A figure is None if there is nothing to measure.
    """
    answered = [fact for fact in facts if fact.answered_at is not None]
    still_open = [fact for fact in facts if fact.answered_at is None]
    judged = {name: sum(fact.judged == name for fact in answered) for name in ("on_time", "late", "without_deadline")}
    days = sorted((fact.answered_at or as_of) - fact.submitted_at for fact in answered)
    ages = sorted(as_of - fact.submitted_at for fact in still_open)
    recorded = {name: sum(fact.judged_by_record == name for fact in answered) for name in ("on_time", "late")}
    return {
        "submitted": len(facts),
        "open": len(still_open),
        "overdue": sum(fact.due_at is not None and fact.due_at < as_of for fact in still_open),
        "answered": len(answered),
        **judged,
        **{outcome: sum(fact.outcome == outcome for fact in answered) for outcome in OUTCOMES},
        "returned": sum(fact.returns > 0 for fact in facts),
        "deviating": 0,
        **{f"{name}_recorded": count for name, count in recorded.items()},
        **{mark: sum(mark in fact.marks for fact in facts) for mark in MARKED},
        "reported_late": sum(fact.reported_late for fact in facts),
        "on_time_percent": _percent(judged),
        "on_time_recorded_percent": _percent(recorded),
        "reported_late_percent": _part(sum(fact.reported_late for fact in facts), judged),
        "open_age_days_median": quantile(ages, Fraction(1, 2)),
        "days_median": quantile(days, Fraction(1, 2)),
        "days_p90": quantile(days, Fraction(9, 10)),
    }


def _percent(judged: Mapping[str, int]) -> float | None:
    timely = judged["on_time"] + judged["late"]
    return rounded(Fraction(100 * judged["on_time"], timely), "0.1") if timely else None


def _part(count: int, judged: Mapping[str, int]) -> float | None:
    whole = judged["on_time"] + judged["late"]
    return rounded(Fraction(100 * count, whole), "0.1") if whole else None


def quantile(spans: Sequence[timedelta], share: Fraction) -> float | None:
    """Return a quantile of sorted spans, in days, with linear interpolation between the two nearest values."""
    if not spans:
        return None
    exact = share * (len(spans) - 1)
    below = int(exact)
    low = _days(spans[below])
    high = _days(spans[min(below + 1, len(spans) - 1)])
    return rounded(low + (high - low) * (exact - below), "0.01")


def _days(span: timedelta) -> Fraction:
    return Fraction(span // timedelta(microseconds=1), DAY // timedelta(microseconds=1))


def rounded(value: Fraction, step: str) -> float:
    """Round to the nearest multiple of `step`. Halves are rounded away from zero."""
    whole, rest = divmod(abs(value), Fraction(step))
    size = (whole + (2 * rest >= Fraction(step))) * Fraction(step)
    return float(size if value >= 0 else -size)
