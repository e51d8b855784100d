"""What the offices promise and who they are: services, offices, calendars, regions, one event per edition.

`Registry` is the fold of those events and is handed to `decide` as a value. What stands here is published by
institutions about themselves, so names are allowed; nothing in it can speak of a person.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import ClassVar, assert_never
from zoneinfo import ZoneInfo

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
from domain.registry.calendar import AfterHours, Calendar, DayZero, OpeningHours, OpeningSpan, SpecialWeek, Unit, Week


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """In Bahasa Indonesia and English."""

    id: Text
    en: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningDay:
    """Local times of one weekday; both None where closed."""

    opens: ClockTime | None = None
    closes: ClockTime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A counter (loket) with hours of its own, for the services that it serves."""

    code: CounterCode
    names: Names
    opening_days: tuple[OpeningDay, ...]
    services: tuple[ServiceCode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeRegistered:
    """`day_zero` and `after_hours` are how the office counts; None: as `OpeningHours` does by itself."""

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
    """One step of the office's work; `after` names the stages of its phase that come before it."""

    code: StageCode
    names: Names
    phase: StagePhase = StagePhase.REVIEW
    after: tuple[StageCode, ...] = ()
    holder: Holder = Holder.BACK_OFFICE
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseTerms:
    """`n` of `unit`, counted from completeness. `roll_forward`: in calendar days or months, never onto a closed day."""

    unit: Unit
    n: int
    roll_forward: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """By how many units of the promise the deadline may be extended, once, and by which law."""

    code: ExtensionCode
    n: int
    basis: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class DeemedApproval:
    """Silence grants (fiktif positif). `basis` names the law in `basis_text`: opt-in, service by service."""

    basis: BasisCode
    basis_text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardPublished:
    """One edition of a service's standard (UU 25/2009 art. 21): what is asked, promised and paid, and the procedure.

    `promise` is None where the source gives no single figure; `fee_idr` None where it depends. `free_order`: stages
    may come in any order and more than once, as the past of an agency shows them. `grounds` are those on which the
    legal clock may pause. `dispute_days`: calendar days after the hand-over in which it may be disputed that it is
    done; None: at any time. `last_minute_percent`: how much of the promised time, at its end, makes a return a
    last-minute one; None: 20.
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

    @property
    def edition(self) -> str:
        return f"{self.service}@{self.standard}"

    def stage(self, code: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.code == code), None)

    def required(self, phase: StagePhase) -> frozenset[str]:
        return frozenset(stage.code for stage in self.stages if stage.phase == phase and not stage.optional)

    def required_before(self, stage: Stage) -> frozenset[str]:
        """The required stages that come before it, however far; an optional one between them breaks no order."""
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
    """Other opening days, Monday to Sunday, from `first_day` to `last_day` (both included), as in Ramadan."""

    first_day: date
    last_day: date
    opening_days: tuple[OpeningDay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPublished:
    """National holidays and joint leave (SKB 3 Menteri) of a span of days; or what some offices add to it.

    With `offices` it is laid over the national calendar, for them alone: it may say more days off, closures and special
    hours within its span, and need not reach as far. Days outside the span say nothing.
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
        """As a promise names it."""
        return f"{self.code}@{self.edition}"

    def touches(self, first: date, last: date) -> bool:
        """Whether it says something about a day from `first` to `last`."""
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


RegistryEvent = OfficeRegistered | StandardPublished | CalendarPublished | RegionsPublished


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """All editions by code. Never changed: `evolve` makes a new one.

    `provinces`: the codes of every edition of the region table, since a NIK keeps the one that it began with.
    """

    offices: Mapping[str, OfficeRegistered] = field(default_factory=dict)
    services: Mapping[str, tuple[StandardPublished, ...]] = field(default_factory=dict)
    calendars: Mapping[str, CalendarPublished] = field(default_factory=dict)
    regions: Mapping[str, Region] = field(default_factory=dict)
    provinces: frozenset[str] = frozenset()

    def standard(self, service: str, standard: int) -> StandardPublished | None:
        return next((s for s in self.services.get(service, ()) if s.standard == standard), None)

    def local_day(self, at: datetime, office: str) -> date:
        """The date of `at` where the office is. The zone belongs to the office, not to the citizen's telephone."""
        return at.astimezone(ZoneInfo(self.offices[office].zone)).date()

    def standard_in_force(self, service: str, day: date) -> StandardPublished | None:
        """The newest edition in force on the office's local `day`."""
        return max(
            (s for s in self.services.get(service, ()) if s.in_force_from <= day),
            key=lambda s: (s.in_force_from, s.standard),
            default=None,
        )

    def newest(self, service: str) -> StandardPublished | None:
        return max(self.services.get(service, ()), key=lambda s: s.standard, default=None)

    def opening_hours(self, office: str, service: str = "") -> OpeningHours:
        """Of the counters for `service`, from the first that opens to the last that closes; if none, of the office."""
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
        """The newest edition of each, by the days it knows."""
        return tuple(sorted((c for c in self.calendars.values() if c.offices is None), key=_by_days))

    def calendar_from(self, start: datetime, office: str) -> tuple[Calendar, tuple[CalendarPublished, ...]] | None:
        """National editions that follow one another without a gap from the office's local day of `start` on, as one.

        And what is laid over them for this office. Of special hours the office's own count, of those the last to begin.
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


def _special_weeks(editions: Iterable[CalendarPublished]) -> list[SpecialWeek]:
    """The last to begin comes last."""
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
    """Take a new edition in. Total: the store keeps editions of one stream in order."""
    match event:
        case OfficeRegistered():
            return replace(registry, offices={**registry.offices, event.code: event})
        case StandardPublished():
            editions = (*registry.services.get(event.service, ()), event)
            return replace(registry, services={**registry.services, event.service: editions})
        case CalendarPublished():
            return replace(registry, calendars={**registry.calendars, event.code: event})
        case RegionsPublished():
            provinces = {region.code for region in event.regions if region.level is RegionLevel.PROVINCE}
            regions = {region.code: region for region in event.regions}
            return replace(registry, regions=regions, provinces=registry.provinces | provinces)
        case _:
            assert_never(event)
