"""The distributor: every message once, in order, whatever dies when; the same bytes when the feeds are made anew."""

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain.application.events import Received, Transferred
from domain.codes import Channel, Role
from domain.provenance import Act
from feeds.agencies.messages import Message
from feeds.agencies.topics_file import AgencyTable, Topics
from infra.eventstore.identifiers import registry_id
from infra.eventstore.recorder import Save
from infra.eventstore.rows import rows_of
from infra.postgres.pool import pool
from infra.projector import outbox
from infra.projector.outbox import Outbox
from infra.projector.stored_messages import MESSAGES, STORED, message_from
from infra.queries.applications import PostgresViews
from tests.builders import COMPLETE, MAKASSAR, MONDAY, NUMBER, SEMARANG, an_act, an_office, stage_done
from tests.conftest import PROJECT, Fresh
from tests.infra.logs import COMMAND, Writer, environment
from tests.running import JEJAK

BEHIND = """
SELECT coalesce((SELECT max(notification_id) FROM stored_events), 0) - position FROM feeds.distributed
WHERE edition = %s
"""
ENDED = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND usename = 'jejak_serving' AND pid <> pg_backend_pid()
"""
TOPICS = Topics(agencies={"disdukcapil": AgencyTable()})


@contextmanager
def distributing(conninfo: str, topics: Topics = TOPICS) -> Iterator[Outbox]:
    distributor = Outbox(conninfo, topics)
    distributor.start()
    try:
        yield distributor
    finally:
        distributor.stop()


def register(writer: Writer, code: str, agency: str = "disdukcapil") -> None:
    act = Act(at=MONDAY, by=Role.SYSTEM, channel=Channel.INTERNAL)
    office = replace(an_office(code, "Asia/Jakarta"), agency=agency)
    rows, _ = rows_of(registry_id("office", code), 0, "", [office], act, command=COMMAND, digest="")
    assert writer.recorder.append([Save(tuple(rows))])[0].stored


def asked(conninfo: str, statement: str, *values: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        return connection.execute(statement, values).fetchall()


def messages(conninfo: str) -> list[Message]:
    return [message_from(row) for row in asked(conninfo, f"{STORED} ORDER BY m.agency, m.position")]


def told_in(conninfo: str) -> list[tuple[UUID, int, int]]:
    """Stream, version and previous version of every message of one agency."""
    return [(UUID(each.stream), each.version, each.previous) for each in messages(conninfo)]


def until_told(conninfo: str, topics: Topics = TOPICS, seconds: float = 60) -> None:
    """Returns when the feeds are made up to the end of the log."""
    deadline = time.monotonic() + seconds
    while asked(conninfo, BEHIND, topics.edition()) != [(0,)]:
        assert time.monotonic() < deadline, "the feeds did not catch up"
        time.sleep(0.02)


@pytest.fixture
def writer(fresh: Fresh) -> Iterator[Writer]:
    made = Writer(fresh.databases.serving)
    register(made, SEMARANG)
    yield made
    made.datastore.close()


def test_an_agency_is_told_of_each_event_of_its_offices_once_and_in_order(fresh: Fresh, writer: Writer) -> None:
    lives = writer.lives(3)
    at = fresh.databases
    with distributing(at.serving):
        lives += writer.lives(2)
        until_told(at.serving)
    told = told_in(at.serving)
    assert told == [(life, version, version - 1) for life in lives for version in (1, 2, 3, 4)]


def test_made_anew_the_feed_is_the_same_and_another_agencys_does_not_change_it(fresh: Fresh, writer: Writer) -> None:
    at = fresh.databases
    writer.life()
    register(writer, MAKASSAR)
    writer.lives(2)
    with distributing(at.serving):
        until_told(at.serving)
    before = messages(at.serving)
    assert len(before) == 12
    more = Topics(agencies={**TOPICS.agencies, "pln": AgencyTable()})
    with distributing(at.serving, more):
        until_told(at.serving, more)
    assert messages(at.serving) == before


def test_an_office_concerns_an_agency_from_its_registration_on(fresh: Fresh, writer: Writer) -> None:
    at = fresh.databases
    act, stream = an_act(), UUID(int=77)
    rows, _ = rows_of(stream, 0, "", [Transferred(to=MAKASSAR)], act, command=COMMAND, digest="")
    writer.recorder.append([Save(tuple(rows))])
    register(writer, MAKASSAR)
    with distributing(at.serving):
        until_told(at.serving)
        assert messages(at.serving) == []


def test_a_new_holder_gets_the_state_of_the_file_however_its_events_are_cut_into_pages(
    fresh: Fresh, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, two = fresh.databases, Topics(agencies={**TOPICS.agencies, "pln": AgencyTable()})
    register(writer, MAKASSAR, agency="pln")
    writer.append(*COMPLETE, *stage_done("verification"), Transferred(to=MAKASSAR), Received(), office=SEMARANG)
    found = []
    for page in (1, 2, 1000):
        monkeypatch.setattr(outbox, "PAGE", page)
        asked(at.owner, "UPDATE feeds.distributed SET edition = 'another' RETURNING 1")
        with distributing(at.serving, two):
            until_told(at.serving, two)
        found.append(messages(at.serving))
    assert found[0] == found[1] == found[2]
    carried = {(told.agency, told.version): json.loads(told.body).get("so_far") for told in messages(at.serving)}
    assert [key for key, so_far in carried.items() if so_far] == [("pln", 7)]
    state = carried["pln", 7]
    assert (state["number"], state["promise"]["due_at"]) == (NUMBER, "2026-03-16T08:00:00.000000Z")
    assert [stage["stage"] for stage in state["stages"]] == ["verification"]


def test_killed_at_any_moment_it_leaves_neither_a_gap_nor_a_double(fresh: Fresh, writer: Writer) -> None:
    at = fresh.databases
    lives = writer.lives(200)
    for pause in (0.0, 0.05, 0.1):
        with subprocess.Popen(
            [*JEJAK, "project"],
            env=environment(fresh) | {"JEJAK_TOPICS_FILE": str(PROJECT / "tests" / "infra" / "topics.toml")},
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdout
            process.stdout.readline()
            time.sleep(pause)
            process.kill()
            assert process.wait() == -9
    with distributing(at.serving), distributing(at.serving):
        lives += writer.lives(5)
        until_told(at.serving)
    told = told_in(at.serving)
    assert told == [(life, version, version - 1) for life in lives for version in (1, 2, 3, 4)]


def test_a_lost_connection_interrupts_it_only(fresh: Fresh, writer: Writer) -> None:
    at = fresh.databases
    with distributing(at.serving) as distributor:
        writer.life()
        until_told(at.serving)
        asked(at.owner, ENDED)
        writer.life()
        until_told(at.serving)
        assert distributor.thread.is_alive()
    assert len(messages(at.serving)) == 8


def test_an_event_that_it_cannot_tell_keeps_the_feeds_behind_and_readyz_says_so(fresh: Fresh, writer: Writer) -> None:
    at = fresh.databases

    async def behind() -> int:
        async with pool(at.serving) as made:
            return await PostgresViews(made, at.serving).feeds()

    with distributing(at.serving):
        writer.lives(2)
        until_told(at.serving)
        assert asyncio.run(behind()) == 0
        asked(
            at.owner,
            "INSERT INTO stored_events SELECT gen_random_uuid(), 1, 'application.unheard-of.v1', '{}', max + 1, now()"
            " FROM (SELECT max(notification_id) FROM stored_events) AS newest RETURNING 1",
        )
        assert asyncio.run(behind()) == 1
    assert len(messages(at.serving)) == 8


MANY = """
WITH logged AS (
    INSERT INTO stored_events
    SELECT gen_random_uuid(), 1, 'application.received.v1', '{}', n, now() FROM generate_series(1, 5000) AS n
    ON CONFLICT DO NOTHING
)
INSERT INTO feeds.messages (position, at, previous, size, agency, kind, packed)
SELECT n, now(), 0, 2, 'pln', 'event', '{}' FROM generate_series(1, 5000) AS n
"""
READ_ROWS = """
SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables
WHERE relid IN ('feeds.messages'::regclass, 'stored_events'::regclass)
"""


def test_a_page_reads_what_it_returns_however_little_is_known_of_the_table(fresh: Fresh) -> None:
    """It is planned by what the table was when it was small; so planned, it would sort all that follows."""
    with psycopg.connect(fresh.databases.owner, autocommit=True) as connection:
        connection.execute("ANALYZE feeds.messages, stored_events")
        connection.execute(MANY)
    with psycopg.connect(fresh.databases.serving) as connection:
        page = connection.execute(MESSAGES, ("pln", None, 1000, 10, 4096)).fetchall()
        [(read,)] = connection.execute(READ_ROWS).fetchall()
    assert [row[1] for row in page] == list(range(1001, 1011))
    assert read <= 2 * len(page) + 1
