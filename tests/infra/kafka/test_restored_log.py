"""A log that was restored to an earlier time, and a topic that has more: the relay never goes on by itself."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

from feeds.agencies.kafka.relay import Refused
from feeds.agencies.kafka.relay_position import Position
from infra.eventstore.eras import begin
from infra.kafka.relay import PostgresSource
from tests.builders import SEMARANG
from tests.conftest import Fresh
from tests.infra.kafka.relaying import AGENCY
from tests.infra.logs import Writer, writing
from tests.infra.projector.test_outbox import TOPICS, distributing, messages, register, until_told

LOSE = (
    "DELETE FROM feeds.messages WHERE position > %(kept)s",
    "DELETE FROM stored_events WHERE notification_id > %(kept)s",
    "UPDATE feeds.distributed SET position = least(position, %(kept)s)",
    "SELECT setval('stored_events_notification_id_seq', %(kept)s)",
)


@pytest.fixture
def writer(fresh: Fresh) -> Iterator[Writer]:
    """The log has five applications, and the feeds are made."""
    with writing(fresh.databases.serving) as made, distributing(fresh.databases.serving):
        register(made, SEMARANG)
        made.lives(5)
        until_told(fresh.databases.serving)
        yield made


def published(fresh: Fresh) -> list[Position]:
    """The positions that the relay stored while it published each message in a transaction of its own."""
    return [Position(message.position, message.era, message.id, 1) for message in messages(fresh.databases.serving)]


def restore(fresh: Fresh, kept: int) -> None:
    """Loses the events after a position, as a restore to a point in time does."""
    with psycopg.connect(fresh.databases.owner) as connection:
        for statement in LOSE:
            connection.execute(statement.encode(), {"kept": kept})


def refused(fresh: Fresh, position: Position) -> str:
    source = PostgresSource(fresh.databases.serving, AGENCY, threading.Event())
    assert source.lead()
    try:
        source.vouch(position)
    except Refused as refusal:
        return f"{refusal.code}: {refusal}"
    finally:
        source.close()
    return ""


def test_what_was_published_and_lost_is_named_with_the_command_that_goes_on(fresh: Fresh, writer: Writer) -> None:
    before = published(fresh)
    kept, end = before[7], before[-1]
    restore(fresh, kept.position)
    said = refused(fresh, end)
    assert said.startswith(f"ahead-of-log: {AGENCY}: Kafka has the feed up to position {end.position}")
    assert "jejak era begin" in said

    begin(fresh.databases.owner, reason="restored")
    for lives in (0, 5):  # before and after new events, of which there are as many as were lost
        writer.lives(lives)
        until_told(fresh.databases.serving)
        said = refused(fresh, end)
        assert said.startswith("ahead-of-log: ")
        assert f"`jejak relay --begin {AGENCY} --at {kept.position} --anew`" in said
        assert [refused(fresh, position) for position in before[:8]] == [""] * 8, "what the log kept goes on"
        assert all(refused(fresh, position) for position in before[8:])
    assert [refused(fresh, position) for position in published(fresh)] == [""] * len(published(fresh))


def test_restored_again_to_before_the_last_era_the_lost_eras_are_refused_as_well(fresh: Fresh, writer: Writer) -> None:
    first = published(fresh)
    begin(fresh.databases.owner, reason="restored")
    writer.lives(3)
    until_told(fresh.databases.serving)
    second = published(fresh)[len(first) :]
    assert {position.era for position in second} == {2}
    kept = first[4].position
    restore(fresh, kept)
    with psycopg.connect(fresh.databases.owner) as connection:
        connection.execute("DELETE FROM eras WHERE era = 2")
    begin(fresh.databases.owner, reason="restored further back", seen=2)
    writer.lives(5)
    until_told(fresh.databases.serving)
    for position in (*first[5:], *second):
        assert f"--at {kept} --anew" in refused(fresh, position)
    assert [refused(fresh, position) for position in first[:5]] == [""] * 5


def test_without_an_era_a_used_position_with_another_event_is_refused(fresh: Fresh, writer: Writer) -> None:
    """The operator forgot the era."""
    before = published(fresh)
    restore(fresh, before[7].position)
    writer.lives(5)
    until_told(fresh.databases.serving)
    assert refused(fresh, before[-1]).startswith("other-log: ")
    assert TOPICS.agencies.keys() == {AGENCY}
