from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.promises.steps import TooManyCalendars, after_pause, extended, moved, promised, recomputed
from domain.provenance import Promise
from domain.refusals import CalendarEnds, OfficeUnknown
from domain.registry.calendar import AfterHours, DayZero, Unit
from domain.registry.terms import PromiseTerms
from tests.builders import SEMARANG, registry_of
from tests.domain.offices import (
    EDITION,
    HOUR,
    NATIONAL,
    closed_on,
    country,
    days,
    local,
    place,
    promise,
    special,
    the_office,
)

FIVE_DAYS = PromiseTerms(unit=Unit.WORKING_DAYS, n=5)
FRIDAY = local("2026-03-13T10:00")
COUNTRY = country()
OF_FRIDAY = promise(5, Unit.WORKING_DAYS, FRIDAY, COUNTRY)
OF_THE_SOURCE = Promise(unit=Unit.SOURCE, n=0, due_at=FRIDAY, standard=EDITION, calendar="", rule="source")


def test_five_working_days_from_friday_13_march_end_on_friday_27_march_at_closing_time() -> None:
    assert (
        Promise(
            unit=Unit.WORKING_DAYS,
            n=5,
            due_at=datetime(2026, 3, 27, 8, tzinfo=UTC),
            standard=EDITION,
            calendar="id-2026@1",
            rule="day-zero-is-completeness",
        )
        == OF_FRIDAY
    )


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-03-16T11:00", "2026-03-25T09:00"),  # Tuesday and, after the holidays, Wednesday
        ("2026-03-13T16:00", "2026-03-25T09:00"),  # after closing time counts as Monday
        ("2026-03-25T09:00", "2026-03-27T09:00"),
        ("2026-03-27T15:00", "2026-03-31T09:00"),  # from the due instant itself
    ],
)
def test_a_pause_of_two_working_days_moves_it_to_tuesday_31_march(since: str, until: str) -> None:
    paused = after_pause(OF_FRIDAY, local(since), local(until), **place(COUNTRY))
    assert paused == replace(OF_FRIDAY, due_at=local("2026-03-31T15:00"))


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-03-27T15:00:01", "2026-04-10T09:00"),  # begins after the due instant
        ("2026-03-16T09:00", "2026-03-16T14:00"),  # within a day
        ("2026-03-17T16:00", "2026-03-25T07:00"),  # while the office is closed
        ("2026-03-18T09:00", "2026-03-16T09:00"),  # ends before it begins
    ],
)
def test_a_pause_that_takes_no_working_day_moves_nothing(since: str, until: str) -> None:
    assert after_pause(OF_FRIDAY, local(since), local(until), **place(COUNTRY)) == OF_FRIDAY


@pytest.mark.parametrize(
    ("unit", "n", "due", "moved_to"),
    [
        (Unit.WORKING_DAYS, 3, "2026-04-09T15:00", "2026-04-10T15:00"),
        (Unit.CALENDAR_DAYS, 5, "2026-04-11T15:00", "2026-04-12T15:00"),  # a Saturday, then a Sunday
        (Unit.MONTHS, 1, "2026-05-06T15:00", "2026-05-07T15:00"),
        (Unit.SERVICE_HOURS, 14, "2026-04-08T10:00", "2026-04-08T15:00"),
        (Unit.SERVICE_MINUTES, 840, "2026-04-08T10:00", "2026-04-08T15:00"),
        (Unit.WALL_HOURS, 72, "2026-04-09T10:00", "2026-04-10T08:00"),
    ],
)
def test_a_pause_from_tuesday_eleven_to_wednesday_nine_is_a_day_or_five_open_hours_or_22(
    unit: Unit, n: int, due: str, moved_to: str
) -> None:
    before = promise(n, unit, local("2026-04-06T10:00"), COUNTRY)
    assert before.due_at == local(due)
    after = after_pause(before, local("2026-04-07T11:00"), local("2026-04-08T09:00"), **place(COUNTRY))
    assert after == replace(before, due_at=local(moved_to))


def test_a_pause_while_the_office_is_closed_costs_no_open_time() -> None:
    before = promise(14, Unit.SERVICE_HOURS, FRIDAY, COUNTRY)
    assert after_pause(before, local("2026-03-14T09:00"), local("2026-03-15T09:00"), **place(COUNTRY)) == before


def test_a_promise_that_rolls_forward_goes_on_rolling() -> None:
    before = promise(5, Unit.CALENDAR_DAYS, local("2026-04-06T10:00"), COUNTRY, roll_forward=True)
    assert before.due_at == local("2026-04-13T15:00")
    assert before.rule == "day-zero-is-completeness-rolls-forward"
    after = after_pause(before, local("2026-04-07T11:00"), local("2026-04-12T09:00"), **place(COUNTRY))
    assert after.due_at == local("2026-04-20T15:00")  # six days after Monday the 13th is a Sunday
    assert extended(after, 5, **place(COUNTRY)).due_at == local("2026-04-27T15:00")


@pytest.mark.parametrize(
    ("unit", "n", "more", "due"),
    [
        (Unit.WORKING_DAYS, 3, 7, "2026-04-20T15:00"),
        (Unit.CALENDAR_DAYS, 5, 7, "2026-04-18T15:00"),
        (Unit.MONTHS, 1, 1, "2026-06-06T15:00"),
        (Unit.SERVICE_HOURS, 14, 7, "2026-04-09T10:00"),
        (Unit.SERVICE_MINUTES, 840, 15, "2026-04-08T10:15"),
        (Unit.WALL_HOURS, 72, 24, "2026-04-10T10:00"),
    ],
)
def test_an_extension_goes_on_from_the_due_day_in_the_same_unit(unit: Unit, n: int, more: int, due: str) -> None:
    before = promise(n, unit, local("2026-04-06T10:00"), COUNTRY)
    assert extended(before, more, **place(COUNTRY)) == replace(before, n=n + more, due_at=local(due))


def test_a_sources_own_deadline_is_neither_paused_nor_extended() -> None:
    assert after_pause(OF_THE_SOURCE, FRIDAY - HOUR, FRIDAY, **place(COUNTRY)) == OF_THE_SOURCE
    with pytest.raises(ValueError, match="states its own"):
        extended(OF_THE_SOURCE, 5, **place(COUNTRY))


def test_a_promise_recomputed_takes_every_pause_and_then_the_extensions() -> None:
    second = (local("2026-03-30T09:00"), local("2026-03-31T09:00"))
    first = (local("2026-03-16T11:00"), local("2026-03-25T09:00"))
    again = recomputed(FIVE_DAYS, FRIDAY, [second, first], [7], **place(COUNTRY), edition=EDITION)
    assert again == moved(OF_FRIDAY, [first, second, 7], **place(COUNTRY))
    assert again.due_at == local("2026-04-13T15:00")
    assert again.n == 12


def test_a_new_edition_moves_the_promises_that_it_touches_and_only_those() -> None:
    pauses = [(local("2026-03-16T11:00"), local("2026-03-25T09:00"))]
    before = recomputed(FIVE_DAYS, FRIDAY, pauses, [], **place(COUNTRY), edition=EDITION)
    one_day_more = country(replace(NATIONAL, edition=2, holidays=(*NATIONAL.holidays, date(2026, 3, 30))))
    later = recomputed(FIVE_DAYS, FRIDAY, pauses, [], **place(one_day_more), edition=EDITION)
    assert (before.due_at, before.calendar) == (local("2026-03-31T15:00"), "id-2026@1")
    assert (later.due_at, later.calendar) == (local("2026-04-01T15:00"), "id-2026@2")
    within_the_pause = country(replace(NATIONAL, edition=2, holidays=(*NATIONAL.holidays, date(2026, 3, 17))))
    same = recomputed(FIVE_DAYS, FRIDAY, pauses, [], **place(within_the_pause), edition=EDITION)
    assert same.due_at == before.due_at


def test_a_promise_names_what_was_laid_over_its_days_and_nothing_else() -> None:
    registry = country(
        closed_on(*days("2026-03-25")),
        closed_on(*days("2026-07-01"), code="later", first_day=date(2026, 6, 1), last_day=date(2026, 8, 1)),
        closed_on(*days("2026-03-25"), code="elsewhere", offices=("pemda-3374-dinkes",)),
    )
    found = promise(5, Unit.WORKING_DAYS, FRIDAY, registry)
    assert found.due_at == local("2026-03-30T15:00")
    assert found.calendar == "id-2026@1+closures-3374@1"


def test_a_promise_that_moves_names_the_editions_of_its_new_days_too() -> None:
    before = promise(3, Unit.WORKING_DAYS, local("2026-12-22T10:00"), COUNTRY)
    assert (before.due_at, before.calendar) == (local("2026-12-29T15:00"), "id-2026@1")
    newer = country(replace(NATIONAL, edition=2))
    assert extended(before, 5, **place(newer)).calendar == "id-2026@1+id-2026@2+id-2027@1"
    pause = (local("2026-12-23T09:00"), local("2026-12-30T09:00"))
    assert after_pause(before, *pause, **place(COUNTRY)).calendar == "id-2026@1+id-2027@1"


def test_what_no_calendar_knows_is_not_promised() -> None:
    late = promise(3, Unit.WORKING_DAYS, local("2027-12-22T10:00"), COUNTRY)
    with pytest.raises(CalendarEnds):
        extended(late, 5, **place(COUNTRY))
    with pytest.raises(CalendarEnds):
        promise(3, Unit.WORKING_DAYS, datetime(2028, 1, 1, tzinfo=UTC), COUNTRY)
    with pytest.raises(OfficeUnknown):
        promised(FIVE_DAYS, FRIDAY, **place(registry_of([NATIONAL])), edition=EDITION)


def test_more_calendars_than_a_promise_can_name_are_refused_with_advice() -> None:
    many = country(*(closed_on(code=f"a-rather-long-name-of-some-closures-{n}") for n in range(6)))
    with pytest.raises(TooManyCalendars, match="as one calendar"):
        promise(5, Unit.WORKING_DAYS, FRIDAY, many)


@pytest.mark.parametrize(
    ("day_zero", "after_hours", "rule"),
    [
        (None, None, "day-zero-is-completeness"),
        (DayZero.COMPLETENESS, AfterHours.NEXT_OPENING, "day-zero-is-completeness"),
        (DayZero.DAY_BEFORE, None, "day-one-is-completeness"),
        (None, AfterHours.SAME_DAY, "day-zero-is-completeness-after-hours-same-day"),
        (DayZero.DAY_BEFORE, AfterHours.SAME_DAY, "day-one-is-completeness-after-hours-same-day"),
    ],
)
def test_the_rule_names_the_settings_of_the_office(
    day_zero: DayZero | None, after_hours: AfterHours | None, rule: str
) -> None:
    registry = country(office=the_office(day_zero=day_zero, after_hours=after_hours))
    assert promise(5, Unit.WORKING_DAYS, FRIDAY, registry).rule == rule
    rolling = promise(5, Unit.CALENDAR_DAYS, FRIDAY, registry, roll_forward=True)
    assert rolling.rule == f"{rule}-rolls-forward"
    assert len(rolling.rule) <= 63


def test_the_closing_hour_of_a_special_week_is_the_due_hour_in_it() -> None:
    registry = country(closed_on(special_hours=(special("2026-02-18", "2026-03-19"),)))
    monday = local("2026-03-09T10:00")
    assert promise(2, Unit.WORKING_DAYS, monday, registry).due_at == local("2026-03-11T13:30")
    assert promise(5, Unit.CALENDAR_DAYS, monday, registry).due_at == local("2026-03-14T13:30")  # a closed Saturday
    assert promise(1, Unit.SERVICE_HOURS, local("2026-03-09T13:00"), registry).due_at == local("2026-03-10T08:30")


def test_a_promise_is_counted_by_the_calendar_of_the_office_alone() -> None:
    closed = country(closed_on(*days("2026-03-26"), offices=("pemda-7371-disdukcapil",)))
    assert promise(5, Unit.WORKING_DAYS, FRIDAY, closed) == OF_FRIDAY
    assert SEMARANG in closed.offices
    assert OF_FRIDAY.due_at - FRIDAY == timedelta(days=14, hours=5)
