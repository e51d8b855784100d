"""The registry: services, offices, malls, calendars and regions, with one event for each edition.

`Registry` is the fold of these events, and `decide` gets it as a value. Institutions publish this data about
themselves, so it may contain names; it contains nothing about a person.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import ClassVar, assert_never
from zoneinfo import ZoneInfo

from domain.codes import (
    AgencyCode,
    CalendarCode,
    Channel,
    CounterCode,
    GroundCode,
    Holder,
    Kind,
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
from domain.registry.calendar import AfterHours, Calendar, DayZero, OpeningHours, OpeningSpan, SpecialWeek, Week
from domain.registry.places import MallRegistered, Names, OpeningDay, Region, RegionsPublished, containing
from domain.registry.terms import LAW_DEFAULT, DeemedApproval, Extension, PromiseTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A counter (loket) that has its own hours, for the services that it serves."""

    code: CounterCode
    names: Names
    opening_days: tuple[OpeningDay, ...]
    services: tuple[ServiceCode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeRegistered:
    """`day_zero` and `after_hours`: how the office counts days; None means the default of `OpeningHours`."""

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
    example: bool = False
    imported: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    code: RequirementCode
    names: Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of the office's work. `after`: the stages of the same phase that come directly before it."""

    code: StageCode
    names: Names
    phase: StagePhase = StagePhase.REVIEW
    after: tuple[StageCode, ...] = ()
    holder: Holder = Holder.BACK_OFFICE
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardPublished:
    """One edition of a service's standard (UU 25/2009 art. 21): requirements, stages, promise and fee.

    `promise`: None if the source gives no single figure. `fee_idr`: whole rupiah; None if there is no single amount.
    `free_order`: stages may come in any order and more than once, as in the imported history of an agency. `grounds`:
    the grounds on which the legal clock may pause. `dispute_days`: the number of calendar days after the hand-over in
    which a citizen may dispute that the product is done; None means at any time. `last_minute_percent`: the percentage
    of the promised time, at its end, in which a return is a last-minute return; None means 20.

    `default_promise`: no figure is named, so the law's default applies; `promise_basis` names the law that gives the
    promise. `no_promise_reason`: why there is no promise, for the citizen to read.

    `region` or `only_offices`: the edition is in force only there, instead of the national one; None means everywhere.
    With both, `only_offices` counts. `in_force_until`: the last day, included; None means without an end.
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
        """The promise: the standard's own, or the law's default where the standard relies on it."""
        return self.promise or (LAW_DEFAULT if self.default_promise else None)

    @property
    def edition(self) -> str:
        return f"{self.service}@{self.standard}"

    @property
    def place(self) -> tuple[OfficeCode, ...] | RegionCode | None:
        """Where the edition is in force: at these offices, in this region, or (None) everywhere."""
        return self.only_offices or self.region

    def still_in_force(self, day: date) -> bool:
        return self.in_force_until is None or day <= self.in_force_until

    def stage(self, code: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.code == code), None)

    def required(self, phase: StagePhase) -> frozenset[str]:
        return frozenset(stage.code for stage in self.stages if stage.phase == phase and not stage.optional)

    def required_before(self, stage: Stage) -> frozenset[str]:
        """Return the required stages that come before `stage`, directly or through other stages, optional ones too."""
        before: set[str] = set()
        left = list(stage.after)
        while left:
            code = left.pop()
            found = self.stage(code)
            if found and code not in before:
                before.add(code)
                left += found.after
        return self.required(stage.phase) & before


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialHours:
    """Special opening days from Monday to Sunday, for `first_day` to `last_day` (both included), as in Ramadan."""

    first_day: date
    last_day: date
    opening_days: tuple[OpeningDay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPublished:
    """A calendar edition: national holidays and joint leave (SKB 3 Menteri) in a span of days.

    With `offices`, it adds to the national calendar for these offices only: more days off, closures and special hours.
    It need not cover the whole span of the national calendar. Dates outside its span have no effect.
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
        """Whether the edition's span includes a day from `first` to `last`."""
        return self.first_day <= last and first <= self.last_day

    def within(self, days: tuple[date, ...] | None) -> frozenset[date]:
        return frozenset(day for day in days or () if self.first_day <= day <= self.last_day)

    def special_weeks(self) -> tuple[SpecialWeek, ...]:
        return tuple(
            SpecialWeek(
                first_day=max(hours.first_day, self.first_day),
                last_day=min(hours.last_day, self.last_day),
                days=_week(hours.opening_days),
            )
            for hours in self.special_hours or ()
        )


RegistryEvent = OfficeRegistered | MallRegistered | StandardPublished | CalendarPublished | RegionsPublished


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The registered data, by code: all editions of a service, the newest edition of an office, a mall or a calendar.

    The object is immutable: `evolve` makes a new one. `provinces`: the province codes in every edition of the region
    table, because a NIK keeps the code of its first registration. `has_districts`: whether the newest edition of the
    region table reaches down to districts.
    """

    offices: Mapping[str, OfficeRegistered] = field(default_factory=dict)
    services: Mapping[str, tuple[StandardPublished, ...]] = field(default_factory=dict)
    malls: Mapping[str, MallRegistered] = field(default_factory=dict)
    calendars: Mapping[str, CalendarPublished] = field(default_factory=dict)
    regions: Mapping[str, Region] = field(default_factory=dict)
    provinces: frozenset[str] = frozenset()
    has_districts: bool = False

    def standard(self, service: str, standard: int) -> StandardPublished | None:
        return next((s for s in self.services.get(service, ()) if s.standard == standard), None)

    def local_day(self, at: datetime, office: str) -> date:
        """Return the date of `at` in the office's time zone, not in the zone of the citizen's telephone."""
        return at.astimezone(ZoneInfo(self.offices[office].zone)).date()

    def standard_in_force(self, service: str, day: date, office: str) -> StandardPublished | None:
        """Return the edition in force at the office on `day`, a local date of the office.

        The most specific one counts: the office's own, then that of its district, regency and province, then the
        national one. For each of these places the newest edition replaces the older ones, also after its last day.
        """
        begun = sorted(
            (s for s in self.services.get(service, ()) if s.in_force_from <= day), key=_by_force, reverse=True
        )
        home = self.offices[office].region if office in self.offices else None
        own = [s for s in begun if office in (s.only_offices or ())]
        regional = [[s for s in begun if s.place == region] for region in containing(home, self.regions)]
        national = [s for s in begun if s.place is None]
        newest = (editions[0] for editions in (own, *regional, national) if editions)
        return next((standard for standard in newest if standard.still_in_force(day)), None)

    def newest(self, service: str) -> StandardPublished | None:
        """Return the newest national edition. If there is none, return the newest edition of any place."""
        editions = self.services.get(service, ())
        return max(editions, key=lambda s: (s.place is None, s.standard), default=None)

    def opening_hours(self, office: str, service: str = "") -> OpeningHours:
        """Return the hours of the counters for `service`, or of the office if no counter serves it.

        With several counters, each day goes from the first opening to the last closing.
        """
        registered = self.offices[office]
        counters = [_week(c.opening_days) for c in registered.counters or () if service in c.services]
        weeks = counters or [_week(registered.opening_days)]
        return OpeningHours(
            zone=registered.zone,
            days=tuple(_together(spans) for spans in zip(*weeks, strict=True)),
            joint_leave_closed=registered.joint_leave_closed,
            of_counter=bool(counters),
            day_zero=registered.day_zero or DayZero.COMPLETENESS,
            after_hours=registered.after_hours or AfterHours.NEXT_OPENING,
        )

    def national_calendars(self) -> tuple[CalendarPublished, ...]:
        """Return the newest edition of each national calendar, sorted by the first day."""
        return tuple(sorted((c for c in self.calendars.values() if c.offices is None), key=_by_days))

    def calendar_from(self, start: datetime, office: str) -> tuple[Calendar, tuple[CalendarPublished, ...]] | None:
        """Return one merged calendar for the office, and the editions in it; None if no edition covers `start`.

        The calendar consists of the national editions that follow one another without a gap, beginning with the one
        that covers the local day of `start`, and of the office's own editions. The office's own special hours override
        the national ones. If special hours overlap, the ones that begin last count.
        """
        day = self.local_day(start, office)
        chain: list[CalendarPublished] = []
        for edition in self.national_calendars():
            known_until = chain[-1].last_day if chain else None
            starts = known_until is None and edition.first_day <= day <= edition.last_day
            follows = known_until is not None and (edition.first_day - known_until).days == 1
            if starts or follows:
                chain.append(edition)
        if not chain:
            return None
        first_day, last_day = chain[0].first_day, chain[-1].last_day
        ours = (c for c in self.calendars.values() if office in (c.offices or ()) and c.touches(first_day, last_day))
        own = sorted(ours, key=_by_days)
        known = (*chain, *own)
        merged = Calendar(
            code=chain[0].code,
            edition=chain[0].edition,
            holidays=frozenset(day for edition in known for day in edition.within(edition.holidays)),
            joint_leave=frozenset(day for edition in known for day in edition.within(edition.joint_leave)),
            closures=frozenset(day for edition in known for day in edition.within(edition.closures)),
            special=(*_special_weeks(chain), *_special_weeks(own)),
            first_day=first_day,
            last_day=last_day,
        )
        return merged, known


def _by_force(standard: StandardPublished) -> tuple[date, int]:
    return standard.in_force_from, standard.standard


def _special_weeks(editions: Iterable[CalendarPublished]) -> list[SpecialWeek]:
    """Return the special weeks, sorted by their first day."""
    return sorted((week for edition in editions for week in edition.special_weeks()), key=lambda week: week.first_day)


def _by_days(calendar: CalendarPublished) -> tuple[date, str]:
    return calendar.first_day, calendar.code


def _week(days: tuple[OpeningDay, ...]) -> Week:
    return tuple(
        (time.fromisoformat(day.opens), time.fromisoformat(day.closes)) if day.opens and day.closes else None
        for day in days
    )


def _together(spans: tuple[OpeningSpan | None, ...]) -> OpeningSpan | None:
    is_open = [span for span in spans if span]
    return (min(span[0] for span in is_open), max(span[1] for span in is_open)) if is_open else None


def evolve(registry: Registry, event: RegistryEvent) -> Registry:
    """Return the registry with one more edition. Nothing is refused: the store keeps a stream's editions in order."""
    match event:
        case OfficeRegistered():
            return replace(registry, offices={**registry.offices, event.code: event})
        case MallRegistered():
            return replace(registry, malls={**registry.malls, event.code: event})
        case StandardPublished():
            editions = (*registry.services.get(event.service, ()), event)
            return replace(registry, services={**registry.services, event.service: editions})
        case CalendarPublished():
            return replace(registry, calendars={**registry.calendars, event.code: event})
        case RegionsPublished():
            provinces = {region.code for region in event.regions if region.level is RegionLevel.PROVINCE}
            regions = {region.code: region for region in event.regions}
            return replace(
                registry,
                regions=regions,
                provinces=registry.provinces | provinces,
                has_districts=any(region.level is RegionLevel.DISTRICT for region in event.regions),
            )
        case _:
            assert_never(event)
