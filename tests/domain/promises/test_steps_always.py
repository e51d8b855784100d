"""Properties of every promise, in any zone, with any settings and under any local calendar."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.promises.deadlines import PauseSpan
from domain.promises.steps import after_pause, moved, recomputed
from domain.provenance import Promise
from domain.registry.calendar import AfterHours, DayZero, Unit, is_working_day, local_day
from domain.registry.editions import OfficeRegistered, Registry, evolve
from domain.registry.terms import PromiseTerms
from tests.builders import CLOSED, SEMARANG
from tests.domain.offices import EDITION, MONDAYS_ONLY, RAMADAN, closed_on, country, place, promise, special, the_office

QUARTER = timedelta(minutes=15)
BY_OPEN_DAYS_OR_TIME = (Unit.WORKING_DAYS, Unit.SERVICE_MINUTES, Unit.SERVICE_HOURS, Unit.WALL_HOURS)

zones = st.sampled_from(["Asia/Jakarta", "Asia/Jayapura", "Europe/Amsterdam", "America/St_Johns"])
instants = st.integers(0, 100 * 24 * 4).map(lambda quarters: datetime(2026, 1, 10, tzinfo=UTC) + quarters * QUARTER)
counted = st.sampled_from([unit for unit in Unit if unit is not Unit.SOURCE])
lengths = st.integers(0, 12)
days_off = st.integers(0, 120).map(lambda later: date(2026, 1, 5) + timedelta(later))
offices = st.builds(
    the_office,
    zones,
    day_zero=st.none() | st.sampled_from(DayZero),
    after_hours=st.none() | st.sampled_from(AfterHours),
    joint_leave_closed=st.booleans(),
)
specials = st.sampled_from(
    [
        None,
        (special("2026-02-18", "2026-03-19"),),
        (special("2026-03-02", "2026-03-08", RAMADAN, *(CLOSED,) * 5, RAMADAN),),
        (special("2026-03-02", "2026-04-12", *MONDAYS_ONLY),),
    ]
)


def laid_over(office: OfficeRegistered, closures: set[date], special_hours: Any) -> Registry:
    return country(closed_on(*sorted(closures), special_hours=special_hours), office=office)


countries = st.builds(laid_over, offices, st.sets(days_off, max_size=8), specials)


@dataclass(frozen=True)
class Case:
    registry: Registry
    start: datetime
    unit: Unit
    n: int
    roll_forward: bool

    @property
    def promise(self) -> Promise:
        return promise(self.n, self.unit, self.start, self.registry, roll_forward=self.roll_forward)

    def after(self, *steps: PauseSpan | int) -> Promise:
        return moved(self.promise, steps, **place(self.registry))

    def is_open(self, due: datetime) -> bool:
        known = self.registry.calendar_from(due, SEMARANG)
        assert known
        hours = self.registry.opening_hours(SEMARANG)
        return is_working_day(local_day(due, hours), known[0], hours)


def cases(*units: Unit, roll_forward: tuple[bool, ...] = (False, True)) -> st.SearchStrategy[Case]:
    return st.builds(
        Case,
        countries,
        instants,
        st.sampled_from(units or [unit for unit in Unit if unit is not Unit.SOURCE]),
        lengths,
        st.sampled_from(roll_forward),
    )


@st.composite
def pauses(draw: st.DrawFn) -> list[PauseSpan]:
    """Draw disjoint pauses in the order of time."""
    ends = sorted(draw(st.sets(instants, max_size=6)))
    return list(zip(ends[::2], ends[1::2], strict=False))


@given(cases(Unit.WORKING_DAYS), pauses(), lengths)
def test_working_days_never_end_on_a_closed_day_however_they_move(
    case: Case, taken: list[PauseSpan], more: int
) -> None:
    for found in (case.promise, case.after(*taken), case.after(*taken, more)):
        assert case.is_open(found.due_at)


@given(cases(Unit.CALENDAR_DAYS, Unit.MONTHS, roll_forward=(True,)), pauses())
def test_what_rolls_forward_never_ends_on_a_closed_day(case: Case, taken: list[PauseSpan]) -> None:
    assert case.is_open(case.promise.due_at)
    assert case.is_open(case.after(*taken).due_at)
    assert case.promise.due_at >= replace(case, roll_forward=False).promise.due_at


@given(cases(), pauses())
def test_a_pause_never_shortens_and_nothing_is_due_before_it_is_complete(case: Case, taken: list[PauseSpan]) -> None:
    due = case.promise
    assert due.due_at >= case.start
    for pause in taken:
        later = after_pause(due, *pause, **place(case.registry))
        assert later.due_at >= due.due_at
        assert later.due_at == due.due_at or pause[0] <= due.due_at
        due = later


@given(cases(), st.tuples(instants, instants, instants, instants))
def test_a_longer_pause_never_makes_it_due_earlier(case: Case, ends: tuple[datetime, ...]) -> None:
    earlier, since, until, later = sorted(ends)
    assert case.after((earlier, later)).due_at >= case.after((since, until)).due_at


@given(cases(roll_forward=(False,)), pauses(), st.randoms(use_true_random=False))
def test_disjoint_pauses_that_begin_before_the_due_instant_may_come_in_any_order(
    case: Case, taken: list[PauseSpan], dice: Any
) -> None:
    running = [pause for pause in taken if pause[0] <= case.promise.due_at]
    assert case.after(*dice.sample(running, len(running))) == case.after(*running)


@given(cases(roll_forward=(False,)), st.tuples(instants, instants, instants))
def test_two_pauses_that_meet_are_one(case: Case, ends: tuple[datetime, ...]) -> None:
    since, meet, until = sorted(ends)
    assume(meet <= case.promise.due_at)
    assert case.after((since, meet), (meet, until)).due_at == case.after((since, until)).due_at


@given(cases(), st.sets(days_off, max_size=3), pauses())
def test_more_closed_days_never_make_it_due_earlier(case: Case, closures: set[date], taken: list[PauseSpan]) -> None:
    """In calendar days and months, tested without pauses: a pause may begin on a day that the closures close."""
    more = evolve(case.registry, closed_on(*sorted(closures), code="more-closures"))
    running = [pause for pause in taken if pause[0] >= case.start and case.unit in BY_OPEN_DAYS_OR_TIME]
    terms = PromiseTerms(unit=case.unit, n=case.n, roll_forward=case.roll_forward)
    old, new = (
        recomputed(terms, case.start, running, [], **place(registry), edition=EDITION)
        for registry in (case.registry, more)
    )
    assert new.due_at >= old.due_at


@given(cases(*BY_OPEN_DAYS_OR_TIME, Unit.CALENDAR_DAYS, roll_forward=(False,)), lengths, lengths)
def test_two_extensions_are_one_of_their_sum(case: Case, one: int, two: int) -> None:
    twice, once = case.after(one, two), case.after(one + two)
    assert (twice.due_at, twice.n) == (once.due_at, once.n)
