"""Which rule rests on what: a law, a source that nobody could check, or nothing but our own proposal.

A rule that no source settles is never a constant: `field` names where a service, an office or a calendar sets it.

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
    """How sure a rule is."""

    SOURCED = "S"
    UNVERIFIED = "M"  # said to be so; the text itself was not seen
    PROPOSED = "A"  # ours, as no source says anything


@dataclass(frozen=True, slots=True)
class Rule:
    """`field`: the setting, as `Class.field` of the registry; may be "" only where the rule is sourced."""

    text: str
    source: str
    tag: Tag
    field: str = ""


OURS = "our proposal"
S, M, A = Tag.SOURCED, Tag.UNVERIFIED, Tag.PROPOSED

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        # When an office is open
        "zone": Rule("days and hours are those of the office that works on the file", OURS, A, "OfficeRegistered.zone"),
        "clock-change": Rule(
            "an hour that comes twice means its first time; one that is skipped means as long after the jump as the"
            " clock would have shown",
            OURS,
            A,
            "OfficeRegistered.zone",
        ),
        "opening-hours": Rule(
            "offices that serve the public keep hours of their own, each counter too",
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
            "joint leave is no working day, but for an office that works then",
            "SKB 3 Menteri, for 2026: 1497/2025, 2/2025, 5/2025",
            S,
            "OfficeRegistered.joint_leave_closed",
        ),
        "local-closures": Rule(
            "a day on which one office is closed is no working day of that office",
            OURS,
            A,
            "CalendarPublished.closures",
        ),
        "special-hours": Rule(
            "other hours may hold for a span of days, as in Ramadan",
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
        "unit": Rule(
            "working days, calendar days, months, hours and open hours are different promises; a plain day is a"
            " calendar day",
            OURS,
            A,
            "PromiseTerms.unit",
        ),
        "day-zero": Rule("the day of completeness is day 0, the next one day 1", OURS, A, "OfficeRegistered.day_zero"),
        "after-hours": Rule(
            "completeness while the office is closed counts as the next opening",
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
            "a deadline in calendar days or months stays on a closed day unless told to roll forward",
            OURS,
            A,
            "PromiseTerms.roll_forward",
        ),
        "month-end": Rule(
            "a month ends on the same day of a later month, or on that month's last", OURS, A, "PromiseTerms.unit"
        ),
        # How it moves
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
        "last-minute": Rule(
            "a return near the end of the promised time is counted as a last-minute one",
            OURS,
            A,
            "StandardPublished.last_minute_percent",
        ),
        # How it ends
        "silence": Rule(
            "no decision in time counts as a grant, where a service opted in",
            "UU 30/2014 art. 53, as amended by UU 6/2023 art. 175",
            S,
            "StandardPublished.deemed_approval",
        ),
        "silence-known": Rule(
            "silence grants by no date that was over before the system knew of it",
            OURS,
            A,
            "StandardPublished.promise",
        ),
        "dispute-window": Rule(
            "what is called done can be disputed for some days", OURS, A, "StandardPublished.dispute_days"
        ),
        "complaint-due": Rule(
            "a complaint is verified within 3 working days and answered within 5, 14 or 60 by its kind",
            "PermenPANRB 62/2018",
            S,
        ),
        # Who asks, and what they say of it
        "national-id": Rule(
            "16 digits: district of first registration, birth date with 40 added for women, serial; for life",
            "UU 23/2006, as amended by UU 24/2013",
            S,
        ),
        "satisfaction-index": Rule(
            "the weighted means of nine elements, times 25, with its grades", "PermenPANRB 14/2017", S
        ),
        "sample-size": Rule(
            "how many answers speak for a population", "Krejcie and Morgan 1970, as PermenPANRB 14/2017 has it", S
        ),
    }
)

RESTING: dict[str, list[str]] = {}
"""What rests on a rule, by the rule's name: functions and classes by their path, values as they are written."""


def rests_on(*names: str) -> Callable[[T], T]:
    """Say of a function, a class or a value which rules it implements. Raises KeyError for a rule that is not there."""
    for name in names:
        RULES[name]

    def mark(thing: T) -> T:
        module, qualname = getattr(thing, "__module__", ""), getattr(thing, "__qualname__", "")
        for name in names:
            RESTING.setdefault(name, []).append(f"{module}.{qualname}" if qualname else repr(thing))
        return thing

    return mark
