"""The schema: made once however many start at once, and never by a release that does not know it."""

import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from infra.eventstore.recorder import Datastore, Recorder
from infra.postgres import databases as module
from infra.postgres.databases import (
    MIGRATIONS,
    Databases,
    SchemaNotOurs,
    create,
    databases,
    embedded,
    for_derived,
    migrate,
    with_options,
)
from infra.postgres.embedded import EmbeddedPostgres
from tests.conftest import PROJECT, Fresh
from tests.infra.logs import environment, url
from tests.running import JEJAK

NAMES = ("empty_events", "empty_keys")
AT_ONCE = 6


@pytest.fixture
def empty(postgres: EmbeddedPostgres) -> Iterator[Databases]:
    create(postgres, *NAMES)
    yield embedded(postgres, *NAMES)
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as connection:
        for name in NAMES:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def steps(conninfo: str) -> list[tuple[int, str]]:
    with psycopg.connect(conninfo) as connection:
        return connection.execute("SELECT step, name FROM migrations ORDER BY step").fetchall()


def ours(folder: str) -> list[tuple[int, str]]:
    return list(enumerate(sorted(file.name for file in (MIGRATIONS / folder).glob("*.sql")), 1))


def test_all_who_start_at_once_on_an_empty_database_find_one_schema(empty: Databases) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for started in [threads.submit(migrate, empty) for _ in range(AT_ONCE)]:
            started.result(timeout=30)
    for conninfo, folder in ((empty.owner, "events"), (empty.keys_owner, "keys")):
        assert steps(conninfo) == ours(folder)
    with psycopg.connect(empty.serving) as connection:
        assert connection.execute("SELECT era, from_position FROM eras").fetchall() == [(1, 0)]


def test_databases_can_be_made_by_many_at_once(postgres: EmbeddedPostgres) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for made in [threads.submit(create, postgres, "made_by_many") for _ in range(AT_ONCE)]:
            made.result(timeout=30)
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE made_by_many")


def test_a_migrated_database_is_left_as_it_is(fresh: Fresh) -> None:
    before = steps(fresh.databases.owner)
    migrate(fresh.databases)
    assert steps(fresh.databases.owner) == before


def test_a_database_from_the_future_is_refused(fresh: Fresh) -> None:
    for conninfo, folder in ((fresh.databases.keys_owner, "keys"), (fresh.databases.owner, "events")):
        known = len(ours(folder))
        with psycopg.connect(conninfo) as connection:
            connection.execute("INSERT INTO migrations VALUES (%s, 'of-the-future.sql')", (known + 1,))
        says = f"has schema {known + 1}, but this release knows only schema {known}: install the newer release"
        with pytest.raises(SchemaNotOurs, match=says):
            migrate(fresh.databases)


def test_a_database_with_a_step_of_another_name_is_refused(fresh: Fresh) -> None:
    with psycopg.connect(fresh.databases.owner) as connection:
        connection.execute("UPDATE migrations SET name = '0002-of-a-branch.sql' WHERE step = 2")
    unknown = r"has the migration 0002-of-a-branch\.sql, which this release does not know"
    with pytest.raises(SchemaNotOurs, match=unknown):
        migrate(fresh.databases)


def test_the_steps_that_are_missing_are_applied_together_or_not_at_all(
    empty: Databases, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "keys").mkdir()
    folder = tmp_path / "events"
    folder.mkdir()
    monkeypatch.setattr(module, "MIGRATIONS", tmp_path)
    (folder / "0001.sql").write_text("CREATE TABLE first (id integer)")
    migrate(empty)
    (folder / "0002.sql").write_text("CREATE TABLE second (id integer)")
    (folder / "0003.sql").write_text("CREATE TABLE third (id integer); SELECT 1 / 0")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty)
    assert steps(empty.owner) == [(1, "0001.sql")]
    (folder / "0003.sql").write_text("CREATE TABLE third (id integer)")
    migrate(empty)
    assert [name for _, name in steps(empty.owner)] == ["0001.sql", "0002.sql", "0003.sql"]
    with psycopg.connect(empty.owner) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert {name for (name,) in tables} == {"migrations", "first", "second", "third"}


def test_processes_that_start_at_once_on_an_empty_database_find_one_schema(empty: Databases, fresh: Fresh) -> None:
    there = Fresh(empty, fresh.settings)
    started = [
        subprocess.Popen([*JEJAK, "url"], env=environment(there), cwd=PROJECT, stdout=subprocess.DEVNULL)
        for _ in range(4)
    ]
    assert [process.wait(timeout=120) for process in started] == [0] * 4
    assert steps(empty.owner) == ours("events")
    assert steps(empty.keys_owner) == ours("keys")


MIGRATING = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE locktype = 'advisory' AND objid = hashtext('jejak migrate')::bit(32)::bigint::oid AND datname = %s
"""


@pytest.mark.parametrize("rounds", [3, pytest.param(50, marks=pytest.mark.prove)])
def test_killed_in_the_middle_of_a_migration_the_next_start_makes_it_whole(
    empty: Databases, fresh: Fresh, postgres: EmbeddedPostgres, rounds: int
) -> None:
    there = Fresh(empty, fresh.settings)
    seen = Counter[str]()
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as observer:
        for number in range(rounds):
            process = subprocess.Popen(
                [*JEJAK, "url"],
                env=environment(there),
                cwd=PROJECT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            while process.poll() is None and observer.execute(MIGRATING, (NAMES[0],)).fetchone() != (1,):
                time.sleep(0.001)
            time.sleep(number * 0.3 / rounds)
            process.kill()
            process.wait()
            while observer.execute(MIGRATING, (NAMES[0],)).fetchone() != (0,):  # until the server has noticed
                time.sleep(0.01)
            with psycopg.connect(empty.owner) as connection:
                [(table,)] = connection.execute("SELECT to_regclass('public.migrations')").fetchall()
            is_made = table is not None
            seen["made" if is_made else "not made"] += 1
            assert not is_made or steps(empty.owner) == ours("events"), "all steps or none"
            if is_made:
                for name in NAMES:
                    observer.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
                create(postgres, *NAMES)
    print(dict(seen))
    migrate(empty)
    assert steps(empty.owner) == ours("events")
    assert steps(empty.keys_owner) == ours("keys")


def test_a_failed_step_leaves_nothing_behind(empty: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    run: Any = psycopg.Connection.execute

    def fail_late(connection: psycopg.Connection, query: object, *values: object) -> Any:
        if "INSERT INTO migrations" in str(query):
            raise psycopg.OperationalError("the server was killed")
        return run(connection, query, *values)

    monkeypatch.setattr(psycopg.Connection, "execute", fail_late)
    with suppress(psycopg.OperationalError):
        migrate(empty)
    monkeypatch.undo()
    with psycopg.connect(empty.owner) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert tables == []
    migrate(empty)
    assert steps(empty.owner) == ours("events")


def test_a_configured_database_is_used_by_the_role_of_each_task(fresh: Fresh) -> None:
    configured = replace(
        fresh.settings,
        database_url=url(fresh.databases.owner),
        keys_database_url=url(fresh.databases.keys_owner),
    )
    with databases(configured) as found:
        roles = {}
        for name in ("owner", "serving", "auditor", "keys", "keys_owner"):
            with psycopg.connect(getattr(found, name)) as connection:
                row = connection.execute("SELECT current_user").fetchone()
                roles[name] = row[0] if row else None
        datastore = Datastore(found.serving)
        assert Recorder(datastore).max_notification_id() is None
        datastore.close()
    me = conninfo_to_dict(fresh.databases.owner)["user"]
    assert roles == {
        "owner": me,
        "serving": "jejak_serving",
        "auditor": "jejak_auditor",
        "keys": "jejak_keys",
        "keys_owner": me,
    }


def test_every_role_has_a_database() -> None:
    found = Databases(owner="o", serving="s", auditor="a", keys_owner="ko", keys="k")
    assert [found.conninfo(role) for role in module.DatabaseRole] == ["o", "s", "a"]


def test_what_is_made_from_the_log_does_not_wait_for_the_disk_and_the_log_does(fresh: Fresh) -> None:
    given = with_options(fresh.databases.serving, "-c application_name=counter")
    for conninfo, expected in ((given, "on"), (for_derived(given), "off")):
        with psycopg.connect(conninfo) as connection:
            row = connection.execute(
                "SELECT current_setting('application_name'), current_setting('synchronous_commit')"
            ).fetchone()
        assert row == ("counter", expected)


def test_growth_alone_starts_no_vacuum_of_what_is_only_added_to(fresh: Fresh) -> None:
    with psycopg.connect(fresh.databases.auditor) as connection:
        found = connection.execute(
            "SELECT oid::regclass::text, reloptions FROM pg_class WHERE reloptions::text LIKE '%insert_threshold%'"
        ).fetchall()
    assert sorted(table for table, _ in found) == ["feeds.messages", "stored_events"]
    assert all("autovacuum_vacuum_insert_threshold=-1" in options for _, options in found)
