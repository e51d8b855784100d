"""Commands by topic for the tests of the intake: records as an agency's system sends them, and a broker in memory."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import psycopg

from feeds.agencies.command_records import CommandRecord
from feeds.agencies.kafka.command_consumer import CommandPartition
from tests.builders import INFORMATION, SEMARANG

AGENCY, STRANGER = "disdukcapil", "pln"
HERE = CommandPartition(AGENCY, 0)
NIK = "3374014101900001"
SUBMISSION = {
    "service": INFORMATION,
    "office": SEMARANG,
    "channel": "counter",
    "applicant": {"name": "Siti Contoh", "nik": NIK},
}
Headers = list[tuple[str, bytes]]
Sending = tuple[Headers, bytes | None]


def submission(id: UUID | None = None, **more: Any) -> Sending:  # noqa: A002 - as the header
    return headers("submit-application", id), json.dumps({**SUBMISSION, **more}).encode()


def command(name: str, target: UUID, seen: int, id: UUID | None = None, **body: Any) -> Sending:  # noqa: A002 - as above
    return headers(name, id, ce_subject=f"application/{target}", ce_ifmatch=str(seen)), json.dumps(body).encode()


def headers(name: str, id: UUID | None = None, **more: str) -> Headers:  # noqa: A002 - as above
    said = {
        "ce_specversion": "1.0",
        "ce_id": str(id or uuid4()),
        "ce_type": f"jejak.command.{name}.v1",
        "content-type": "application/json",
        **more,
    }
    return [(header, value.encode()) for header, value in said.items()]


class Member:
    """A `Source` over lists of records, alone in its group."""

    def __init__(self, *places: CommandPartition) -> None:
        self.logs: dict[CommandPartition, list[CommandRecord]] = {place: [] for place in places or (HERE,)}
        self.places = frozenset(self.logs)
        self.fresh = self.places
        self.at = dict.fromkeys(self.places, 0)
        self.paused: set[CommandPartition] = set()
        self.shown: dict[CommandPartition, int] = {}
        self.closed = False

    def send(self, *sendings: Sending, place: CommandPartition = HERE) -> None:
        log = self.logs[place]
        for said, value in sendings:
            log.append(CommandRecord(offset=len(log), headers=said, value=value))

    def poll(self) -> Mapping[CommandPartition, Sequence[CommandRecord]]:
        found = {}
        for place in sorted(self.places - self.paused):
            records = self.logs[place][self.at[place] :]
            if records:
                self.at[place] = len(self.logs[place])
                found[place] = records
        return found

    def assigned(self) -> tuple[frozenset[CommandPartition], frozenset[CommandPartition]]:
        fresh, self.fresh = self.fresh, frozenset()
        return self.places, fresh

    def bounds(self, place: CommandPartition) -> tuple[int, int]:
        return 0, len(self.logs[place])

    def seek(self, place: CommandPartition, offset: int) -> None:
        self.at[place] = offset

    def pause(self, place: CommandPartition) -> None:
        self.paused.add(place)

    def resume(self, place: CommandPartition) -> None:
        self.paused.discard(place)

    def show(self, reached: Mapping[CommandPartition, int]) -> None:
        self.shown |= reached

    def waiting(self, place: CommandPartition, reached: int) -> int:
        return len(self.logs[place]) - reached

    def close(self) -> None:
        self.closed = True


def asked(conninfo: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        return connection.execute(statement.encode(), values).fetchall()


ANSWERS = """
SELECT topic, convert_from(state, 'UTF8')::jsonb -> 'data' FROM stored_events
WHERE starts_with(topic, 'intake.') ORDER BY notification_id
"""


def answers(conninfo: str) -> list[tuple[str, dict[str, Any]]]:
    """What the intake said, in the log's order: the topic without `intake.` and `.v1`, and the data."""
    return [(topic.split(".")[1], data) for topic, data in asked(conninfo, ANSWERS)]
