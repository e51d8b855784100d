"""Disclosure control rounds the exact figures, so that no public figure reveals facts about single applications.

* A count of ten or more is rounded down to tens. A count below ten is shown as `<10`, also if the count is zero.
* A share is computed from the shown counts only, and is rounded down to a multiple of five percent. If a count is
  hidden, the computation uses the value that is worst for the office.
* A median is rounded to half days. A median is shown only if the count of its applications is shown. A ninth decile is
  shown only if this count is at least a hundred.
* Every registered service, office and mall has a line. So the presence of a line does not reveal that an application
  exists. The table of months has no gap between the first and the last month that is shown.
* If readers could compute the hidden parts of a total from the shown total, the shown total is lowered by ten.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from domain.codes import Channel
from domain.rounding import rounded_to
from projections.figures import (
    COUNTS,
    DECISIONS,
    ENDED_OTHERWISE,
    FEW,
    NOTHING,
    OUTCOMES,
    TABLES,
    Count,
    Figures,
    Statistics,
)

SHOWN_FROM = 10
SHARE_FROM = 30
"""The smallest denominator of a share that the public sees (docs/protection.md, Shares)."""
DECILE_FROM = 100
STEP = 5
HALF_A_DAY = Fraction(1, 2)
MOST_HIDDEN = SHOWN_FROM - 1
"""The highest value of a hidden count. When a share is computed, this value is used in place of a hidden count of late
decisions.
"""

Cell = tuple[str, str, str]
"""The place of one figure: its table, the key of its line, and the name of its count."""
Shown = dict[Cell, int]
"""The shown value of each cell. The value 0 stands for `<10`. The exact value is at most nine higher than the shown
value.
"""
Sum = tuple[Cell, list[Cell]]
"""A total, and the parts that add up to it."""

SUMS = (
    ("submitted", ("open", "answered")),
    ("answered", ("decided", *ENDED_OTHERWISE)),
    ("answered", OUTCOMES),
    ("decided", DECISIONS),
    ("decided", ("on_time", "late", "without_deadline")),
    ("decided", ("on_time_recorded", "late_recorded", "without_deadline")),
)
TOTAL = ("total", "")
PARTIAL = ("mall", "month")
"""The lines of these tables do not add up to the total, because most applications are in no mall, and hidden months
have no line.
"""


def protect(
    exact: Statistics, services: Collection[str], offices: Collection[str], malls: Collection[str] = ()
) -> Statistics:
    """Return the figures for the public. `services` holds the codes of all services in the registry. In the same way,
    `offices` and `malls` hold the codes of all offices and all malls.

    The days in `exact` must not be rounded, because this function rounds them, and rounding twice gives wrong values.
    """
    lines = _lines(exact, services, offices, malls)
    shown = _unpinned(
        {(*place, count): _floored(getattr(figures, count)) for place, figures in lines.items() for count in COUNTS}
    )
    public = {place: _public(figures, {c: shown[*place, c] for c in COUNTS}) for place, figures in lines.items()}
    return Statistics(
        as_of=exact.as_of,
        total=public.pop(TOTAL),
        tables={name: {key: public[name, key] for table, key in public if table == name} for name in TABLES},
    )


def _lines(
    exact: Statistics, services: Collection[str], offices: Collection[str], malls: Collection[str]
) -> dict[tuple[str, str], Figures]:
    keys: Mapping[str, Collection[str]] = {
        "service": sorted({*services, *exact.tables["service"]}),
        "office": sorted({*offices, *exact.tables["office"]}),
        "mall": sorted({*malls, *exact.tables["mall"]}),
        "channel": [channel.value for channel in Channel],
        "month": list(_months(exact.tables["month"])),
    }
    tables = {(name, key): exact.tables[name].get(key, NOTHING) for name in TABLES for key in keys[name]}
    return {TOTAL: exact.total, **tables}


def _months(table: Mapping[str, Figures]) -> Iterator[str]:
    shown = [month for month, figures in table.items() if _floored(figures.submitted)]
    if not shown:
        return
    month, last = min(shown), max(shown)
    while month <= last:
        yield month
        year, of_year = divmod(int(month[:-3]) * 12 + int(month[-2:]), 12)
        month = f"{year:04}-{of_year + 1:02}"


def _floored(count: Count) -> int:
    return 0 if isinstance(count, str) or count < SHOWN_FROM else count - count % SHOWN_FROM


def _unpinned(shown: Shown) -> Shown:
    """Reduce totals until every hidden figure of each sum has more than one possible value."""
    sums = list(_sums(shown))
    while pinned := {total for total, parts in sums if shown[total] and _pins(shown, total, parts)}:
        for total in pinned:
            shown[total] -= SHOWN_FROM
    return shown


def _pins(shown: Shown, total: Cell, parts: list[Cell]) -> bool:
    """Tell whether the shown total discloses its hidden parts.

    The total discloses them if each hidden part must be nine, which is the highest hidden value.

    On the line of an office, a total can differ from the sum of its parts, because files are transferred. If the total
    is higher than any possible sum of its parts, the total discloses nothing.
    """
    most = sum(shown[part] + SHOWN_FROM - 1 for part in parts)
    no_sum = total[0] == "office" and shown[total] > most + SHOWN_FROM * (len(parts) + 1)
    return shown[total] >= most and not no_sum and any(not shown[part] for part in parts)


def _sums(shown: Shown) -> Iterator[Sum]:
    """Yield every sum of published figures. A reader knows these sums, because they follow from the definitions of the
    figures.
    """
    places = dict.fromkeys((table, key) for table, key, _ in shown)
    for place in places:
        for total, parts in SUMS:
            yield (*place, total), [(*place, part) for part in parts]
    for name in TABLES:
        keys = [key for table, key in places if table == name]
        for count in COUNTS if keys and name not in PARTIAL else ():
            yield (*TOTAL, count), [(name, key, count) for key in keys]


def _public(exact: Figures, shown: Mapping[str, int]) -> Figures:
    counts: dict[str, Count] = {name: count or FEW for name, count in shown.items()}
    judged = shown["on_time"] + shown["late"]
    return replace(
        exact,
        **counts,
        on_time_percent=_share(shown["on_time"], shown["late"] or MOST_HIDDEN),
        on_time_recorded_percent=_share(shown["on_time_recorded"], shown["late_recorded"] or MOST_HIDDEN),
        without_deadline_percent=_part(shown["without_deadline"], shown["without_deadline"] + judged),
        reported_late_percent=_part(shown["reported_late"], judged),
        open_age_days_median=_halves(exact.open_age_days_median, shows=shown["open"] > 0),
        days_median=_halves(exact.days_median, shows=shown["decided"] > 0),
        days_p90=_halves(exact.days_p90, shows=shown["decided"] >= DECILE_FROM),
        handed_over_days_median=_halves(exact.handed_over_days_median, shows=shown["handed_over"] > 0),
        handed_over_days_p90=_halves(exact.handed_over_days_p90, shows=shown["handed_over"] >= DECILE_FROM),
        own_days_median=_halves(exact.own_days_median, shows=shown["decided"] > 0),
        own_days_p90=_halves(exact.own_days_p90, shows=shown["decided"] >= DECILE_FROM),
    )


def _share(on_time: int, late: int) -> float | None:
    whole = on_time + late
    return float(100 * on_time // whole // STEP * STEP) if whole >= SHARE_FROM else None


def _part(part: int, whole: int) -> float | None:
    """Return a share for which a high value is bad for the office. Return None if the count of the part is hidden."""
    return float(min(100, 100 * part // whole) // STEP * STEP) if part and whole >= SHARE_FROM else None


def _halves(days: float | None, *, shows: bool) -> float | None:
    return float(rounded_to(Fraction(days), HALF_A_DAY)) if shows and days is not None else None
