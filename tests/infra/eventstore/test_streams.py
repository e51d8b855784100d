"""Streams are remembered, and read on from there: what a command decides on is as of now, whoever wrote it."""

import asyncio
import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import AsyncConnection
from structlog.testing import capture_logs

from domain.application.commands import Cancel, Receive, ResetPin
from domain.codes import CancellationReason
from domain.refusals import ApplicationEnded
from infra.composition import Installation, installation
from infra.eventstore import stream_reader
from infra.eventstore.history import head_of
from service_layer.faults import ApplicationUnreadable, Unavailable
from service_layer.handlers import retries
from service_layer.requests import CommandResult
from tests.conftest import Fresh
from tests.infra.eventstore.asking import asked, submit, told, topics

pytestmark = pytest.mark.anyio


async def test_what_another_process_wrote_is_seen(made: Installation, fresh: Fresh) -> None:
    first = await submit(made)
    async with installation(fresh.settings, fresh.databases) as other:
        await made.commands.handle(first.application_id, asked(Receive()))
        for place in (other, made, other, made):
            before = (await place.streams.history(first.application_id)).application.version
            answer = await place.commands.handle(first.application_id, asked(ResetPin()))
            assert answer.application.version == before + 1
        await other.commands.handle(first.application_id, asked(Cancel(reason=CancellationReason.DUPLICATE)))
    with pytest.raises(ApplicationEnded):  # not refused by what is remembered, nor let through by it
        await made.commands.handle(first.application_id, asked(Cancel(reason=CancellationReason.DUPLICATE)))


async def test_a_remembered_stream_is_what_a_reader_finds(made: Installation, fresh: Fresh) -> None:
    first = await submit(made)
    received = asked(Receive())
    on_a_device = replace(received.act, at=received.act.at.astimezone(ZoneInfo("Asia/Jayapura")))
    await made.commands.handle(first.application_id, replace(received, act=on_a_device))
    remembered = made.streams.remembered[first.application_id]
    async with installation(fresh.settings, fresh.databases) as other:
        read = await other.streams.history(first.application_id)
    assert remembered == read
    assert repr(remembered.entries) == repr(read.entries), "the zones of equal instants differ"
    assert head_of(remembered) == head_of(read)


async def test_what_is_remembered_is_bounded(made: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_reader, "REMEMBERED_EVENTS", 5)
    answers = [await submit(made, f"k-{n}") for n in range(8)]
    assert made.streams.events == sum(len(history.entries) for history in made.streams.remembered.values()) <= 5
    for answer in answers:
        assert (await made.streams.history(answer.application_id)).application == answer.application


async def test_a_crowd_at_one_application_is_served_in_turn(made: Installation, fresh: Fresh) -> None:
    first = await submit(made)
    async with installation(fresh.settings, fresh.databases) as other:
        places = [made, other] * 10
        await asyncio.gather(*(place.commands.handle(first.application_id, asked(ResetPin())) for place in places))
    assert topics(made, first.application_id) == ["submitted", *["pin-reset"] * 20]


async def test_of_a_crowd_with_one_key_all_get_the_first_answer(made: Installation) -> None:
    answers = await asyncio.gather(*(submit(made, "k-1") for _ in range(12)))
    assert len({str(told(answer)) for answer in answers}) == 1


UNKNOWN = """
INSERT INTO stored_events (originator_id, originator_version, topic, state, recorded_at)
SELECT originator_id, originator_version + 1, %s, state, recorded_at FROM stored_events WHERE originator_id = %s
ORDER BY originator_version DESC LIMIT 1
"""


async def test_a_stream_that_cannot_be_read_harms_no_other_stream(made: Installation, fresh: Fresh) -> None:
    first, second = await submit(made, "k-1"), await submit(made, "k-2")
    with psycopg.connect(fresh.databases.owner) as connection:
        connection.execute(UNKNOWN, ("application.beamed-up.v1", first.application_id))
    with capture_logs() as lines:
        answers = await asyncio.gather(
            made.commands.handle(first.application_id, asked(Receive())),
            made.commands.handle(second.application_id, asked(Receive())),
            submit(made, "k-3"),
            return_exceptions=True,
        )
        with pytest.raises(ApplicationUnreadable):
            await made.commands.handle(first.application_id, asked(Receive()))
    assert [type(answer) for answer in answers] == [ApplicationUnreadable, CommandResult, CommandResult]
    [said] = [line for line in lines if line["event"] == "an event of an application cannot be read"]
    assert said["topic"] == "application.beamed-up.v1"


async def test_an_edition_that_cannot_be_read_stops_all_commands_and_says_so(
    made: Installation, fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "SECONDS_MAX", 0.1)
    first = await submit(made)
    with psycopg.connect(fresh.databases.owner) as connection:
        connection.execute(UNKNOWN, ("office.beamed-up.v1", next(iter(made.streams.published.ends))))
    with capture_logs() as lines, pytest.raises(Unavailable):
        await made.commands.handle(first.application_id, asked(Receive()))
    assert lines[0]["event"] == "an edition of the registry cannot be read"
    assert lines[0]["topic"] == "office.beamed-up.v1"


async def test_nothing_is_found_where_nothing_is(made: Installation) -> None:
    assert await made.streams.claimed([b"nobody's"]) is None
    assert await made.streams.claimed([]) is None


async def test_news_of_the_registry_are_found_by_their_own_index_also_while_the_log_is_empty(fresh: Fresh) -> None:
    """A plan is kept: one that reads the index of all events would read all of them for ever."""
    numbers = iter(range(1, 9))
    query = re.sub(r"%b", lambda _: f"${next(numbers)}", stream_reader.READ).replace("%%", "%")
    async with await AsyncConnection.connect(
        fresh.databases.owner, options=stream_reader.PLANNED, autocommit=True
    ) as connection:
        cursor = await connection.execute(f"EXPLAIN (GENERIC_PLAN) {query}")
        plan = " ".join(line for (line,) in await cursor.fetchall())
    assert "stored_events_registry" in plan
    assert "stored_events_notification_id_idx" not in plan
