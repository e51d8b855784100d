"""Each rule has a source: a law, a text that we could not check, or our own proposal.

If a rule is only our own proposal, its value is a setting, and never a constant in the code. The attribute `field` of
the rule names this setting of a service, an office or a calendar. Functions, classes and values name the rules that
they implement:

    @rests_on("day-zero")
    def due_at(...): ...

    DAYS_TO_COMPLAIN = rests_on("complaint-window")(30)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

T = TypeVar("T")


class Tag(StrEnum):
    """A tag says how certain a rule is."""

    SOURCED = "S"
    UNVERIFIED = "M"  # other authors state the rule, but we have not seen the text of the law
    PROPOSED = "A"  # our proposal, because no source states a rule


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    `field` names the setting as `Class.field` of the registry. `field` is "" if the rule has no setting. A rule that is
    our own proposal always has a setting.
    """

    text: str
    source: str
    tag: Tag
    field: str = ""


OURS = "our proposal"
S, M, A = Tag.SOURCED, Tag.UNVERIFIED, Tag.PROPOSED

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        # When an office is open
        "zone": Rule(
            "days and hours are in the zone of the office that holds the file", OURS, A, "OfficeRegistered.zone"
        ),
        "clock-change": Rule(
            "if a local time occurs twice, the first occurrence counts; if it is skipped, the instant as long after the"
            " jump as the time is after the beginning of the skipped span counts",
            OURS,
            A,
            "OfficeRegistered.zone",
        ),
        "opening-hours": Rule(
            "each office that serves the public sets its own hours, and so does each counter",
            "Perpres 21/2023",
            S,
            "OfficeRegistered.opening_days",
        ),
        "holidays": Rule(
            "an office is closed on national holidays",
            "SKB 3 Menteri, for 2026: 1497/2025, 2/2025, 5/2025",
            S,
            "CalendarPublished.holidays",
        ),
        "joint-leave": Rule(
            "a day of joint leave is not a working day, except for an office that works on it",
            "SKB 3 Menteri, for 2026: 1497/2025, 2/2025, 5/2025",
            S,
            "OfficeRegistered.joint_leave_closed",
        ),
        "local-closures": Rule(
            "a day on which one office is closed is not a working day of that office",
            OURS,
            A,
            "CalendarPublished.closures",
        ),
        "special-hours": Rule(
            "special hours may apply for a span of days, for example in Ramadan",
            "Perpres 21/2023",
            S,
            "CalendarPublished.special_hours",
        ),
        # How a promise is counted
        "completeness": Rule(
            "the time to decide runs from the day on which the file was received complete",
            "UU 30/2014 art. 53, as amended by UU 6/2023 art. 175",
            S,
        ),
        "default-promise": Rule(
            "if no rule names a time to decide, it is five working days from completeness; a standard can rely on it",
            "UU 30/2014 art. 53, as amended by UU 6/2023 art. 175",
            S,
            "StandardPublished.default_promise",
        ),
        "unit": Rule(
            "working days, calendar days, months, hours and open hours are different units; a day without a kind is a"
            " calendar day",
            OURS,
            A,
            "PromiseTerms.unit",
        ),
        "day-zero": Rule(
            "the day of completeness is day 0, and the next day is day 1", OURS, A, "OfficeRegistered.day_zero"
        ),
        "after-hours": Rule(
            "completeness while the office is closed counts at the next opening",
            OURS,
            A,
            "OfficeRegistered.after_hours",
        ),
        "closing-time": Rule(
            "a deadline in days or months falls at the closing time of its last day; a closed day closes at the latest"
            " hour of its week",
            OURS,
            A,
            "OfficeRegistered.opening_days",
        ),
        "roll-forward": Rule(
            "a deadline in calendar days or months stays on a closed day, unless the promise rolls forward",
            OURS,
            A,
            "PromiseTerms.roll_forward",
        ),
        "month-end": Rule(
            "a month ends on the same day of the next month, or on that month's last day", OURS, A, "PromiseTerms.unit"
        ),
        # How a promise moves
        "pause": Rule(
            "a pause on a listed ground moves the promise by the days, or by the open time, between its two ends",
            OURS,
            A,
            "StandardPublished.grounds",
        ),
        "extension": Rule(
            "an extension is counted from the day on which the promise fell due, in the promise's own unit",
            OURS,
            A,
            "PromiseTerms.unit",
        ),
        "transfer": Rule(
            "days that an office counted before it handed the file on stay counted; the new office counts what is left",
            OURS,
            A,
            "OfficeRegistered.opening_days",
        ),
        "last-minute": Rule(
            "a return near the end of the promised time counts as a last-minute return",
            OURS,
            A,
            "StandardPublished.last_minute_percent",
        ),
        # How an application ends
        "silence": Rule(
            "if nobody decides in time, the application is granted, for a service that opted in",
            "UU 30/2014 art. 53, as amended by UU 6/2023 art. 175",
            S,
            "StandardPublished.deemed_approval",
        ),
        "silence-known": Rule(
            "silence does not grant by a promised date that had passed before the system knew of it",
            OURS,
            A,
            "StandardPublished.promise",
        ),
        "late-report": Rule(
            "a decision that is recorded after the promised date, with an earlier time, counts as made in time only if"
            " it was recorded within the office's allowance for late reports",
            OURS,
            A,
            "OfficeRegistered.late_report_days",
        ),
        "dispute-window": Rule(
            "a citizen can dispute for some days that a product is done", OURS, A, "StandardPublished.dispute_days"
        ),
        "complaint-due": Rule(
            "a complaint is verified within 3 working days and answered within 5, 14 or 60, depending on its kind",
            "PermenPANRB 62/2018",
            S,
        ),
        # Applicants, and their answers in the survey
        "national-id": Rule(
            "16 digits: district of first registration, birth date with 40 added for women, serial; for life",
            "UU 23/2006, as amended by UU 24/2013",
            S,
        ),
        "satisfaction-index": Rule(
            "the index is the weighted sum of the means of nine elements, times 25; grades follow from the index",
            "PermenPANRB 14/2017",
            S,
        ),
        "sample-size": Rule(
            "the number of answers that represents a population",
            "Krejcie and Morgan 1970, as used in PermenPANRB 14/2017",
            S,
        ),
    }
)

RESTING: dict[str, list[str]] = {}
"""Maps each rule's name to the code that implements the rule: the path of a function or class, or a value's `repr`."""


def rests_on(*names: str) -> Callable[[T], T]:  # pragma: no mutate block - runs only while modules are imported
    """Mark a function, a class or a value as an implementation of these rules. Raises KeyError for an unknown rule."""
    for name in names:
        RULES[name]

    def mark(thing: T) -> T:
        module, qualname = getattr(thing, "__module__", ""), getattr(thing, "__qualname__", "")
        for name in names:
            RESTING.setdefault(name, []).append(f"{module}.{qualname}" if qualname else repr(thing))
        return thing

    return mark
