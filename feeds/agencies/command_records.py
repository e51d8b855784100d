"""Command records: the systems of agencies send commands in Kafka records, and this module parses these records.

    read : CommandRecord, names -> SentCommand | Malformed

The functions are pure and accept any bytes. A fault says what is wrong and where, and never quotes the record. Each
agency has its own Kafka topic, and the broker lets only this agency write to the topic. So Jejak learns from the topic
of a record which agency sent the record, and does not use the headers of the record for this. This module checks only
the size of the body. The body has the same meaning as the body of an HTTP request.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from feeds.agencies.messages import JSON

BODY_BYTES_MAX = 64 * 1024
SUBMIT = "submit-application"
HEADERS_MAX = 50

TYPE = re.compile(r"jejak\.command\.([a-z-]{1,63})\.v1")
SUBJECT = re.compile(r"application/([0-9a-f-]{36})")
VERSION = re.compile(r"[1-9][0-9]{0,9}")
RANDOM = (4, 7)
"""UUIDs of these versions (RFC 9562) are random or time-based, so they reveal no other data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRecord:
    """A record as it came from Kafka. `offset` is the place of the record in its partition. `value` is None for a
    tombstone.
    """

    offset: int
    headers: Sequence[tuple[str, bytes | None]]
    value: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCommand:
    """A command that the system of an agency has sent. `target` is the application, or None for a submission. `seen` is
    the version of the application that the sender saw.
    """

    id: UUID
    name: str
    target: UUID | None
    seen: int
    body: bytes


class Malformed(Exception):
    """A record that is not a valid command. `place` is explained at `domain.intake.Place`. `command` is the id of the
    command, if the id is readable.
    """

    def __init__(self, code: str, place: str, command: UUID | None = None) -> None:
        super().__init__(code, place)
        self.code = code
        self.place = place
        self.command = command


def read(record: CommandRecord, names: Collection[str]) -> SentCommand | Malformed:
    """Returns the command of a record, or the fault of the record. `names` lists the names of all commands."""
    try:
        return _read(record, names)
    except Malformed as malformed:
        return malformed


def _read(record: CommandRecord, names: Collection[str]) -> SentCommand:
    headers = _headers(record)
    command = _id(headers.get("ce_id"))
    if command is None:
        raise Malformed("key-required", "header/ce_id")

    def wrong(code: str, place: str) -> Malformed:
        return Malformed(code, place, command)

    if headers.get("content-type", JSON).partition(";")[0].strip().lower() != JSON:
        raise wrong("unsupported-media-type", "header/content-type")
    if headers.get("ce_specversion") != "1.0":
        raise wrong("malformed-request", "header/ce_specversion")
    typed = TYPE.fullmatch(headers.get("ce_type", ""))
    if typed is None or typed[1] not in names:
        raise wrong("malformed-request", "header/ce_type")
    target, seen = None, 0
    if typed[1] == SUBMIT:
        if "ce_subject" in headers:
            raise wrong("malformed-request", "header/ce_subject")
    else:
        subject = SUBJECT.fullmatch(headers.get("ce_subject", ""))
        target = _uuid(subject[1]) if subject else None
        if target is None:
            raise wrong("malformed-request", "header/ce_subject")
        if "ce_ifmatch" not in headers:
            raise wrong("precondition-required", "header/ce_ifmatch")
        if not VERSION.fullmatch(headers["ce_ifmatch"]):
            raise wrong("malformed-request", "header/ce_ifmatch")
        seen = int(headers["ce_ifmatch"])
    body = record.value or b""
    if len(body) > BODY_BYTES_MAX:
        raise wrong("too-large", "")
    return SentCommand(id=command, name=typed[1], target=target, seen=seen, body=body)


READ_HEADERS = ("ce_id", "ce_type", "ce_subject", "ce_specversion", "ce_ifmatch", "content-type")


def _headers(record: CommandRecord) -> dict[str, str]:
    """Returns the headers that READ_HEADERS lists. Each of these headers may occur at most once. Other headers are
    ignored. Raises Malformed.
    """
    if len(record.headers) > HEADERS_MAX:
        raise Malformed("malformed-request", "header/too-many")
    headers: dict[str, str] = {}
    for name, value in record.headers:
        if name not in READ_HEADERS:
            continue
        if name in headers or value is None:
            raise Malformed("malformed-request", f"header/{name}")
        try:
            headers[name] = value.decode("ascii")
        except UnicodeDecodeError:
            raise Malformed("malformed-request", f"header/{name}") from None
    return headers


def _id(text: str | None) -> UUID | None:
    """Returns the id of the command, or None if the UUID version of the id is not in RANDOM. The log contains the id
    unencrypted, and a UUID of another version may be made from data that identifies a person.
    """
    parsed = _uuid(text) if text else None
    return parsed if parsed and parsed.version in RANDOM else None


def _uuid(text: str) -> UUID | None:
    """Returns the UUID, or None if the text is not a UUID in its canonical form."""
    try:
        parsed = UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text else None
