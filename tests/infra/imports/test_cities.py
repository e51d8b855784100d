"""Two real case tables, a row a case: all of it is here, at its time, by a count of the raw CSV that shares no code.

CI takes a part of each, with the rows that are hard; `make prove` takes all.
"""

import asyncio
import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from domain.json_values import instant
from feeds.history.mapping_file import read_mapping
from infra.composition import installation
from infra.queries.statistics import PostgresStatistics
from projections.figures import Figures
from tests.conftest import PROJECT, Fresh, shared
from tests.infra.imports.bringing import command, told

BOSTON, PERMITS = "boston311_2011H2_redacted.csv.gz", "us_permit_timelines_4cities.csv.gz"
NEW_YORK, LOS_ANGELES = ZoneInfo("America/New_York"), ZoneInfo("America/Los_Angeles")
EVERY = 25
DOUBLED = "2011-11-06 01:"

Row = dict[str, str]
Stored = tuple[str, str, str, str]
"""At, topic, quality, office."""

EVENTS = """
SELECT state->>'at', topic, state->>'at_quality', state->>'office' FROM events WHERE topic LIKE 'application.%'
"""
a_part_or_all = pytest.mark.parametrize(
    "every",
    [
        pytest.param(EVERY, id="part", marks=pytest.mark.timeout(300)),
        pytest.param(1, id="all", marks=[pytest.mark.prove, pytest.mark.timeout(3_600)]),
    ],
)


@dataclass(frozen=True)
class Brought:
    first: dict[str, Any]
    second: dict[str, Any]
    events: Counter[Stored]
    offices: dict[str, Figures]


def rows_of(file: Path) -> list[Row]:
    with gzip.open(file, "rt", encoding="utf-8", newline="") as packed:
        return list(csv.DictReader(packed))


def bring(fresh: Fresh, folder: Path, rows: list[Row], mapping: str) -> Brought:
    """Twice, by the program; what is stored then, and what the statistics say of it."""
    file = folder / "log.csv.gz"
    with gzip.open(file, "wt", encoding="utf-8", newline="") as packed:
        writer = csv.DictWriter(packed, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    runs = [command(fresh, "import", file, "--mapping", PROJECT / "examples" / mapping) for _ in range(2)]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr
    with psycopg.connect(fresh.databases.auditor) as connection:
        events: Counter[Stored] = Counter(connection.execute(EVENTS).fetchall())
    first, second = (told(run.stdout) for run in runs)
    return Brought(first, second, events, asyncio.run(offices(fresh)))


async def offices(fresh: Fresh) -> dict[str, Figures]:
    async with installation(fresh.settings, fresh.databases) as made:
        return dict((await PostgresStatistics(made.pool, made.editions).exact()).tables["office"])


def code_of(mapping: str) -> dict[str, str]:
    return {word: office.code for word, office in read_mapping(PROJECT / "examples" / mapping).offices.values.items()}


def counts(brought: Brought, applications: int, events: int) -> None:
    said = {"applications": applications, "events": events, "rejected": 0}
    assert {name: brought.first[name] for name in said} == said
    assert (brought.first["new_events"], brought.first["duplicates"]) == (events, 0)
    assert (brought.second["new_events"], brought.second["duplicates"]) == (0, events)
    assert brought.events.total() == events


def naive(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - as the file says it


@a_part_or_all
def test_boston(fresh: Fresh, tmp_path: Path, every: int) -> None:
    everything = rows_of(shared(BOSTON))
    hard = [row for row in everything if DOUBLED in row["open_dt"] + row["closed_dt"]]
    assert len(hard) == 4
    rows = [row for place, row in enumerate(everything) if place % every == 0 or row in hard]
    brought = bring(fresh, tmp_path, rows, "boston311.toml")

    closed = [row for row in rows if row["closed_dt"]]
    if every == 1:
        assert (len(rows), len(closed), len(rows) + len(closed)) == (58_251, 54_570, 112_821)
    counts(brought, len(rows), len(rows) + len(closed))

    code = code_of("boston311.toml")
    expected: Counter[Stored] = Counter()
    for row in rows:
        office = code[row["department"]]
        expected[boston_at(row["open_dt"]), "application.submitted.v1", "source", office] += 1
        if row["closed_dt"]:
            kind = "cancelled" if row["disposition"] == "Duplicate" else "concluded"
            expected[boston_at(row["closed_dt"]), f"application.{kind}.v1", "source", office] += 1
    assert brought.events == expected

    late = Counter(
        row["department"]
        for row in closed
        if row["disposition"] != "Duplicate"  # a cancelled case is not a decision, so it is neither on time nor late
        and row["target_dt"]
        and naive(row["closed_dt"]) > naive(row["target_dt"])
    )
    cases, ended = Counter(row["department"] for row in rows), Counter(row["department"] for row in closed)
    seen = {name: brought.offices[code[name]] for name in cases}
    assert {name: (figures.submitted, figures.answered, figures.late) for name, figures in seen.items()} == {
        name: (cases[name], ended[name], late[name]) for name in cases
    }
    assert (late.total() == 8_230) == (every == 1)


def boston_at(text: str) -> str:
    """Of a doubled hour the earlier one, in summer time: that is what the mapping says."""
    at = naive(text).replace(tzinfo=NEW_YORK, fold=0).astimezone(UTC)
    assert not text.startswith(DOUBLED) or at.hour == 5
    return instant(at)


@a_part_or_all
def test_the_permits_of_four_cities(fresh: Fresh, tmp_path: Path, every: int) -> None:
    rows = rows_of(shared(PERMITS))[::every]
    brought = bring(fresh, tmp_path, rows, "us-permits.toml")
    issued = [row for row in rows if row["issued_date"]]
    if every == 1:
        assert (len(rows), len(issued)) == (64_427, 49_407)
    counts(brought, len(rows), len(rows) + len(issued))

    code = code_of("us-permits.toml")
    expected = Counter(permit_events(rows, code))
    assert brought.events == expected, "each at the first instant of its day, weekends as they are"
    weekend = sum(date.fromisoformat(row["applied_date"]).isoweekday() > 5 for row in rows)
    assert (weekend == 6_875) == (every == 1)

    cases, done = Counter(row["city"] for row in rows), Counter(row["city"] for row in issued)
    assert {c: (brought.offices[code[c]].submitted, brought.offices[code[c]].granted) for c in cases} == {
        c: (cases[c], done[c]) for c in cases
    }


def permit_events(rows: list[Row], code: dict[str, str]) -> Iterator[Stored]:
    for row in rows:
        for day, kind in ((row["applied_date"], "submitted"), (row["issued_date"], "issued")):
            if day:
                at = datetime.combine(date.fromisoformat(day), datetime.min.time(), LOS_ANGELES).astimezone(UTC)
                yield instant(at), f"application.{kind}.v1", "day", code[row["city"]]
