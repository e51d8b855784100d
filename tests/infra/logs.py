"""Made-up lives, straight into the log, for the tests of what reads it."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import psycopg
from psycopg.conninfo import conninfo_to_dict

from domain.application.events import ApplicationEvent, PinReset, Received, Submitted, Withdrawn
from infra.eventstore.identifiers import new_application_id
from infra.eventstore.recorder import Datastore, Recorder, Save
from infra.eventstore.rows import rows_of
from infra.keys.receipt_codes import ReceiptCodes
from infra.projector.checkpoints import STOPPED
from infra.projector.fold import Shard
from infra.projector.runner import wait_until_caught_up
from infra.projector.step import Steps
from infra.projector.views import VIEWS, differences, position_of
from projections.view import View
from tests.builders import INFORMATION, MONDAY, an_act
from tests.conftest import Fresh

PROGRESS = VIEWS["progress"]
PAPER = ReceiptCodes(instance="01", pin_key=bytes(32), qr_key=bytes(range(64)))
COMMAND = UUID(int=1)


class Writer:
    """Appends lives of four events, in two saves each, so that a stream is read in more than one page."""

    def __init__(self, conninfo: str) -> None:
        self.datastore = Datastore(conninfo, pool_size=1)
        self.recorder = Recorder(self.datastore)
        self.written = 0
        self.ends: dict[UUID, tuple[int, str]] = {}

    def life(self) -> UUID:
        stream, day = new_application_id(), timedelta(days=self.written)
        act = an_act(MONDAY + day)
        opening: list[ApplicationEvent] = [
            Submitted(service=INFORMATION, standard=1, number=PAPER.new_number()),
            Received(),
        ]
        rows, prev = rows_of(stream, 0, "", opening, act, command=COMMAND, digest="")
        more, _ = rows_of(stream, 2, prev, [PinReset(), Withdrawn()], act, command=COMMAND, digest="")
        for save in (Save(tuple(rows)), Save(tuple(more))):
            [outcome] = self.recorder.append([save])
            assert outcome.stored
        self.written += 1
        return stream

    def append(self, *events: ApplicationEvent, office: str) -> UUID:
        """A life of these events, all acts of this office, in one save each."""
        stream = new_application_id()
        self.ends[stream] = (0, "")
        self.more(stream, *events, office=office)
        return stream

    def more(self, stream: UUID, *events: ApplicationEvent, office: str) -> None:
        """Further events of a life that `append` began."""
        for event in events:
            version, prev = self.ends[stream]
            rows, prev = rows_of(stream, version, prev, [event], an_act(office=office), command=COMMAND, digest="")
            [outcome] = self.recorder.append([Save(tuple(rows))])
            assert outcome.stored
            self.ends[stream] = (version + 1, prev)

    def lives(self, count: int) -> list[UUID]:
        return [self.life() for _ in range(count)]


def url(conninfo: str) -> str:
    """The same database as JEJAK_DATABASE_URL names it."""
    part = conninfo_to_dict(conninfo)
    return f"postgresql://{part['user']}@/{part['dbname']}?host={part['host']}&port={part['port']}"


def environment(fresh: Fresh) -> dict[str, str]:
    """For a process of its own over the same databases."""
    return {
        **os.environ,
        "JEJAK_DATABASE_URL": url(fresh.databases.owner),
        "JEJAK_KEYS_DATABASE_URL": url(fresh.databases.keys_owner),
        "JEJAK_DATA_DIR": str(fresh.settings.data_dir),
    }


@contextmanager
def writing(conninfo: str) -> Iterator[Writer]:
    writer = Writer(conninfo)
    try:
        yield writer
    finally:
        writer.datastore.close()


@contextmanager
def arriving(conninfo: str) -> Iterator[Writer]:
    """Events arrive all the while."""
    done = threading.Event()

    def write() -> None:
        while not done.wait(0.002):
            writer.life()

    with writing(conninfo) as writer:
        thread = threading.Thread(target=write)
        thread.start()
        try:
            yield writer
        finally:
            done.set()
            thread.join()


def catch_up(shard: Shard, conninfo: str) -> None:
    """To the end of the log as it is by then, in this process. Raises Poisoned, Resharded."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        steps = Steps(shard, connection)
        while steps.step():
            pass


def wait_for(conninfo: str, view: View = PROGRESS, *, seconds: float = 20) -> None:
    wait_until_caught_up(conninfo, views=[view], seconds=seconds)


def reached(conninfo: str, view: View = PROGRESS) -> int:
    """The view's position; 0 also before any runner came."""
    with psycopg.connect(conninfo) as connection, connection.cursor() as cursor:
        try:
            return position_of(view, cursor)
        except psycopg.errors.UndefinedTable:
            return 0


def stopped(conninfo: str) -> list[tuple[str, int, UUID]]:
    """Which views stand still, at which event; none also before any runner came."""
    with psycopg.connect(conninfo) as connection:
        try:
            return connection.execute(STOPPED).fetchall()
        except psycopg.errors.UndefinedTable:
            return []


def differing(conninfo: str, view: View = PROGRESS) -> list[UUID]:
    return differences(view, conninfo, progress_of=lambda *_: None)
