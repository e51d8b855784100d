"""Places in the registry: regions, and public service malls with the counters of many offices."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from domain.codes import (
    ClockTime,
    CounterCode,
    Latitude,
    Longitude,
    MallCode,
    OfficeCode,
    RegionCode,
    RegionLevel,
    Text,
    Zone,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """A name in Bahasa Indonesia and in English."""

    id: Text
    en: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningDay:
    """The local opening and closing time of one weekday; both are None on a closed day."""

    opens: ClockTime | None = None
    closes: ClockTime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPoint:
    """A point on the map: decimal degrees in WGS 84, as text, because events hold no fractions."""

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

    `region`: where the mall stands. It may serve other regions too, and one region may have several malls.
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
        """Whether the office has this counter in the mall; None means any counter."""
        return any(one.office == office and counter in (None, one.code) for one in self.counters)


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


def containing(code: str | None, regions: Mapping[str, Region]) -> list[str]:
    """Return the region `code` and the regions that contain it, the smallest first.

    A region that the region table lacks lies in the regions with which its code begins.
    """
    codes = []
    while code:
        codes.append(code)
        known = regions.get(code)
        code = known.parent if known else code.rpartition(".")[0]
    return codes
