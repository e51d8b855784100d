"""The library's own applications, followers and projections run over Jejak's log; docs/eventsourcing.md shows how."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, DomainEventProtocol
from eventsourcing.persistence import (
    InfrastructureFactory,
    IntegrityError,
    MapperDeserialisationError,
    Notification,
    NotSupportedError,
    OperationalError,
    StoredEvent,
    Tracking,
    TrackingRecorder,
)
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import ApplicationSubscription, EventSourcedProjectionRunner, Projection, ProjectionRunner
from eventsourcing.system import SingleThreadedRunner, System
from eventsourcing.tests import persistence
from eventsourcing.utils import TopicError
from psycopg.conninfo import conninfo_to_dict

from domain.application.commands import Receive
from domain.application.events import Approved, Received, Submitted
from domain.codes import Role
from infra.composition import Installation
from infra.eventstore.library import NOT_WRITTEN, JejakLog, LogFactory, LoggedEvent, LogMapper, LogRecorder
from infra.eventstore.recorder import Save
from infra.eventstore.topics import CLASSES
from infra.postgres.embedded import EmbeddedPostgres
from tests.builders import EDITIONS, INFORMATION
from tests.conftest import PROJECT, Fresh
from tests.infra.eventstore.asking import ask, asked, submit

pytestmark = pytest.mark.anyio

OURS = "infra.eventstore.library"
DOCUMENT = (PROJECT / "docs" / "eventsourcing.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"<!-- (\w+)\.py -->\n```python\n(.*?)```", DOCUMENT, flags=re.DOTALL))
WAIT_SECONDS = 60.0


@contextmanager
def own_database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database for the tables of a projection, apart from Jejak's."""
    name = f"reports_{uuid4().hex}"
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgres.conninfo(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def reports(postgres: EmbeddedPostgres) -> Iterator[str]:
    with own_database(postgres) as conninfo:
        yield conninfo


@pytest.fixture
def env(fresh: Fresh, reports: str) -> dict[str, str]:
    """The settings of the document: the log as the auditor, the projection's own database."""
    own = conninfo_to_dict(reports)
    return {
        "JEJAK_DATABASE_URL": fresh.databases.auditor,
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(own["dbname"]),
        "POSTGRES_HOST": str(own["host"]),
        "POSTGRES_PORT": str(own["port"]),
        "POSTGRES_USER": str(own["user"]),
        "POSTGRES_PASSWORD": "",
        "POSTGRES_POOL_SIZE": "1",
    }


@pytest.fixture
def log(env: dict[str, str]) -> Iterator[JejakLog]:
    with JejakLog(env) as opened:
        yield opened


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The second example as a module, imported once: the library keeps the classes of its topics."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "letters.py").write_text(EXAMPLES["letters"], encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield import_module("letters")


def view_of(runner: ProjectionRunner[Any, Any]) -> PostgresTrackingRecorder:
    view = runner.view
    assert isinstance(view, PostgresTrackingRecorder)
    return view


# Reading.


async def test_the_notification_log_gives_all_events_in_their_order(made: Installation, log: JejakLog) -> None:
    answer = await submit(made)
    section = log.notification_log["1,100"]
    assert [row.id for row in section.items] == list(range(1, answer.position + 1))
    assert section.items[-1].topic == Submitted.topic
    assert log.recorder.max_notification_id() == answer.position
    assert [row.id for row in log.notification_log.select(2, 2, inclusive_of_start=False)] == [3, 4]


async def test_an_event_has_its_place_its_act_and_its_own_class(made: Installation, log: JejakLog) -> None:
    answer = await submit(made)
    await made.commands.handle(answer.application_id, asked(Receive()))
    first, second = log.events.get(answer.application_id)
    assert isinstance(first, LoggedEvent)
    assert isinstance(first, Submitted)
    assert isinstance(first, DomainEventProtocol)
    assert (first.originator_id, first.originator_version) == (answer.application_id, 1)
    assert (first.service, first.topic) == (INFORMATION, "application.submitted.v1")
    assert (first.act.by, first.timestamp) == (Role.OFFICER, first.act.at)
    [[at]] = ask(made.databases.auditor, "SELECT max(recorded_at) FROM stored_events WHERE topic = %s", Submitted.topic)
    assert first.recorded_at == at
    assert type(first.event) is Submitted
    assert isinstance(second, Received)


async def test_a_stream_folds_to_what_the_command_handler_sees(made: Installation, log: JejakLog) -> None:
    answer = await submit(made)
    await made.commands.handle(answer.application_id, asked(Receive()))
    history = await made.streams.history(answer.application_id)
    assert log.application(answer.application_id) == history.application


async def test_an_unknown_stream_and_a_stream_of_the_registry_are_no_application(
    made: Installation,
    log: JejakLog,
) -> None:
    [[registry]] = ask(made.databases.auditor, "SELECT originator_id FROM stored_events WHERE notification_id = 1")
    for stream in (uuid4(), registry):
        with pytest.raises(AggregateNotFoundError):
            log.application(stream)


async def test_the_stock_repository_works_with_a_projector_function(made: Installation, log: JejakLog) -> None:
    stream = (await submit(made)).application_id
    repository: Any = log.repository
    names = repository.get(stream, projector_func=lambda _, events: [type(event.event) for event in events])
    assert names == [Submitted]
    with pytest.raises(AssertionError):
        repository.get(stream)


@pytest.mark.usefixtures("made")
async def test_every_event_of_the_registry_can_be_read_too(log: JejakLog) -> None:
    rows = log.notification_log.select(1, 500)
    events = [log.mapper.to_domain_event(row) for row in rows]
    assert {type(getattr(event, "event", None)) for event in events} == {type(event) for event in EDITIONS}
    times = [row.recorded_at for row in rows if hasattr(row, "recorded_at")]
    assert times == sorted(times)
    assert len(times) == len(rows)


async def test_the_stock_application_reads_by_its_environment_alone(made: Installation, env: dict[str, str]) -> None:
    answer = await submit(made)
    with Application[UUID](env={**env, "PERSISTENCE_MODULE": OURS}) as stock:
        [event] = stock.events.get(answer.application_id)
        assert isinstance(event, Submitted)


@pytest.mark.parametrize("login", ["owner", "auditor"])
def test_whatever_the_login_the_log_is_read_as_the_auditor(fresh: Fresh, env: dict[str, str], login: str) -> None:
    with JejakLog({**env, "JEJAK_DATABASE_URL": getattr(fresh.databases, login)}) as log:
        assert isinstance(log.recorder, LogRecorder)
        with log.recorder.datastore.get_connection() as connection:
            [row] = connection.execute("SELECT current_user AS who, current_setting('transaction_read_only') AS ro")
        assert (row["who"], row["ro"]) == ("jejak_auditor", "on")


def test_a_login_that_may_not_be_the_auditor_is_told_so(fresh: Fresh, env: dict[str, str]) -> None:
    with pytest.raises(OperationalError, match="permission denied to set role"):
        JejakLog({**env, "JEJAK_DATABASE_URL": fresh.databases.serving})


def test_no_class_of_ours_has_a_field_of_the_librarys() -> None:
    added = {*LoggedEvent.__annotations__, "timestamp"} - {"topic"}
    assert [cls for cls in CLASSES.values() if added & {field.name for field in fields(cls)}] == []


def test_a_log_without_an_address_says_which_setting_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JEJAK_DATABASE_URL", raising=False)
    with pytest.raises(OSError, match="JEJAK_DATABASE_URL is not set"):
        JejakLog()


def a_mapper() -> LogMapper:
    return LogMapper(InfrastructureFactory.construct().transcoder())


def test_a_topic_of_a_newer_release_is_named() -> None:
    with pytest.raises(TopicError, match=r"application\.dreamt\.v9"):
        a_mapper().to_domain_event(StoredEvent(uuid4(), 1, "application.dreamt.v9", b"{}"))


def test_a_broken_state_is_named_by_its_place() -> None:
    stream = uuid4()
    with pytest.raises(MapperDeserialisationError, match=f"{Submitted.topic}, {stream} version 1"):
        a_mapper().to_domain_event(StoredEvent(stream, 1, Submitted.topic, b"{}"))


async def test_a_notification_from_elsewhere_has_no_time_of_recording(made: Installation, log: JejakLog) -> None:
    stream = (await submit(made)).application_id
    [row] = log.recorder.select_events(stream)
    bare = Notification(id=1, originator_id=str(stream), originator_version=1, topic=row.topic, state=row.state)
    event = a_mapper().to_domain_event(bare)
    assert isinstance(event, LoggedEvent)
    assert (event.originator_id, event.recorded_at) == (stream, None)


# Writing is refused.


async def test_a_save_through_an_application_is_refused(made: Installation, log: JejakLog) -> None:
    answer = await submit(made)
    [event] = log.events.get(answer.application_id)
    for thing in (Aggregate(), event):
        with pytest.raises(NotSupportedError, match=re.escape(NOT_WRITTEN)):
            log.save(thing)
    assert log.save() == []
    assert log.recorder.max_notification_id() == answer.position


def test_the_recorder_and_the_stock_application_refuse_too(env: dict[str, str]) -> None:
    with Application[UUID](env={**env, "PERSISTENCE_MODULE": OURS}) as stock:
        assert isinstance(stock.recorder, LogRecorder)
        with pytest.raises(NotSupportedError, match="a command stores an event"):
            stock.save(Aggregate())
        with pytest.raises(NotSupportedError, match="a command stores an event"):
            stock.recorder.append([Save((StoredEvent(uuid4(), 1, Received.topic, b"{}"),))])


# Subscriptions and projections.


async def test_a_subscription_hears_of_a_new_event_and_skips_other_topics(made: Installation, log: JejakLog) -> None:
    first = await submit(made)
    with ApplicationSubscription(log, gt=first.position - 1, topics=(Submitted.topic,)) as subscription:
        assert next(subscription)[1] == Tracking("jejak", first.position)
        await made.commands.handle(first.application_id, asked(Receive()))
        second = await submit(made)
        started = time.monotonic()
        event, tracking = next(subscription)
        assert isinstance(event, LoggedEvent)
        assert (event.originator_id, tracking) == (second.application_id, Tracking("jejak", second.position))
        assert time.monotonic() - started < WAIT_SECONDS


class Stumbling(PostgresTrackingRecorder):
    """A view that keeps every position that it was given, and fails at some of them."""

    stumbles_at: int | None = None

    def __init__(self, datastore: PostgresDatastore, *, tracking_table_name: str) -> None:
        super().__init__(datastore, tracking_table_name=tracking_table_name)
        self.sql_create_statements.append(
            psycopg.sql.SQL("CREATE TABLE IF NOT EXISTS {} (position bigint)").format(psycopg.sql.Identifier("kept"))
        )

    def keep(self, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute("INSERT INTO kept VALUES (%s)", (tracking.notification_id,))
            if tracking.notification_id == type(self).stumbles_at:
                raise RuntimeError("killed in the middle of a transaction")


class Keeping(Projection[Stumbling]):
    def process_event(self, _: LoggedEvent, tracking: Tracking) -> None:
        self.view.keep(tracking)


def a_runner(env: dict[str, str]) -> ProjectionRunner[JejakLog, Stumbling]:
    return ProjectionRunner(application_class=JejakLog, projection_class=Keeping, view_class=Stumbling, env=env)


async def test_a_projection_that_fails_in_the_middle_goes_on_after_the_last_event_that_it_kept(
    made: Installation, env: dict[str, str], reports: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = (await submit(made)).position
    for at in (1, 4, last):
        monkeypatch.setattr(Stumbling, "stumbles_at", at)
        with pytest.raises(RuntimeError, match="killed"), a_runner(env) as runner:
            runner.run_forever(WAIT_SECONDS)
        view_of(runner).datastore.close()
        assert ask(reports, "SELECT position FROM kept") == [(position,) for position in range(1, at)]
    monkeypatch.setattr(Stumbling, "stumbles_at", None)
    with a_runner(env) as runner:
        runner.wait(last, WAIT_SECONDS)
        newest = (await submit(made)).position
        runner.wait(newest, WAIT_SECONDS)
    view_of(runner).datastore.close()
    assert ask(reports, "SELECT position FROM kept") == [(position,) for position in range(1, newest + 1)]


async def test_a_rival_is_refused_at_a_position_that_is_kept_already(
    made: Installation, env: dict[str, str], reports: str
) -> None:
    last = (await submit(made)).position
    with a_runner(env) as runner:
        runner.wait(last, WAIT_SECONDS)
        with ApplicationSubscription(runner.app) as late:
            for _ in range(last):
                with pytest.raises(IntegrityError):
                    runner.projection.process_event(*next(late))
    view_of(runner).datastore.close()
    assert ask(reports, "SELECT position FROM kept") == [(n,) for n in range(1, last + 1)]


async def test_a_lost_connection_ends_the_runner_and_a_new_one_goes_on(
    made: Installation, env: dict[str, str], reports: str
) -> None:
    last = (await submit(made)).position
    ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query ~ %s"
    with pytest.raises(OperationalError), a_runner(env) as runner:  # noqa: PT012 - the runner tells at its end
        runner.wait(last, WAIT_SECONDS)
        assert ask(made.databases.owner, ending, '^LISTEN "?stored_events')
        runner.run_forever(WAIT_SECONDS)
    view_of(runner).datastore.close()
    newest = (await submit(made)).position
    with a_runner(env) as runner:
        runner.wait(newest, WAIT_SECONDS)
    view_of(runner).datastore.close()
    assert ask(reports, "SELECT position FROM kept") == [(position,) for position in range(1, newest + 1)]


# The examples of the document.


@contextmanager
def the_example(env: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The first example of the document, in a process that is killed at the end."""
    file = folder / "submissions.py"
    file.write_text(EXAMPLES["submissions"], encoding="utf-8")
    around = {**os.environ, **env, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen([sys.executable, str(file)], env=around, cwd=folder) as process:
        try:
            yield process
        finally:
            process.kill()


async def test_the_example_counts_each_submission_once_though_it_is_killed(
    made: Installation, env: dict[str, str], reports: str, tmp_path: Path
) -> None:
    total = 0
    for _ in range(2):
        with the_example(env, tmp_path) as process:
            for _ in range(3):
                await submit(made)
            await_count(reports, process, total + 3)
            await submit(made)  # the kill comes before, while or after the example counts this one
        total += 4
    with the_example(env, tmp_path) as process:
        await_count(reports, process, total)
    assert ask(reports, "SELECT service, n FROM submissions") == [(INFORMATION, total)]


def await_count(reports: str, process: subprocess.Popen[bytes], total: int) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        assert process.poll() is None, "the example ended"
        [[exists]] = ask(reports, "SELECT to_regclass('submissions') IS NOT NULL")
        if exists and ask(reports, "SELECT n FROM submissions") == [(total,)]:
            return
        assert time.monotonic() < deadline
        time.sleep(0.05)


def an_approval(stream: UUID) -> StoredEvent:
    state = (
        b'{"actor":"","at":"2026-03-09T03:00:00Z","at_quality":"server","by":"officer","channel":"counter",'
        b'"command":"","data":{},"office":""}'
    )
    return StoredEvent(stream, 1, Approved.topic, state)


def letters_in(reports: str) -> list[tuple[Any, ...]]:
    return ask(reports, "SELECT topic, count(*), count(DISTINCT state) FROM letters_events GROUP BY topic")


async def test_the_process_application_of_the_document_writes_one_letter_for_each_approval(
    made: Installation, env: dict[str, str], reports: str, letters: ModuleType
) -> None:
    await submit(made)
    made.recorder.append([Save((an_approval(uuid4()),)) for _ in range(3)])
    ours = {**env, "PERSISTENCE_MODULE": OURS}
    kind: Any = letters.Letters
    for total in (3, 4):
        with EventSourcedProjectionRunner(application_class=JejakLog, projection_class=kind, env=ours) as runner:
            runner.wait(made.recorder.max_notification_id(), WAIT_SECONDS)
        assert letters_in(reports) == [("letters:Letter.Written", total, total)]
        made.recorder.append([Save((an_approval(uuid4()),))])


@pytest.mark.parametrize(
    "how",
    [
        {"PERSISTENCE_MODULE": OURS},
        {"PERSISTENCE_MODULE": "eventsourcing.postgres", "MAPPER_TOPIC": f"{OURS}:LogMapper"},
    ],
)
async def test_a_follower_pulls_and_processes_by_hand(
    made: Installation, env: dict[str, str], reports: str, letters: ModuleType, how: dict[str, str]
) -> None:
    made.recorder.append([Save((an_approval(uuid4()),)) for _ in range(12)])
    with JejakLog(env) as log, letters.Letters({**env, **how}) as app:
        app.follow("jejak", log.notification_log)
        for _ in range(2):
            app.pull_and_process("jejak")
        assert letters_in(reports) == [("letters:Letter.Written", 12, 12)]
        position = log.recorder.max_notification_id() or 0
        assert app.recorder.max_tracking_id("jejak") == position
        [event] = [log.mapper.to_domain_event(row) for row in log.notification_log.select(position, 1)]
        with pytest.raises(IntegrityError):  # the same position a second time
            app.process_event(event, Tracking("jejak", position))
        with pytest.raises(NotSupportedError):  # Jejak's event as its own
            app.save(event)
        [own] = app.notification_log["1,1"].items
        assert app.repository.get(own.originator_id).application_id


async def test_a_system_with_our_log_as_leader_is_not_prompted_but_can_pull(
    made: Installation, env: dict[str, str], reports: str, letters: ModuleType
) -> None:
    kind = letters.Letters
    with SingleThreadedRunner[UUID](System([[JejakLog, kind]]), env={**env, "PERSISTENCE_MODULE": OURS}) as runner:
        made.recorder.append([Save((an_approval(uuid4()),))])
        assert letters_in(reports) == []
        runner.get(kind).pull_and_process("jejak")
        assert letters_in(reports) == [("letters:Letter.Written", 1, 1)]


def test_the_document_shows_both_examples() -> None:
    assert EXAMPLES.keys() == {"submissions", "letters"}


# The library's own contract for tracking, on the recorders that the factory hands out.


@pytest.fixture(autouse=True)
def lent(request: pytest.FixtureRequest) -> Iterator[None]:
    """unittest's cases take no fixtures: the settings are left here for them."""
    if request.cls is None:
        yield
        return
    LENT["factory"] = LogFactory(request.getfixturevalue("env"))
    yield
    LENT.pop("factory").close()


LENT: dict[str, LogFactory] = {}


class TestTracking(persistence.TrackingRecorderTestCase):
    def create_recorder(self) -> TrackingRecorder:
        return LENT["factory"].tracking_recorder()


class TestProcessing(persistence.ProcessRecorderTestCase):
    def create_recorder(self) -> Any:
        return LENT["factory"].process_recorder()
