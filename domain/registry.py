"""What the offices promise and who they are: services, offices, calendars, regions, one event per edition.

`Registry` is the fold of those events and is handed to `decide` as a value. What stands here is published by
institutions about themselves, so names are allowed; nothing in it can speak of a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import ClassVar, assert_never
from zoneinfo import ZoneInfo

from domain.calendar import Calendar, OpeningHours, Unit
from domain.codes import (
    AgencyCode,
    CalendarCode,
    Channel,
    ClockTime,
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
class OfficeRegistered:
    topic: ClassVar[str] = "office.registered.v1"
    code: OfficeCode
    edition: int
    agency: AgencyCode
    region: RegionCode | None = None
    zone: Zone
    names: Names
    opening_days: tuple[OpeningDay, ...]
    joint_leave_closed: bool = True
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
    """`n` of `unit`, counted from completeness."""

    unit: Unit
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardPublished:
    """One edition of a service's standard (UU 25/2009 art. 21): what is asked, promised and paid, and the procedure.

    `promise` is None where the source gives no single figure; `fee_idr` None where it depends. `free_order`: stages
    may come in any order and more than once, as the past of an agency shows them. `grounds` are those on which the
    legal clock may pause.
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
class CalendarPublished:
    """National holidays and joint leave (SKB 3 Menteri) of a span of days."""

    topic: ClassVar[str] = "calendar.published.v1"
    code: CalendarCode
    edition: int
    first_day: date
    last_day: date
    holidays: tuple[date, ...]
    joint_leave: tuple[date, ...]
    source: Text = ""


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

    def opening_hours(self, office: str) -> OpeningHours:
        registered = self.offices[office]
        days = tuple(
            (time.fromisoformat(day.opens), time.fromisoformat(day.closes)) if day.opens and day.closes else None
            for day in registered.opening_days
        )
        return OpeningHours(zone=registered.zone, days=days, joint_leave_closed=registered.joint_leave_closed)

    def calendar_from(self, start: datetime, office: str) -> tuple[Calendar, tuple[CalendarPublished, ...]] | None:
        """The editions that follow one another without a gap from the office's local day of `start` on, as one."""
        day = self.local_day(start, office)
        chain: list[CalendarPublished] = []
        for edition in sorted(self.calendars.values(), key=lambda c: c.first_day):
            known_until = chain[-1].last_day if chain else None
            starts = known_until is None and edition.first_day <= day <= edition.last_day
            follows = known_until is not None and (edition.first_day - known_until).days == 1
            if starts or follows:
                chain.append(edition)
        if not chain:
            return None
        merged = Calendar(
            code=chain[0].code,
            edition=chain[0].edition,
            holidays=frozenset(day for edition in chain for day in edition.holidays),
            joint_leave=frozenset(day for edition in chain for day in edition.joint_leave),
            first_day=chain[0].first_day,
            last_day=chain[-1].last_day,
        )
        return merged, tuple(chain)


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
