"""Made-up lives, straight into the log, for the tests of what reads it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import psycopg

from domain.events import ApplicationEvent, PinReset, Received, Submitted, Withdrawn
from infra.identifiers import new_application_id
from infra.paper import Paper
from infra.store.recorder import Datastore, Recorder, Save
from infra.store.writing import rows_of
from infra.views import VIEWS, differences, position_of
from tests.builders import INFORMATION, MONDAY, an_act

PROGRESS = VIEWS["progress"]
PAPER = Paper(instance="01", pin_key=bytes(32), qr_key=bytes(range(64)))
COMMAND = UUID(int=1)


class Writer:
    """Appends lives of four events, in two saves each, so that a stream is read in more than one page."""

    def __init__(self, conninfo: str) -> None:
        self.datastore = Datastore(conninfo, pool_size=1)
        self.recorder = Recorder(self.datastore)
        self.written = 0

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

    def lives(self, count: int) -> list[UUID]:
        return [self.life() for _ in range(count)]


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
        while not done.is_set():
            writer.life()

    with writing(conninfo) as writer:
        thread = threading.Thread(target=write)
        thread.start()
        try:
            yield writer
        finally:
            done.set()
            thread.join()


def reached(conninfo: str) -> int:
    with psycopg.connect(conninfo) as connection, connection.cursor() as cursor:
        return position_of(PROGRESS, cursor)


def differing(conninfo: str) -> list[UUID]:
    return differences(PROGRESS, conninfo, progress_of=lambda *_: None)
