"""What became of the commands of a load: each acknowledged one is stored once, at the place that it was told."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

import psycopg

from infra.composition import installation
from infra.eventstore.envelope import command_id
from infra.postgres.databases import databases
from infra.settings import settings_from
from tests.fire.client import client_name
from tests.fire.load import Load, Sent
from tests.infra.imports.conftest import conninfo_of
from tests.running import Jejak


async def command_keys(running: Jejak) -> list[bytes]:
    settings = settings_from(running.environment())
    with databases(settings) as found:
        async with installation(settings, found) as made:
            return list(made.named.commands)


Place = tuple[str, int]


def stored(conninfo: str) -> dict[UUID, list[Place]]:
    """Where each command's events are: stream and version."""
    found: dict[UUID, list[Place]] = defaultdict(list)
    with psycopg.connect(conninfo) as connection:
        for command, stream, version in connection.execute(
            "SELECT (state->>'command')::uuid, originator_id::text, originator_version FROM events"
            " WHERE topic LIKE 'application.%' ORDER BY position"
        ):
            found[command].append((stream, version))
    return found


def place_of(sent: Sent) -> list[Place]:
    """Where its one event must be."""
    assert sent.acknowledged is not None
    return [(sent.acknowledged["application_id"], sent.acknowledged["version"])]


@dataclass(frozen=True, slots=True)
class Account:
    """`stored` counts the events of the load, `of_all` the events of all commands in the log."""

    stored: int
    of_all: int


async def accounted(running: Jejak, token: str, load: Load) -> Account:
    """Fails if a command is lost, or stored twice, or stored elsewhere."""
    keys, found = await command_keys(running), stored(conninfo_of(running))
    count = 0
    for sent in load.sent:
        places = [place for key in keys for place in found.get(command_id(key, client_name(token), sent.key), [])]
        assert places == place_of(sent) if sent.acknowledged else len(places) <= 1, (sent, places)
        count += len(places)
    return Account(count, sum(map(len, found.values())))
