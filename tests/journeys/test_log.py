"""Nobody changes what was written: the serving role cannot, and who can is found out."""

import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.runtime.fsck import faults_of_log
from tests.conftest import Fresh
from tests.running import Jejak

COLUMNS = "originator_id, originator_version, topic, state, notification_id, recorded_at"
TEN = (
    "SELECT originator_id FROM stored_events WHERE topic = 'application.submitted.v1' ORDER BY notification_id LIMIT 10"
)
RANDOM_POSITIONS = 200


@pytest.fixture(scope="module")
def serving(running: Jejak) -> Iterator[psycopg.Connection[Any]]:
    conninfo = running.command("url", "--role", "serving").stdout.strip()
    with psycopg.connect(conninfo, autocommit=True) as connection:
        yield connection


@pytest.fixture
def copied(auditor: str, fresh: Fresh) -> Fresh:
    """A log of its own with ten of the examples' streams, among them the sample's."""
    with psycopg.connect(auditor) as source:
        rows = source.execute(f"SELECT {COLUMNS} FROM stored_events WHERE originator_id IN ({TEN})").fetchall()
        claims = source.execute(f"SELECT claim, originator_id FROM claims WHERE originator_id IN ({TEN})").fetchall()
    with psycopg.connect(fresh.databases.owner) as target, target.cursor() as cursor:
        cursor.executemany(f"INSERT INTO stored_events ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s)", rows)
        cursor.executemany("INSERT INTO claims VALUES (%s, %s)", claims)
    assert faults(fresh) == []
    return fresh


def faults(fresh: Fresh) -> list[str]:
    return list(faults_of_log(fresh.databases.auditor, lambda _, __: None))


def guarded(fresh: Fresh) -> list[tuple[UUID, int, int]]:
    """The events that have a successor, each with its length."""
    with psycopg.connect(fresh.databases.auditor) as connection:
        return connection.execute(
            "SELECT originator_id, originator_version, length(state) FROM stored_events AS event WHERE EXISTS"
            " (SELECT FROM stored_events AS later WHERE later.originator_id = event.originator_id"
            " AND later.originator_version = event.originator_version + 1) ORDER BY notification_id"
        ).fetchall()


def named_with(owner: psycopg.Connection[Any], fresh: Fresh, event: tuple[UUID, int], place: int, by: int) -> set[str]:
    """Which events are named once `by` was added to the byte at `place`; the byte is put back."""
    change = (
        "UPDATE stored_events SET state = set_byte(state, %s, (get_byte(state, %s) + %s) %% 256)"
        " WHERE (originator_id, originator_version) = (%s, %s)"
    )
    owner.execute(change, (place, place, by, *event))
    named = {fault.partition(": ")[0] for fault in faults(fresh)}
    owner.execute(change, (place, place, 256 - by, *event))
    return named


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO stored_events SELECT gen_random_uuid(), 1, topic, state, 1, recorded_at FROM stored_events",
        "UPDATE stored_events SET state = state",
        "DELETE FROM stored_events",
        "TRUNCATE stored_events",
        "ALTER TABLE stored_events DISABLE TRIGGER ALL",
        "DROP TABLE stored_events",
        "DELETE FROM claims",
        "UPDATE eras SET era = 2",
        "DELETE FROM accesses",
        "UPDATE accesses SET purpose = ''",
        "DELETE FROM erasures",
        "SET ROLE jejak",
        "SET session_replication_role = replica",
        "CREATE TABLE public.mine ()",
    ],
)
def test_the_serving_role_cannot_change_what_was_written(statement: str, serving: psycopg.Connection[Any]) -> None:
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue)):
        serving.execute(statement)


def test_the_serving_role_appends_by_the_one_function(serving: psycopg.Connection[Any]) -> None:
    """Rolled back: the bytes are none of an event."""
    with serving.transaction(force_rollback=True):
        row = serving.execute(
            "SELECT outcome FROM append_events(ARRAY[1], ARRAY[%s]::uuid[], ARRAY[1]::bigint[], ARRAY['x.v1'],"
            " ARRAY['x'::bytea], ARRAY[]::integer[], ARRAY[]::bytea[], ARRAY[]::uuid[])",
            (uuid4(),),
        ).fetchone()
        assert row == ("stored",)


def test_every_changed_byte_of_an_event_names_that_event(copied: Fresh) -> None:
    stream, version, length = next(row for row in guarded(copied) if row[1] == 2)
    with psycopg.connect(copied.databases.owner, autocommit=True) as owner:
        for place in range(length):
            named = named_with(owner, copied, (stream, version), place, by=1 + place % 255)
            assert named == {f"event {stream}:{version}"}, place
    assert faults(copied) == []


def test_a_changed_byte_anywhere_names_its_event(copied: Fresh) -> None:
    dice = random.Random(1)
    events = guarded(copied)
    with psycopg.connect(copied.databases.owner, autocommit=True) as owner:
        for _ in range(RANDOM_POSITIONS):
            stream, version, length = dice.choice(events)
            place, by = dice.randrange(length), dice.randrange(1, 256)
            assert named_with(owner, copied, (stream, version), place, by) == {f"event {stream}:{version}"}, place
    assert faults(copied) == []


def test_a_changed_row_of_a_view_is_named(running: Jejak, serving: psycopg.Connection[Any]) -> None:
    row = serving.execute("SELECT application_id FROM views.progress ORDER BY application_id LIMIT 1").fetchone()
    assert row is not None
    change = "UPDATE views.progress SET version = version + %s WHERE application_id = %s"
    serving.execute(change, (1, row[0]))
    found = running.command("fsck", check=False)
    serving.execute(change, (-1, row[0]))
    assert (found.returncode, found.stdout) == (1, f"view progress: row {row[0]} differs from its rebuild\n")
    assert running.command("fsck").returncode == 0
