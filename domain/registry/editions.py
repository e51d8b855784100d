"""The registry holds services, offices, malls, calendars and regions. Each edition is one event.

A `Registry` is made by folding these events. `decide` gets the registry as an argument. Institutions publish this data
about themselves, so the data may contain the names of institutions. The data contains nothing about a person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from typing import ClassVar

from domain.codes import (
    AgencyCode,
    BasisCode,
    CalendarCode,
    Channel,
    ClockTime,
    CounterCode,
    ExtensionCode,
    GroundCode,
    Holder,
    Kind,
    Latitude,
    Longitude,
    MallCode,
    OfficeCode,
    RegionCode,
    RegionLevel,
    RequirementCode,
    ServiceCode,
    StageCode,
    StagePhase,
    Text,
    Zone,
)
from domain.registry.calendar import AfterHours, DayZero, SpecialWeek, Unit, Week
from domain.rules import rests_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """A name in Bahasa Indonesia and in English."""

    id: Text
    en: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningDay:
    """The local opening and closing time of one weekday.

    Both times are None if the office is closed on this weekday.
    """

    opens: ClockTime | None = None
    closes: ClockTime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A counter (loket) with separate opening hours for its services."""

    code: CounterCode
    names: Names
    opening_days: tuple[OpeningDay, ...]
    services: tuple[ServiceCode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeRegistered:
    """`day_zero` and `after_hours` set how the office counts days. If one of these fields is None, the default of
    `OpeningHours` is used.

    `late_report_days` is the office's allowance for late reports. Within this number of working days after the promised
    date, the office may record a decision that was made in time. `late_report_days_mobile` is the allowance for the
    channel `mobile`. The defaults of the two allowances are 1 and 5 working days.
    """

    topic: ClassVar[str] = "office.registered.v1"
    code: OfficeCode
    edition: int
    agency: AgencyCode
    region: RegionCode | None = None
    zone: Zone
    names: Names
    opening_days: tuple[OpeningDay, ...]
    joint_leave_closed: bool = True
    counters: tuple[Counter, ...] | None = None
    day_zero: DayZero | None = None
    after_hours: AfterHours | None = None
    late_report_days: int | None = None
    late_report_days_mobile: int | None = None
    example: bool = False
    imported: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPoint:
    """A point on the map, in decimal degrees of WGS 84. The degrees are text, because events hold no fractions."""

    latitude: Latitude
    longitude: Longitude


@dataclass(frozen=True, slots=True, kw_only=True)
class MallCounter:
    """A counter of one office in a mall."""

    code: CounterCode
    names: Names
    office: OfficeCode


@dataclass(frozen=True, slots=True, kw_only=True)
class MallRegistered:
    """A public service mall (mal pelayanan publik, Perpres 89/2021): one place with the counters of many offices.

    `region` is the region in which the mall stands. The mall may serve other regions too. A region may have several
    malls.
    """

    topic: ClassVar[str] = "mall.registered.v1"
    code: MallCode
    edition: int
    names: Names
    region: RegionCode
    address: Text
    point: MapPoint | None = None
    counters: tuple[MallCounter, ...]
    example: bool = False
    imported: bool = False

    def has_counter(self, office: str, counter: str | None) -> bool:
        """Tell whether the office has this counter in the mall. If the counter is None, any counter is enough."""
        return any(one.office == office and counter in (None, one.code) for one in self.counters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    code: RequirementCode
    names: Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of the office's work.

    The field `after` names the direct predecessors of this stage in the same phase.
    """

    code: StageCode
    names: Names
    phase: StagePhase = StagePhase.REVIEW
    after: tuple[StageCode, ...] = ()
    holder: Holder = Holder.BACK_OFFICE
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseTerms:
    """The office promises to decide at most `n` units after completeness.

    `roll_forward` says whether a deadline in calendar days or months moves from a closed day to the next open day.
    """

    unit: Unit
    n: int
    roll_forward: bool | None = None


LAW_DEFAULT = rests_on("default-promise")(PromiseTerms(unit=Unit.WORKING_DAYS, n=5))
"""By law, the office must decide within five working days from completeness, if no rule names another time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """An extension of the deadline by `n` units. The extension has the same unit as the promise. An application can use
    each extension only once.

    `basis` is the law that allows the extension.
    """

    code: ExtensionCode
    n: int
    basis: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class DeemedApproval:
    """An application is deemed approved (fiktif positif) only if the service's standard provides for it.

    `basis` is the code of the law that `basis_text` names.
    """

    basis: BasisCode
    basis_text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardPublished:
    """One edition of a service's standard (UU 25/2009 art. 21): requirements, stages, promise and fee.

    `promise` is None if the source names no single time limit. `fee_idr` is the fee in whole rupiah. If there is no
    single amount, `fee_idr` is None. `free_order` says whether stages may come in any order and more than once, as in
    the imported history of an agency. `grounds` holds the grounds on which the legal clock may pause. For
    `dispute_days` calendar days after the hand-over, a citizen may dispute that the product is done. If `dispute_days`
    is None, a dispute is possible at any time. `last_minute_percent` is the length of the last part of the promised
    time, in percent. If the office returns the file in this part, the return is a last-minute return. If
    `last_minute_percent` is None, this part is the last 20 percent.

    If `default_promise` is true, the standard names no time limit, and the law's default applies. `promise_basis` names
    the law that gives the promise. `no_promise_reason` tells the citizen why there is no promise.

    An edition with `region` or `only_offices` replaces the national edition in this region or at these offices. An
    edition without `region` and `only_offices` is national. If an edition has both fields, only `only_offices` is used.
    `in_force_until` is the last day on which the edition is in force. If `in_force_until` is None, the edition has no
    last day.
    """

    topic: ClassVar[str] = "service.standard-published.v1"
    service: ServiceCode
    standard: int
    in_force_from: date
    kind: Kind
    names: Names
    sensitive: bool
    offices: tuple[OfficeCode, ...]
    channels: tuple[Channel, ...]
    requirements: tuple[Requirement, ...]
    stages: tuple[Stage, ...]
    free_order: bool = False
    grounds: tuple[GroundCode, ...] = ()
    promise: PromiseTerms | None = None
    extensions: tuple[Extension, ...] | None = None
    deemed_approval: DeemedApproval | None = None
    dispute_days: int | None = None
    last_minute_percent: int | None = None
    fee_idr: int | None = None
    basis: Text = ""
    source: Text = ""
    figures_as_of: date | None = None
    example: bool = False
    imported: bool = False
    region: RegionCode | None = None
    only_offices: tuple[OfficeCode, ...] | None = None
    in_force_until: date | None = None
    default_promise: bool | None = None
    promise_basis: Text | None = None
    no_promise_reason: Names | None = None

    @property
    def terms(self) -> PromiseTerms | None:
        """The promise of the standard, or the law's default promise if the standard relies on this default."""
        return self.promise or (LAW_DEFAULT if self.default_promise else None)

    @property
    def edition(self) -> str:
        return f"{self.service}@{self.standard}"

    @property
    def place(self) -> tuple[OfficeCode, ...] | RegionCode | None:
        """The offices or the region in which the edition is in force.

        None means that the edition is in force everywhere.
        """
        return self.only_offices or self.region

    def still_in_force(self, day: date) -> bool:
        return self.in_force_until is None or day <= self.in_force_until

    def stage(self, code: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.code == code), None)

    def required(self, phase: StagePhase) -> frozenset[str]:
        return frozenset(stage.code for stage in self.stages if stage.phase == phase and not stage.optional)

    def required_before(self, stage: Stage) -> frozenset[str]:
        """Return the required stages before `stage`. Optional stages may come between a required stage and `stage`."""
        before: set[str] = set()
        left = list(stage.after)
        while left:
            code = left.pop()
            found = self.stage(code)
            if found and code not in before:
                before.add(code)
                left += found.after
        return self.required(stage.phase) & before

    def resting_on(self, codes: Iterable[str]) -> tuple[str, ...]:
        """Return the stages in `codes`, and all later stages that depend on one of these stages.

        The result is in the order of the procedure.

        If the standard allows stages in any order, no stage depends on another stage.
        """
        resting = set(codes)
        while not self.free_order:
            further = {stage.code for stage in self.stages if resting.intersection(stage.after)} - resting
            if not further:
                break
            resting |= further
        return tuple(stage.code for stage in self.stages if stage.code in resting)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialHours:
    """Special opening hours for each weekday, for example in Ramadan.

    The special hours are in force from `first_day` up to and including `last_day`.
    """

    first_day: date
    last_day: date
    opening_days: tuple[OpeningDay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPublished:
    """A calendar edition: national holidays and joint leave (SKB 3 Menteri) in a span of days.

    A calendar with `offices` adds days off, closures and special hours to the national calendar, for these offices
    only. A calendar with `offices` need not cover the whole span of the national calendar. Dates outside the span of a
    calendar have no effect.
    """

    topic: ClassVar[str] = "calendar.published.v1"
    code: CalendarCode
    edition: int
    first_day: date
    last_day: date
    holidays: tuple[date, ...]
    joint_leave: tuple[date, ...]
    offices: tuple[OfficeCode, ...] | None = None
    closures: tuple[date, ...] | None = None
    special_hours: tuple[SpecialHours, ...] | None = None
    source: Text = ""

    @property
    def name(self) -> str:
        """The edition's name in a promise, for example `id-2026@1`."""
        return f"{self.code}@{self.edition}"

    def touches(self, first: date, last: date) -> bool:
        """Tell whether the edition covers at least one day from `first` to `last`."""
        return self.first_day <= last and first <= self.last_day

    def within(self, days: tuple[date, ...] | None) -> frozenset[date]:
        return frozenset(day for day in days or () if self.first_day <= day <= self.last_day)

    def special_weeks(self) -> tuple[SpecialWeek, ...]:
        return tuple(
            SpecialWeek(
                first_day=max(hours.first_day, self.first_day),
                last_day=min(hours.last_day, self.last_day),
                days=week_from(hours.opening_days),
            )
            for hours in self.special_hours or ()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    code: RegionCode
    parent: RegionCode | None = None
    level: RegionLevel
    name: Text
    zone: Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionsPublished:
    topic: ClassVar[str] = "regions.published.v1"
    edition: int
    regions: tuple[Region, ...]
    source: Text = ""


RegistryEvent = OfficeRegistered | MallRegistered | StandardPublished | CalendarPublished | RegionsPublished


def week_from(days: tuple[OpeningDay, ...]) -> Week:
    """Return the opening hours of these days, Monday first."""
    return tuple(
        (time.fromisoformat(day.opens), time.fromisoformat(day.closes)) if day.opens and day.closes else None
        for day in days
    )
