"""Tables and charts of the statistics page: this module makes their lines and computes the lengths of their bars.

A length is a percentage of the longest possible bar. A hidden figure has the length None.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from api.pages.language import Language
from api.pages.words import CHANNELS, N_, NN_, OUTCOMES
from domain.registry.editions import MallRegistered, OfficeRegistered, StandardPublished
from domain.registry.registry import Registry
from projections.figures import Count, Figures, Statistics

LINES_MAX = 30
MONTHS_MAX = 24
SLOTS_MIN = 12  # With fewer slots, the bars of an installation's first months would be very wide.


@dataclass(frozen=True, slots=True)
class TableLine:
    """A line of a table. If a cell is empty, the figure does not exist or may not be shown."""

    name: str
    cells: list[str]
    length: float | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class TableColumn:
    name: str
    count: Count
    slot: int
    length: float | None


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of months in their order. The chart has one slot for each month. The slot of a month without applications
    is empty.
    """

    columns: list[TableColumn]
    slots: int

    @property
    def highest(self) -> TableColumn | None:
        shown = [column for column in self.columns if column.length is not None]
        return max(shown, key=lambda column: column.length or 0, default=None)

    @property
    def lowest(self) -> TableColumn:
        return min(self.columns, key=lambda column: -1 if column.length is None else column.length)

    @property
    def hidden(self) -> bool:
        return self.lowest.length is None

    @property
    def latest(self) -> TableColumn:
        return self.columns[-1]


Registered = StandardPublished | OfficeRegistered | MallRegistered


def registered(registry: Registry, table: str, code: str) -> Registered | None:
    if table == "service":
        return registry.newest(code)
    return registry.malls.get(code) if table == "mall" else registry.offices.get(code)


def examples_in(statistics: Statistics, registry: Registry) -> bool:
    """Returns whether any figure may include example applications."""
    named = (
        registered(registry, table, code)
        for table in ("service", "office", "mall")
        for code in statistics.tables.get(table, ())
    )
    return any(each.example for each in named if each)


def promises(language: Language, statistics: Statistics, registry: Registry, table: str) -> list[TableLine]:
    """`table` is service, office, mall or channel. Returns the lines of this table. The lines with the most
    applications come first, and the lines with hidden figures come last.
    """
    lines = sorted(
        (
            (_named(language, registry, table, code), figures)
            for code, figures in statistics.tables.get(table, {}).items()
        ),
        key=lambda each: (-_size(each[1].submitted), each[0]),
    )
    return [_promise(language, name, remark, figures) for (name, remark), figures in lines]


def _size(count: Count) -> int:
    return count if isinstance(count, int) else -1


def _named(language: Language, registry: Registry, table: str, code: str) -> tuple[str, str]:
    """Returns the name of `code`, and a remark if the entry is an example or was imported."""
    if table == "channel":
        return language.say(CHANNELS[code]) if code in CHANNELS else code, ""
    entry = registered(registry, table, code)
    if entry is None:
        return code, ""
    remark = N_("example") if entry.example else N_("imported") if entry.imported else ""
    return language.of(entry.names), language.say(remark) if remark else ""


def _promise(language: Language, name: str, remark: str, figures: Figures) -> TableLine:
    share = figures.on_time_percent
    cells = [
        share_in(language, share),
        count_in(language, figures.submitted),
        days_in(language, figures.days_median),
        days_in(language, figures.days_p90),
        days_in(language, figures.handed_over_days_median),
        days_in(language, figures.own_days_median),
        share_in(language, figures.without_deadline_percent),
    ]
    return TableLine(name, cells, share, remark)


def outcomes(language: Language, total: Figures) -> list[TableLine]:
    """Returns one line for each outcome of answered applications. The most frequent outcome has the longest bar."""
    counts = {code: getattr(total, code) for code in OUTCOMES}
    lengths = _lengths(counts)
    return [
        TableLine(language.say(word), [count_in(language, counts[code])], lengths[code])
        for code, word in OUTCOMES.items()
    ]


def months(language: Language, statistics: Statistics) -> tuple[list[TableLine], Chart | None]:
    """Returns a table and a chart of the last `MONTHS_MAX` months. The last of these months is the newest month with
    figures.

    The table begins with the newest month. The chart begins with the oldest month.
    """
    table = statistics.tables.get("month", {})
    newest = max(table, default="")
    recent = {month: table[month] for month in sorted(table) if _place(newest) - _place(month) < MONTHS_MAX}
    lines = [_month(language, month, figures) for month, figures in recent.items()]
    return lines[::-1], _chart(language, {month: figures.submitted for month, figures in recent.items()})


def _month(language: Language, month: str, figures: Figures) -> TableLine:
    cells = [count_in(language, figures.submitted), share_in(language, figures.on_time_percent)]
    return TableLine(language.month(month), cells)


def _chart(language: Language, counts: Mapping[str, Count]) -> Chart | None:
    if not counts:
        return None
    lengths, last = _lengths(counts), _place(max(counts))
    slots = max(SLOTS_MIN, 1 + last - _place(min(counts)))
    columns = [
        TableColumn(language.month(month), count, slots - 1 + _place(month) - last, lengths[month])
        for month, count in counts.items()
    ]
    return Chart(columns, slots)


def _place(month: str) -> int:
    """Returns the number of months since the year 0."""
    year, _, number = month.partition("-")
    return int(year) * 12 + int(number)


def _lengths(counts: Mapping[str, Count]) -> dict[str, float | None]:
    longest = max((_size(count) for count in counts.values()), default=0)
    return {key: 100 * count / max(longest, 1) if isinstance(count, int) else None for key, count in counts.items()}


def count_in(language: Language, count: Count) -> str:
    return language.number(count) if isinstance(count, int) else count


def share_in(language: Language, percent: float | None) -> str:
    return "" if percent is None else language.percent(percent)


def days_in(language: Language, days: float | None) -> str:
    return "" if days is None else language.measure(NN_("%(num)s day", "%(num)s days"), days)
