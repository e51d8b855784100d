"""The catalogue of Jejak: regions, calendars, and example offices, malls and services."""

import csv
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any, TypeVar

from domain.codes import Channel, Holder, Kind, RegionLevel, StagePhase
from domain.registry.calendar import AfterHours, DayZero, Unit
from domain.registry.editions import (
    CalendarPublished,
    Counter,
    DeemedApproval,
    Extension,
    MallCounter,
    MallRegistered,
    MapPoint,
    Names,
    OfficeRegistered,
    OpeningDay,
    PromiseTerms,
    Region,
    RegionsPublished,
    RegistryEvent,
    Requirement,
    SpecialHours,
    Stage,
    StandardPublished,
)

T = TypeVar("T")

HERE = Path(__file__).parent
REGIONS_SOURCE = "Kemendagri region codes 2025, cahyadsn/wilayah (MIT)"


def basics() -> list[RegistryEvent]:
    """Returns the regions and the calendars. Every installation publishes them."""
    return [_regions(), *_calendars()]


def examples() -> list[RegistryEvent]:
    """Returns the offices, their calendars, the malls and the services.

    The offices and services are marked as examples. Real offices promise very different times for the same service: the
    longest promise may be a hundred times as long as the shortest promise. So no standard is valid for the whole
    country, and these services are only examples.
    """
    read = tomllib.loads((HERE / "examples.toml").read_text(encoding="utf-8"))
    standards = [*map(_standard, read["service"])]
    regional = [_regional(each, standards) for each in read["regional"]]
    places: list[RegistryEvent] = [*map(_office, read["office"]), *map(_mall, read["mall"])]
    return [*places, *map(_calendar, read["calendar"]), *standards, *regional]


def _regions() -> RegionsPublished:
    with (HERE / "regions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    regions = tuple(
        Region(
            code=row["code"],
            parent=row["parent"] or None,
            level=RegionLevel(row["level"]),
            name=row["name"],
            zone=row["zone"],
        )
        for row in rows
    )
    return RegionsPublished(edition=0, regions=regions, source=REGIONS_SOURCE)


def _calendars() -> list[CalendarPublished]:
    read = tomllib.loads((HERE / "holidays.toml").read_text(encoding="utf-8"))
    return [_calendar(edition) for edition in read["calendar"]]


def _calendar(read: dict[str, Any]) -> CalendarPublished:
    """Returns a calendar of one year. The parameter `read` is a calendar entry from a TOML file.

    If the entry lists offices, the calendar is valid for these offices only. Such a calendar is used in addition to the
    national calendar.
    """
    return CalendarPublished(
        code=read["code"],
        edition=read["edition"],
        first_day=date(read["year"], 1, 1),
        last_day=date(read["year"], 12, 31),
        holidays=tuple(read.get("holidays", ())),
        joint_leave=tuple(read.get("joint_leave", ())),
        offices=_optional(read.get("offices")),
        closures=_optional(read.get("closures")),
        special_hours=_optional(map(_special, read["special_hours"]) if "special_hours" in read else None),
        source=read["source"],
    )


def _special(read: dict[str, Any]) -> SpecialHours:
    return SpecialHours(
        first_day=read["first_day"], last_day=read["last_day"], opening_days=tuple(map(_day, read["days"]))
    )


def _optional(given: Iterable[T] | None) -> tuple[T, ...] | None:
    return None if given is None else tuple(given)


def _office(read: dict[str, Any]) -> OfficeRegistered:
    return OfficeRegistered(
        code=read["code"],
        edition=0,
        agency=read["agency"],
        region=read["region"],
        zone=read["zone"],
        names=Names(**read["names"]),
        opening_days=tuple(map(_day, read["days"])),
        joint_leave_closed=read["joint_leave_closed"],
        counters=_optional(map(_counter, read["counters"]) if "counters" in read else None),
        day_zero=DayZero(read["day_zero"]) if "day_zero" in read else None,
        after_hours=AfterHours(read["after_hours"]) if "after_hours" in read else None,
        late_report_days=read.get("late_report_days"),
        late_report_days_mobile=read.get("late_report_days_mobile"),
        example=True,
    )


def _mall(read: dict[str, Any]) -> MallRegistered:
    counters = (MallCounter(code=c["code"], names=Names(**c["names"]), office=c["office"]) for c in read["counters"])
    return MallRegistered(
        code=read["code"],
        edition=0,
        names=Names(**read["names"]),
        region=read["region"],
        address=read["address"],
        point=MapPoint(**read["point"]) if "point" in read else None,
        counters=tuple(counters),
        example=True,
    )


def _counter(read: dict[str, Any]) -> Counter:
    return Counter(
        code=read["code"],
        names=Names(**read["names"]),
        opening_days=tuple(map(_day, read["days"])),
        services=tuple(read["services"]),
    )


def _day(span: list[time]) -> OpeningDay:
    return OpeningDay(opens=f"{span[0]:%H:%M}", closes=f"{span[1]:%H:%M}") if span else OpeningDay()


def _standard(read: dict[str, Any]) -> StandardPublished:
    return StandardPublished(
        service=read["code"],
        standard=0,
        in_force_from=read["in_force_from"],
        kind=Kind(read["kind"]),
        names=Names(**read["names"]),
        sensitive=read["sensitive"],
        offices=tuple(read["offices"]),
        channels=tuple(map(Channel, read["channels"])),
        requirements=tuple(Requirement(code=r["code"], names=Names(**r["names"])) for r in read["requirements"]),
        stages=tuple(map(_stage, read["stages"])),
        grounds=tuple(read["grounds"]),
        promise=_terms(read["promise"]) if "promise" in read else None,
        extensions=_optional(Extension(**each) for each in read["extensions"]) if "extensions" in read else None,
        deemed_approval=_silence(read["deemed_approval"]) if "deemed_approval" in read else None,
        dispute_days=read.get("dispute_days"),
        last_minute_percent=read.get("last_minute_percent"),
        fee_idr=read.get("fee_idr"),
        basis=read["basis"],
        source=read["source"],
        figures_as_of=read["figures_as_of"],
        example=True,
        default_promise=read.get("default_promise"),
        promise_basis=read.get("promise_basis"),
        no_promise_reason=Names(**read["no_promise_reason"]) if "no_promise_reason" in read else None,
    )


def _regional(read: dict[str, Any], national: Iterable[StandardPublished]) -> StandardPublished:
    """Returns the standard of one region or of some offices.

    This standard is the national standard with another promised time.
    """
    [standard] = [standard for standard in national if standard.service == read["service"]]
    return replace(
        standard,
        region=read.get("region"),
        only_offices=_optional(read.get("only_offices")),
        in_force_until=read.get("in_force_until"),
        promise=_terms(read["promise"]),
        default_promise=None,
        promise_basis=None,
        no_promise_reason=None,
        source=read["source"],
    )


def _terms(read: dict[str, Any]) -> PromiseTerms:
    return PromiseTerms(unit=Unit(read["unit"]), n=read["n"], roll_forward=read.get("roll_forward"))


def _silence(read: dict[str, str]) -> DeemedApproval:
    return DeemedApproval(basis=read["basis"], basis_text=read["text"])


def _stage(read: dict[str, Any]) -> Stage:
    return Stage(
        code=read["code"],
        names=Names(**read["names"]),
        phase=StagePhase(read["phase"]),
        after=tuple(read["after"]),
        holder=Holder(read["holder"]),
        optional=read.get("optional", False),
    )
