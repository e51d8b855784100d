"""The figures against a count by hand, and the cut that all processes share."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TypeVar

import psycopg
import pytest

from domain.promises.overdue import overdue
from infra import catalogue
from infra.composition import installation
from infra.projector.views import VIEWS
from infra.queries.statistics import PostgresStatistics, forget
from projections.figures import NOTHING, Statistics
from projections.statistics import OVERDUE
from service_layer.faults import Unavailable
from tests.conftest import Fresh
from tests.infra.logs import writing
from tests.infra.projector.test_views import made_anew

STATISTICS = VIEWS["statistics"]
T = TypeVar("T")


def asked(fresh: Fresh, ask: Callable[[PostgresStatistics], Awaitable[T]]) -> T:
    async def run() -> T:
        async with installation(fresh.settings, fresh.databases) as made:
            await made.editions.publish(catalogue.examples(), made.recorder, made.named.commands[0])
            return await ask(PostgresStatistics(made.pool, made.editions))

    return asyncio.run(run())


def lives(fresh: Fresh, number: int) -> None:
    with writing(fresh.databases.owner) as writer:
        writer.lives(number)
    made_anew(STATISTICS, fresh.databases.serving)


def test_the_figures_are_those_of_a_count_by_hand(fresh: Fresh) -> None:
    """Lives begin a day after one another and are withdrawn at once."""
    lives(fresh, 40)
    seen = asked(fresh, lambda figures: figures.exact())
    total = seen.total
    assert (total.submitted, total.answered, total.withdrawn, total.open) == (40, 40, 40, 0)
    assert (total.decided, total.without_deadline, total.on_time, total.late) == (0, 0, 0, 0)
    assert (total.days_median, total.on_time_percent, total.open_age_days_median) == (None, None, None)
    assert {key: line.submitted for key, line in seen.tables["month"].items()} == {"2026-03": 23, "2026-04": 17}
    assert [line.submitted for line in seen.tables["service"].values()] == [40]


def test_of_a_time_in_the_past_only_what_had_happened_by_then_counts(fresh: Fresh) -> None:
    """Lives begin a day after one another; before the first one there is nothing at all."""
    lives(fresh, 40)
    seen = asked(fresh, lambda figures: figures.exact(datetime(2026, 3, 31, 17, tzinfo=UTC)))
    assert (seen.total.submitted, seen.total.withdrawn) == (23, 23)
    assert list(seen.tables["month"]) == ["2026-03"]
    assert asked(fresh, lambda figures: figures.exact(datetime(2025, 1, 1, tzinfo=UTC))).total == NOTHING


def cut_at(fresh: Fresh, age: timedelta) -> None:
    with psycopg.connect(fresh.databases.owner) as connection:
        connection.execute("UPDATE public_figures SET cut_at = %s", (datetime.now(UTC) - age,))


def test_a_cut_is_kept_for_an_hour(fresh: Fresh) -> None:
    lives(fresh, 12)
    first = asked(fresh, PostgresStatistics.public)
    assert first.total.submitted == 10
    lives(fresh, 10)
    assert asked(fresh, PostgresStatistics.public) == first
    cut_at(fresh, timedelta(minutes=61))
    assert asked(fresh, PostgresStatistics.public).total.submitted == 20


def test_a_hundred_events_make_a_new_cut_after_a_minute(fresh: Fresh) -> None:
    lives(fresh, 12)
    first = asked(fresh, PostgresStatistics.public)
    lives(fresh, 25)
    assert asked(fresh, PostgresStatistics.public) == first
    cut_at(fresh, timedelta(seconds=61))
    assert asked(fresh, PostgresStatistics.public).total.submitted == 30


def test_a_forgotten_cut_is_made_anew(fresh: Fresh) -> None:
    lives(fresh, 12)
    assert asked(fresh, PostgresStatistics.public).total.submitted == 10
    lives(fresh, 10)
    asked(fresh, lambda figures: forget(figures.pool))
    assert asked(fresh, PostgresStatistics.public).total.submitted == 20


def test_many_who_ask_at_once_get_one_cut(fresh: Fresh) -> None:
    lives(fresh, 12)

    async def crowd(statistics: PostgresStatistics) -> list[Statistics]:
        return await asyncio.gather(*(statistics.public() for _ in range(40)))

    cuts = asked(fresh, crowd)
    assert all(cut == cuts[0] for cut in cuts)


def test_a_view_that_is_not_there_is_a_reason_to_come_again(fresh: Fresh) -> None:
    with pytest.raises(Unavailable):
        asked(fresh, lambda figures: figures.exact())


def test_the_database_states_the_rule_of_overdue(fresh: Fresh) -> None:
    """Every order of a promised instant, the beginning of a pause and now, each also absent or equal to another."""
    hours = [None, *(datetime(2026, 3, 9, hour, tzinfo=UTC) for hour in (1, 2, 3))]
    cases = list(product(hours, hours))
    for now in filter(None, hours):
        with psycopg.connect(fresh.databases.owner) as connection:
            rows = connection.execute(
                "SELECT coalesce(" + OVERDUE + ", false)"
                " FROM unnest(%(due)s::timestamptz[], %(since)s::timestamptz[]) WITH ORDINALITY"
                " AS s(due_at, paused_since, place) ORDER BY place",
                {"due": [due for due, _ in cases], "since": [since for _, since in cases], "as_of": now},
            ).fetchall()
        assert [is_so for (is_so,) in rows] == [overdue(due, now, since) for due, since in cases]
