"""The expected statistics of a plan: this module computes exact counts, shares and quantiles from the planned facts
only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

OUTCOMES = ("granted", "rejected", "withdrawn", "lapsed", "cancelled", "concluded", "deemed_approved")
SILENCE = "deemed_approved"
DECISIONS = ("granted", "rejected", "concluded", SILENCE)
MARKED = ("obstructed", "paused", "restarted", "returned_last_minute")
"""Marks of an application. Each mark says that one thing happened to the application at least once, for example a
pause.
"""
TABLES = ("service", "office", "mall", "channel", "month")
DAY = timedelta(days=1)
HALF, NINE_IN_TEN = Fraction(1, 2), Fraction(9, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeantFact:
    """The expected facts of one application at the end of a plan. Instants are UTC.

    `office` is the office that holds the application. `month` is the month of the submission, as YYYY-MM, in the time
    zone of the office where the application was submitted. An application is answered when it is decided or has ended.
    `outcome` is None while the application is open. `answer_known_at` is the time at which the answer arrived in the
    log. `marks` contains each mark of MARKED that applies to the application. `mall` is the mall where the application
    was submitted. `mall` is "" if the application was not submitted in a mall. `reported_late` is true if a decision
    was made before the due date but arrived too late. Too late means after the office's allowance for late reports, or
    after the deemed approval.

    While the legal clock is paused, `paused_since` is the time at which the pause began. `own_time` is the time from
    the submission to the answer, without the time in which the office waited for somebody else. Each name in `places`
    stands for a time, and is mapped to the office that held the file at this time. The names are submitted, answered,
    due, handed_over, returned, and each mark. The time of `due` is the deadline, or the time of the answer if the
    answer came earlier. If `places` does not contain the name of a fact, the fact belongs to the office in `office`.
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
    handed_over_at: datetime | None = None
    paused_since: datetime | None = None
    own_time: timedelta | None = None
    places: Mapping[str, str] = field(default_factory=dict)

    def counts_at(self, office: str, what: str) -> bool:
        """Tell whether the fact with the name `what` belongs to the office `office`. If `office` is empty, the result
        is True for every fact.
        """
        return not office or self.places.get(what, self.office) == office

    @property
    def offices(self) -> set[str]:
        return {self.office, *self.places.values()}

    @property
    def decided(self) -> bool:
        return self.outcome in DECISIONS

    @property
    def judged(self) -> str:
        """Say whether the answer was on_time, late or without_deadline. The result is "" if there is no answer.

        A decision that was reported late counts as late.
        """
        judged = self._judged(self.answered_at)
        return "late" if self.reported_late and judged == "on_time" else judged

    @property
    def judged_by_record(self) -> str:
        """Judge the answer by the time at which it arrived in the log. The possible results are those of `judged`."""
        return self._judged(self.answer_known_at)

    def overdue(self, as_of: datetime) -> bool:
        """Tell whether the application is still open after its deadline. A pause stops the clock."""
        if self.answered_at is not None or self.due_at is None:
            return False
        return self.due_at < min(self.paused_since or as_of, as_of)

    def _judged(self, at: datetime | None) -> str:
        """Say how an answer at the time `at` is judged. A deemed approval is never on time."""
        if at is None:
            return ""
        if self.due_at is None:
            return "without_deadline"
        return "on_time" if at <= self.due_at and self.outcome != SILENCE else "late"


def statistics(facts: Sequence[MeantFact], as_of: datetime) -> dict[str, Any]:
    """Return the figures of all facts together, and the tables. For each of its keys, a table contains the figures of
    the facts with this key.
    """
    return {
        "total": figures(facts, as_of),
        "tables": {
            table: {
                key: figures(some, as_of, office=key if table == "office" else "")
                for key, some in sorted(_grouped(facts, table).items())
            }
            for table in TABLES
        },
    }


def _grouped(facts: Iterable[MeantFact], table: str) -> dict[str, list[MeantFact]]:
    groups: dict[str, list[MeantFact]] = {}
    for fact in facts:
        for key in fact.offices if table == "office" else filter(None, (getattr(fact, table),)):
            groups.setdefault(key, []).append(fact)
    return groups


def figures(facts: Sequence[MeantFact], as_of: datetime, office: str = "") -> dict[str, Any]:
    """Return the figures of these facts. If `office` is given, use only the facts that belong to this office.

    Days have 24 hours and are rounded to two decimals. Percentages are rounded to one decimal. Halves are rounded away
    from zero. A figure is None if there is nothing to measure.
    """
    answered = [fact for fact in facts if fact.answered_at is not None and fact.counts_at(office, "answered")]
    decided = [fact for fact in answered if fact.decided]
    still_open = [fact for fact in facts if fact.answered_at is None and fact.counts_at(office, "open")]
    handed_over = [fact for fact in facts if fact.handed_over_at is not None and fact.counts_at(office, "handed_over")]
    judged = _judged_at(office, [(fact, fact.judged) for fact in facts if fact.decided])
    recorded = _judged_at(office, [(fact, fact.judged_by_record) for fact in facts if fact.decided])
    reported_late = sum(fact.decided and fact.reported_late and fact.counts_at(office, "due") for fact in facts)
    days = sorted((fact.answered_at or as_of) - fact.submitted_at for fact in decided)
    own = sorted(fact.own_time for fact in decided if fact.own_time is not None)
    to_hand_over = sorted((fact.handed_over_at or as_of) - fact.submitted_at for fact in handed_over)
    ages = sorted(as_of - fact.submitted_at for fact in still_open)
    return {
        "submitted": sum(fact.counts_at(office, "submitted") for fact in facts),
        "open": len(still_open),
        "overdue": sum(fact.overdue(as_of) and fact.counts_at(office, "due") for fact in facts),
        "answered": len(answered),
        "decided": len(decided),
        **judged,
        **{outcome: sum(fact.outcome == outcome for fact in answered) for outcome in OUTCOMES},
        "returned": sum(fact.returns > 0 and fact.counts_at(office, "returned") for fact in facts),
        "deviating": 0,
        "on_time_recorded": recorded["on_time"],
        "late_recorded": recorded["late"],
        "handed_over": len(handed_over),
        **{mark: sum(mark in fact.marks and fact.counts_at(office, mark) for fact in facts) for mark in MARKED},
        "reported_late": reported_late,
        "on_time_percent": _percent(judged["on_time"], judged["late"]),
        "on_time_recorded_percent": _percent(recorded["on_time"], recorded["late"]),
        "without_deadline_percent": _percent(judged["without_deadline"], judged["on_time"] + judged["late"]),
        "reported_late_percent": _percent(reported_late, judged["on_time"] + judged["late"] - reported_late),
        "open_age_days_median": quantile(ages, HALF),
        "days_median": quantile(days, HALF),
        "days_p90": quantile(days, NINE_IN_TEN),
        "handed_over_days_median": quantile(to_hand_over, HALF),
        "handed_over_days_p90": quantile(to_hand_over, NINE_IN_TEN),
        "own_days_median": quantile(own, HALF),
        "own_days_p90": quantile(own, NINE_IN_TEN),
    }


def _judged_at(office: str, decided: Iterable[tuple[MeantFact, str]]) -> dict[str, int]:
    """Count the judgements. A late decision belongs to the office that had the file when the deadline passed."""
    counts = dict.fromkeys(("on_time", "late", "without_deadline"), 0)
    for fact, judgement in decided:
        counts[judgement] += fact.counts_at(office, "due" if judgement == "late" else "answered")
    return counts


def _percent(part: int, rest: int) -> float | None:
    return rounded(Fraction(100 * part, part + rest), "0.1") if part + rest else None


def quantile(spans: Sequence[timedelta], share: Fraction) -> float | None:
    """Return a quantile of sorted spans, in days. If the quantile lies between two spans, it is interpolated."""
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
