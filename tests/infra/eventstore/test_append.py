"""The append: one function of the database, an outcome for each save, nothing else that could write."""

from collections.abc import Iterator, Sequence
from typing import Any, LiteralString, Protocol
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError

from infra.eventstore.recorder import APPEND, Recorder, Save, SaveOutcome
from tests.conftest import Fresh
from tests.infra.eventstore.saves import a_save, rows
from tests.infra.eventstore.writers import Grouping


class Appender(Protocol):
    def append(self, saves: Sequence[Save]) -> list[SaveOutcome]: ...


@pytest.fixture(params=["at once", "gathered"])
def appender(request: pytest.FixtureRequest, fresh: Fresh, recorder: Recorder) -> Iterator[Appender]:
    """Two writers, one contract: for synchronous code, and for the event loop."""
    if request.param == "at once":
        yield recorder
    else:
        with Grouping(fresh.databases.serving) as grouping:
            yield grouping


def outcomes(appender: Appender, *saves: Save) -> list[str]:
    return [outcome.kind for outcome in appender.append(saves)]


def stored(fresh: Fresh) -> int:
    with psycopg.connect(fresh.databases.auditor) as connection:
        row = connection.execute("SELECT count(*) FROM stored_events").fetchone()
        assert row
        return int(row[0])


def test_versions_follow_one_another(appender: Appender, recorder: Recorder) -> None:
    stream = uuid4()
    assert outcomes(appender, a_save(1, stream=stream)) == ["stored"]
    assert outcomes(appender, a_save(2, 3, stream=stream)) == ["stored"]
    assert [event.originator_version for event in recorder.select_events(stream)] == [1, 2, 3]


def test_a_version_that_exists_and_a_hole_are_stale(appender: Appender, fresh: Fresh) -> None:
    stream = uuid4()
    appender.append([a_save(1, 2, stream=stream)])
    for versions in ((1,), (2,), (4,), (3, 5), (3, 3), (4, 3), (0,), (-1,), (2, 3)):
        assert appender.append([a_save(*versions, stream=stream)]) == [SaveOutcome("stale", ())], versions
    assert stored(fresh) == 2


def test_a_stream_opens_at_version_one(appender: Appender) -> None:
    assert outcomes(appender, a_save(0), a_save(2), a_save(7)) == ["stale", "stale", "stale"]


def test_a_claim_is_taken_once(appender: Appender, fresh: Fresh) -> None:
    assert outcomes(appender, a_save(1, claims=(b"number", b"command"))) == ["stored"]
    assert outcomes(appender, a_save(1, claims=(b"other", b"command"))) == ["claimed"]
    assert outcomes(appender, a_save(1, claims=(b"other",))) == ["stored"]  # the refused save claimed nothing
    assert stored(fresh) == 2


def test_each_save_of_a_batch_has_an_outcome_of_its_own(appender: Appender, fresh: Fresh) -> None:
    known, other = uuid4(), uuid4()
    appender.append([a_save(1, stream=known, claims=(b"taken",)), a_save(1, stream=other)])
    batch = [
        a_save(1),
        a_save(1, stream=known),
        a_save(1, claims=(b"taken",)),
        a_save(2, 3, stream=other),
        a_save(2, stream=other),
        a_save(1, claims=(b"free",)),
        a_save(1, claims=(b"free",)),
    ]
    found = appender.append(batch)
    kinds = ["stored", "stale", "claimed", "stored", "stale", "stored", "claimed"]
    assert [outcome.kind for outcome in found] == kinds
    assert [outcome.positions for outcome in found] == [(3,), (), (), (4, 5), (), (6,), ()]
    assert all(outcome.recorded_at for outcome in found)
    assert stored(fresh) == 6


def test_of_rivals_in_one_batch_the_first_goes(appender: Appender) -> None:
    stream = uuid4()
    assert outcomes(appender, a_save(1, stream=stream), a_save(1, stream=stream)) == ["stored", "stale"]
    assert outcomes(appender, a_save(1, claims=(b"one",)), a_save(1, claims=(b"one",))) == ["stored", "claimed"]


def test_a_save_of_several_streams_is_stored_whole_or_not_at_all(appender: Appender, fresh: Fresh) -> None:
    one, other = uuid4(), uuid4()
    assert outcomes(appender, Save((*rows(one, 1), *rows(other, 1), *rows(one, 2)))) == ["stored"]
    assert outcomes(appender, Save((*rows(one, 3), *rows(other, 3)))) == ["stale"]
    assert outcomes(appender, Save((*rows(one, 3), *rows(other, 2)))) == ["stored"]
    assert stored(fresh) == 5


def test_the_librarys_insert_is_all_or_an_error(recorder: Recorder, fresh: Fresh) -> None:
    stream = uuid4()
    assert recorder.insert_events(rows(stream, 1, 2), claims=[b"one"]) == (1, 2)
    with pytest.raises(IntegrityError, match="stale"):
        recorder.insert_events(rows(stream, 2, 3))
    with pytest.raises(IntegrityError, match="claimed"):
        recorder.insert_events(rows(stream, 3), claims=[b"one"])
    assert stored(fresh) == 2


def test_nothing_is_appended_of_nothing(appender: Appender) -> None:
    assert appender.append([]) == []


def test_the_append_refuses_a_snapshot_that_would_make_it_blind(fresh: Fresh) -> None:
    with psycopg.connect(fresh.databases.serving) as connection:
        for level in (psycopg.IsolationLevel.REPEATABLE_READ, psycopg.IsolationLevel.SERIALIZABLE):
            connection.isolation_level = level
            with pytest.raises(psycopg.errors.RaiseException, match="READ COMMITTED"):
                connection.execute(APPEND, ONE_EVENT)
            connection.rollback()


def test_an_append_is_notified_once_and_a_refused_one_is_not(appender: Appender, fresh: Fresh) -> None:
    with psycopg.connect(fresh.databases.serving, autocommit=True) as listener:
        listener.execute("LISTEN stored_events")
        appender.append([a_save(1), a_save(1)])
        appender.append([a_save(9)])
        assert len(list(listener.notifies(timeout=0.3))) == 1


ONE_EVENT: tuple[list[Any], ...] = ([1], [uuid4()], [1], ["application.received.v1"], [b"{}"], [], [], [])
FORBIDDEN: tuple[LiteralString, ...] = (
    "INSERT INTO stored_events VALUES (gen_random_uuid(), 1, 't', 's', 1, now())",
    "UPDATE stored_events SET topic = 'application.issued.v1'",
    "DELETE FROM stored_events",
    "TRUNCATE stored_events",
    "ALTER TABLE stored_events ADD COLUMN more text",
    "CREATE RULE mine AS ON INSERT TO stored_events DO INSTEAD NOTHING",
    "SELECT nextval('stored_events_notification_id_seq')",
    "SELECT setval('stored_events_notification_id_seq', 1)",
    "INSERT INTO claims VALUES ('c', gen_random_uuid())",
    "DELETE FROM claims",
    "DELETE FROM erasures",
    "INSERT INTO erasures (application_id) VALUES (gen_random_uuid())",
    "UPDATE accesses SET purpose = ''",
    "DELETE FROM accesses",
    "UPDATE eras SET from_position = 0",
    "CREATE TABLE public.mine (id integer)",
    "CREATE FUNCTION public.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "DROP FUNCTION append_events",
    "SELECT pg_read_file('/etc/passwd')",
    "COPY (SELECT 1) TO PROGRAM 'true'",
)


def test_the_serving_role_can_append_and_read_and_nothing_else(fresh: Fresh) -> None:
    for conninfo in (fresh.databases.serving, fresh.databases.auditor):
        with psycopg.connect(conninfo) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.commit()
            for statement in FORBIDDEN:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)
                connection.rollback()


def test_the_auditor_reads_the_log_and_cannot_append(recorder: Recorder, fresh: Fresh) -> None:
    recorder.append([a_save(1)])
    with psycopg.connect(fresh.databases.auditor) as connection:
        assert connection.execute("SELECT position, topic, state FROM events").fetchall() == [
            (1, "application.received.v1", {})
        ]
        connection.rollback()
        connection.execute("SET default_transaction_read_only = off")
        connection.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(APPEND, ONE_EVENT)
