"""Regions: this module tells whether a code is in the region table, and finds the codes that are nearest to an unknown
code.

The Ministry of Home Affairs (Kemendagri) assigns the codes. A province has a code PP, a regency or a city has a code
PP.KK, and a district (kecamatan) has a code PP.KK.CC.
"""

from domain.registry.editions import Region
from domain.registry.registry import Registry

NEAREST = 3
REGENCY_LENGTH = len("PP.KK")


def is_known(code: str, registry: Registry) -> bool:
    """Tell whether the region table has this code.

    If the table has no districts, the code of a district counts as known if its regency is in the table.
    """
    if len(code) > REGENCY_LENGTH and not registry.has_districts:
        return code[:REGENCY_LENGTH] in registry.regions
    return code in registry.regions


def nearest(code: str, registry: Registry) -> tuple[Region, ...]:
    """Return the three regions whose codes are nearest to this code by number. The three regions have the same level as
    this code.

    The numbers of the provinces are compared first, then the numbers of the regencies, then the numbers of the
    districts.

    For example, the nearest region to 33.74.17 is 33.74.16, and the next is 33.74.15. If the table has fewer than three
    regions of this level, the result is shorter.
    """
    level = [region for region in registry.regions.values() if len(region.code) == len(code)]
    return tuple(sorted(level, key=lambda region: (_distances(region.code, code), region.code))[:NEAREST])


def _distances(one: str, other: str) -> tuple[int, ...]:
    return tuple(abs(int(a) - int(b)) for a, b in zip(one.split("."), other.split("."), strict=True))
