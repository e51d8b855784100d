"""Regions: whether a code is in the region table, and which codes are nearest to one that is not.

Codes are those of the Ministry of Home Affairs (Kemendagri): PP of a province, PP.KK of a regency or a city, and
PP.KK.CC of a district (kecamatan).
"""

from domain.registry.editions import Registry
from domain.registry.places import Region

NEAREST = 3
REGENCY_LENGTH = len("PP.KK")


def is_known(code: str, registry: Registry) -> bool:
    """Whether the region table has this code. Of a district only the regency counts while the table has none."""
    if len(code) > REGENCY_LENGTH and not registry.has_districts:
        return code[:REGENCY_LENGTH] in registry.regions
    return code in registry.regions


def nearest(code: str, registry: Registry) -> tuple[Region, ...]:
    """The three regions of the code's level whose numbers are closest: the province first, then regency, then district.

    For example 33.74.17 is near 33.74.16, then 33.74.15. Fewer where the table has fewer.
    """
    level = [region for region in registry.regions.values() if len(region.code) == len(code)]
    return tuple(sorted(level, key=lambda region: (_distances(region.code, code), region.code))[:NEAREST])


def _distances(one: str, other: str) -> tuple[int, ...]:
    return tuple(abs(int(a) - int(b)) for a, b in zip(one.split("."), other.split("."), strict=True))
