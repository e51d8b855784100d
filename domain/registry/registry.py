"""The registry: all known editions, folded from the registry's events. `decide` gets the registry as an argument."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from domain.codes import (
    RegionLevel,
)
from domain.registry.calendar import AfterHours, Calendar, DayZero, OpeningHours, OpeningSpan, SpecialWeek
from domain.registry.editions import (
    CalendarPublished,
    MallRegistered,
    OfficeRegistered,
    Region,
    RegionsPublished,
    RegistryEvent,
    StandardPublished,
    week_from,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """All registered data. The keys of each mapping are codes.

    The registry keeps all editions of each service. The registry keeps only the newest edition of each office, mall and
    calendar.

    The object is immutable, and `evolve` makes a new object. `provinces` holds the province codes of all editions of
    the region table, because a NIK keeps the code of the province of first registration. `has_districts` says whether
    the newest edition of the region table contains districts.
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

        The most specific edition is used. The places are searched in this order: the office, the office's district, its
        regency, its province, the whole country. For each of these places, the newest edition replaces all older
        editions, even after the last day of the newest edition.
        """
        begun = sorted(
            (s for s in self.services.get(service, ()) if s.in_force_from <= day), key=_by_force, reverse=True
        )
        own = [s for s in begun if office in (s.only_offices or ())]
        regional = [[s for s in begun if s.place == region] for region in self.regions_of(office)]
        national = [s for s in begun if s.place is None]
        newest = (editions[0] for editions in (own, *regional, national) if editions)
        return next((standard for standard in newest if standard.still_in_force(day)), None)

    def in_force(self, service: str, day: date) -> list[StandardPublished]:
        """Return the editions that are in force on `day`, at most one for each place, sorted by number."""
        begun = sorted((s for s in self.services.get(service, ()) if s.in_force_from <= day), key=_by_force)
        of_places = {standard.place: standard for standard in begun}
        return sorted((s for s in of_places.values() if s.still_in_force(day)), key=lambda s: s.standard)

    def regions_of(self, office: str) -> list[str]:
        """Return the codes of the regions in which the office lies, the smallest first.

        If the region table lacks a region, the next larger region is found by removing the last part of the code. For
        example, 33.74.16 lies in 33.74.
        """
        registered, codes = self.offices.get(office), []
        code = registered.region if registered else None
        while code:
            codes.append(code)
            known = self.regions.get(code)
            code = known.parent if known else code.rpartition(".")[0]
        return codes

    def newest(self, service: str) -> StandardPublished | None:
        """Return the newest national edition. If no edition is national, return the newest edition of any place."""
        editions = self.services.get(service, ())
        return max(editions, key=lambda s: (s.place is None, s.standard), default=None)

    def newest_of_places(self, service: str) -> list[StandardPublished]:
        """Return the newest edition of each place, sorted by number."""
        editions = sorted(self.services.get(service, ()), key=lambda s: s.standard)
        return sorted({s.place: s for s in editions}.values(), key=lambda s: s.standard)

    def has_published(self, standard: StandardPublished) -> bool:
        """Tell whether the newest edition of the same service and place has the same content. The number may differ."""
        return any(replace(standard, standard=s.standard) == s for s in self.newest_of_places(standard.service))

    def last_number(self, service: str) -> int:
        """Return the number of the service's last edition for any place. Return 0 if the service has no edition."""
        return max((s.standard for s in self.services.get(service, ())), default=0)

    def opening_hours(self, office: str, service: str = "") -> OpeningHours:
        """Return the opening hours of the counters for `service`. If no counter offers the service, return the office's
        hours.

        If several counters offer the service, the hours of each day go from the first opening to the last closing of
        these counters.
        """
        registered = self.offices[office]
        counters = [week_from(c.opening_days) for c in registered.counters or () if service in c.services]
        weeks = counters or [week_from(registered.opening_days)]
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
        """Return one merged calendar for the office, and the editions in the calendar.

        Return None if no edition covers `start`.

        The first edition in the calendar is the national edition that covers the local day of `start`. The further
        national editions follow without a gap. The calendar also contains the editions for this office. The office's
        special hours override national special hours. If two spans of special hours overlap, the span that begins later
        is used.
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


def _together(spans: tuple[OpeningSpan | None, ...]) -> OpeningSpan | None:
    is_open = [span for span in spans if span]
    return (min(span[0] for span in is_open), max(span[1] for span in is_open)) if is_open else None


def evolve(registry: Registry, event: RegistryEvent) -> Registry:
    """Return the registry with one more edition.

    No edition is refused, because the store keeps the editions of a stream in order.
    """
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
