"""What ships: the region table, the calendars, and the example catalogue. Read into editions of the registry."""

import csv
import tomllib
from datetime import date, time
from pathlib import Path
from typing import Any

from domain.calendar import Unit
from domain.codes import Channel, Holder, Kind, RegionLevel, StagePhase
from domain.registry import (
    CalendarPublished,
    Names,
    OfficeRegistered,
    OpeningDay,
    PromiseTerms,
    Region,
    RegionsPublished,
    RegistryEvent,
    Requirement,
    Stage,
    StandardPublished,
)

HERE = Path(__file__).parent
REGIONS_SOURCE = "Kemendagri region codes 2025, cahyadsn/wilayah (MIT)"


def basics() -> list[RegistryEvent]:
    """Regions and calendars: what every installation has."""
    return [_regions(), *_calendars()]


def examples() -> list[RegistryEvent]:
    """Offices and services marked as examples: local standards differ by a hundred times, none is national truth."""
    read = tomllib.loads((HERE / "examples.toml").read_text(encoding="utf-8"))
    return [*map(_office, read["office"]), *map(_standard, read["service"])]


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
    return [
        CalendarPublished(
            code=edition["code"],
            edition=edition["edition"],
            first_day=date(edition["year"], 1, 1),
            last_day=date(edition["year"], 12, 31),
            holidays=tuple(edition["holidays"]),
            joint_leave=tuple(edition["joint_leave"]),
            source=edition["source"],
        )
        for edition in read["calendar"]
    ]


def _office(read: dict[str, Any]) -> OfficeRegistered:
    return OfficeRegistered(
        code=read["code"],
        edition=0,
        agency=read["agency"],
        region=read["region"],
        zone=read["zone"],
        names=Names(**read["names"]),
        opening_days=tuple(_day(day) for day in read["days"]),
        joint_leave_closed=read["joint_leave_closed"],
        example=True,
    )


def _day(span: list[time]) -> OpeningDay:
    return OpeningDay(opens=f"{span[0]:%H:%M}", closes=f"{span[1]:%H:%M}") if span else OpeningDay()


def _standard(read: dict[str, Any]) -> StandardPublished:
    promise = read.get("promise")
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
        promise=PromiseTerms(unit=Unit(promise["unit"]), n=promise["n"]) if promise else None,
        fee_idr=read.get("fee_idr"),
        basis=read["basis"],
        source=read["source"],
        figures_as_of=read["figures_as_of"],
        example=True,
    )


def _stage(read: dict[str, Any]) -> Stage:
    return Stage(
        code=read["code"],
        names=Names(**read["names"]),
        phase=StagePhase(read["phase"]),
        after=tuple(read["after"]),
        holder=Holder(read["holder"]),
        optional=read.get("optional", False),
    )
