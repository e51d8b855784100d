"""Queue: open applications of one office, for which the clients send commands over HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from uuid import UUID, uuid4

from bench.rig.filling import append
from bench.rig.installed import Installed
from bench.rig.lives import Stream
from bench.rig.load import Client, Connection, Work
from bench.rig.requests import DISTRICT, OFFICE, SERVICE, command
from domain.application.events import Received, Submitted
from domain.codes import Channel, Role
from domain.provenance import Act
from infra.eventstore.recorder import Save

OBSTACLE = b'{"code":"H-JARINGAN"}'
COMMANDS = 4
"""The number of commands that a client sends for one application before it continues with the next application.

A client reports an obstacle, clears the obstacle, and then does both again.
"""
APPLICANT = {"applicant": {"name": "Siti Contoh"}}


@dataclass(slots=True)
class Waiting:
    """An open application. `obstacles` is the number of obstacles that were reported so far."""

    id: UUID
    version: int = 2
    obstacles: int = 0


def queue(where: Installed, applications: int) -> list[Waiting]:
    """Appends two events for each new application, Submitted and Received. Returns the applications."""
    standard = where.registry.standard_in_force(SERVICE, datetime.now(UTC).date(), OFFICE)
    assert standard is not None
    act = Act(at=datetime.now(UTC), by=Role.OFFICER, channel=Channel.COUNTER, actor=uuid4(), office=OFFICE)
    submitted = Submitted(service=SERVICE, standard=standard.standard, number="", district=DISTRICT)
    streams = [Stream.begin(APPLICANT) for _ in range(applications)]

    def saves() -> Iterator[Save]:
        for stream in streams:
            yield stream.save(act, (submitted,))
            yield stream.save(act, (Received(),))

    append(where.databases.serving, saves())
    return [Waiting(stream.id) for stream in streams]


def officer(bearer: bytes, own: list[Waiting]) -> Client:
    """Returns a client that sends two commands in turn: it reports an obstacle, and then clears this obstacle. Each
    request makes one event.

    `own` holds the applications that only this client may use.
    """
    turns = (application for application in cycle(own) for _ in range(COMMANDS))

    def following() -> Work:
        return lambda connection: one(connection, bearer, next(turns))

    return following


async def one(connection: Connection, bearer: bytes, application: Waiting) -> bytes:
    """Sends the next command for an application. Returns the answer's Sync-Token. Raises Unexpected."""
    path = f"/v1/applications/{application.id}"
    reports = application.version % 2 == 0
    number = application.obstacles + reports
    name, body = ("report-obstacle", OBSTACLE) if reports else ("clear-obstacle", b'{"obstacle":%d}' % number)
    reply = await connection.expect(200, command(bearer, path, name, application.version, body))
    application.version, application.obstacles = application.version + 1, number
    return reply.header(b"sync-token")
