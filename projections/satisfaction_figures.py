"""Public satisfaction figures of a period. Each service, each office, and each service at an office has its own index.

    satisfaction : [CellCounts], [(service, office)], as_of, weights, period -> Satisfaction | None

Every figure is a sum of complete groups of ten answers. All answers of a group concern one service at one office in one
semester. So a reader who subtracts published figures never gets a figure about fewer than ten answers. The answers
beyond the last complete group are left out. The error bound of an index is the largest change that the left-out answers
could make to the index. An index has a grade only if the left-out answers could not change the grade.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from domain.satisfaction import Element, Grade, Score, Tally, Weights, grade, rounded, sufficient
from projections import statistics
from projections.disclosure import SHARE_FROM, SHOWN_FROM, STEP
from projections.figures import FEW, Count
from projections.queries import queries
from projections.satisfaction import VIEW as ANSWERS
from projections.satisfaction import Elements

INDEX_FROM = 30
"""An index is shown if at least this number of answers is counted."""
LEFT_OUT_MOST = SHOWN_FROM - 1
"""For each service at an office in a semester, at most this number of answers is left out. The same limit applies to
the number of served applicants.
"""
ZONE = "Asia/Jakarta"
"""For all offices, semesters and years begin at midnight in this time zone."""
CELLS = queries("satisfaction", answers=ANSWERS.answers, statistics_answer=statistics.VIEW.answers)["CELLS"]

ServiceAtOffice = tuple[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Semester:
    """Half a year. `half` is 1 or 2."""

    year: int
    half: int

    @property
    def name(self) -> str:
        return f"{self.year:04}-S{self.half}"

    @property
    def begins(self) -> datetime:
        """The beginning of the semester, in UTC."""
        first = date(self.year, 1 if self.half == 1 else 7, 1)
        return datetime.combine(first, time(), ZoneInfo(ZONE)).astimezone(UTC)

    def before(self) -> "Semester":
        return Semester(self.year, 1) if self.half > 1 else Semester(self.year - 1, 2)

    @classmethod
    def of(cls, at: datetime) -> "Semester":
        local = at.astimezone(ZoneInfo(ZONE))
        return cls(local.year, 1 if local.month < 7 else 2)  # noqa: PLR2004 - July


@dataclass(frozen=True, slots=True)
class Period:
    """A semester (`2026-S2`) or a year (`2026`). `semesters` holds the semesters of the period that have begun."""

    name: str
    semesters: tuple[Semester, ...]


def periods(as_of: datetime) -> list[Period]:
    """Return the periods that can be read at `as_of`: the present and the previous semester, then the present and the
    previous year.
    """
    now = Semester.of(as_of)
    this_year = (now,) if now.half == 1 else (now.before(), now)
    last_year = (Semester(now.year - 1, 1), Semester(now.year - 1, 2))
    return [
        Period(now.name, (now,)),
        Period(now.before().name, (now.before(),)),
        Period(f"{now.year:04}", this_year),
        Period(f"{now.year - 1:04}", last_year),
    ]


class CellCounts(Elements):
    """A row of the query CELLS: a service at an office in a semester.

    `covered` is the number of answers in the sums. `served` is the number of applicants served. Both numbers are
    rounded down to tens.
    """

    service: str
    office: str
    semester: str
    served: int
    covered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SatisfactionUnit:
    """The public figures of a service, of an office, or of a service at an office.

    `office` is None in the line of a service, and `service` is None in the line of an office. `answered` and `served`
    are sums of counts that are rounded down to tens. `index` (IKM) and `means` (NRR) are computed from the counted
    answers. `index` and `means` are None if fewer than `INDEX_FROM` answers are counted. If all answers were counted,
    the index would lie between `index_least` and `index_most`. If these two indexes have different grades, `grade` is
    None. The published counts are rounded, so the exact number of applicants may be higher. `sufficient` is true if the
    sample is large enough even for the highest possible number of applicants.
    """

    service: str | None
    office: str | None
    answered: Count = FEW
    served: Count = FEW
    answered_percent: float | None = None
    index: float | None = None
    index_least: float | None = None
    index_most: float | None = None
    grade: Grade | None = None
    sufficient: bool | None = None
    lowest: Element | None = None
    means: Mapping[Element, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Satisfaction:
    """The figures of one period. `as_of` is a full hour, in UTC. `periods` holds the names of all readable periods."""

    as_of: datetime
    weights: Weights
    period: str
    periods: Sequence[str]
    services: list[SatisfactionUnit]
    offices: list[SatisfactionUnit]
    units: list[SatisfactionUnit]


def satisfaction(
    cells: Sequence[CellCounts],
    places: Collection[ServiceAtOffice],
    as_of: datetime,
    *,
    weights: Weights,
    period: str | None = None,
) -> Satisfaction | None:
    """Return the figures of a period. Return None if `periods` has no period of this name.

    A place is a service at an office. `places` contains every registered place. The result has a line for each of these
    places, and also for any other place that has a cell. Without `period`, the result is for the first of `periods`
    that has an index. If no period has an index, the result is for the first of `periods`.
    """
    known = periods(as_of)
    wanted = [each for each in known if period in (None, each.name)]
    made = (_of_period(cells, places, as_of, weights, each) for each in wanted)
    first: Satisfaction | None = None
    for each in made:
        first = first or each
        if any(unit.index is not None for unit in (*each.services, *each.offices)):
            return each
    return first


def _of_period(
    cells: Iterable[CellCounts], places: Collection[ServiceAtOffice], as_of: datetime, weights: Weights, period: Period
) -> Satisfaction:
    semesters = {semester.name for semester in period.semesters}
    inside = [cell for cell in cells if cell["semester"] in semesters]
    every = {*places, *((cell["service"], cell["office"]) for cell in inside)}

    def lines(line_of: Callable[[str, str], ServiceAtOffice]) -> list[SatisfactionUnit]:
        """In a line, "" stands for all services or for all offices."""
        own: dict[ServiceAtOffice, list[CellCounts]] = defaultdict(list)
        for cell in inside:
            own[line_of(cell["service"], cell["office"])].append(cell)
        places_of = Counter(line_of(*place) for place in every)
        return [_unit(line, own[line], n * len(semesters), weights) for line, n in sorted(places_of.items())]

    return Satisfaction(
        as_of=as_of,
        weights=weights,
        period=period.name,
        periods=[each.name for each in periods(as_of)],
        services=lines(lambda service, _: (service, "")),
        offices=lines(lambda _, office: ("", office)),
        units=lines(lambda service, office: (service, office)),
    )


def _unit(line: ServiceAtOffice, cells: Sequence[CellCounts], groups: int, weights: Weights) -> SatisfactionUnit:
    """A cell is one place in one semester. Each cell may leave out a few answers. `groups` is the number of cells in
    this line.
    """
    answered, served = sum(cell["covered"] for cell in cells), sum(cell["served"] for cell in cells)
    left_out = groups * LEFT_OUT_MOST
    unit = SatisfactionUnit(
        service=line[0] or None,
        office=line[1] or None,
        answered=answered or FEW,
        served=served or FEW,
        answered_percent=float(min(100 * answered // served, 100) // STEP * STEP) if served >= SHARE_FROM else None,
    )
    if answered < INDEX_FROM:
        return unit
    tally = Tally(answered, {element: sum(scores) for element, scores in _scores(cells)})
    least, most = (_with(tally, left_out, score).index(weights) for score in (Score.WORST, Score.BEST))
    graded = grade(least)
    return replace(
        unit,
        index=float(tally.index(weights)),
        index_least=float(least),
        index_most=float(most),
        grade=graded if graded is grade(most) else None,
        sufficient=sufficient(answered, max(served, answered) + left_out),
        lowest=tally.lowest(),
        means={element: float(rounded(mean)) for element, mean in tally.means().items()},
    )


def _scores(cells: Sequence[CellCounts]) -> Iterator[tuple[Element, list[int]]]:
    for element in Element:
        yield element, [int(cell[element.value]) for cell in cells]


def _with(tally: Tally, more: int, score: Score) -> Tally:
    """Return the tally with `more` questionnaires added. In the added questionnaires, the answer to every question is
    `score`.
    """
    return Tally(tally.n + more, {element: each + more * score for element, each in tally.sums.items()})
