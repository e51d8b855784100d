"""Commands that agencies' systems send by topic: what a record asks for, or what is wrong with it, and where.

    read : Record, names -> Sent | Malformed

Pure, and total over whatever bytes a record holds; nothing that it says of a fault is taken from the record. Which
agency sends is told by the topic, which the broker lets that agency alone write to; nothing in a record is believed of
that. Of the body only its size is judged here: what it means is the API's, as over HTTP.
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
"""Versions of a UUID (RFC 9562) that say nothing of what they were made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRecord:
    """As it came: `offset` is its place in its partition; `value` None where it has none."""

    offset: int
    headers: Sequence[tuple[str, bytes | None]]
    value: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCommand:
    """`target`: the application, None for a submission; `seen`: the version of it that the sender saw."""

    id: UUID
    name: str
    target: UUID | None
    seen: int
    body: bytes


class Malformed(Exception):
    """A record that is no command. `place`: see `domain.intake.Place`; `command`: its id, where that could be read."""

    def __init__(self, code: str, place: str, command: UUID | None = None) -> None:
        super().__init__(code, place)
        self.code = code
        self.place = place
        self.command = command


def read(record: CommandRecord, names: Collection[str]) -> SentCommand | Malformed:
    """`names`: the commands that there are."""
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


OURS = ("ce_id", "ce_type", "ce_subject", "ce_specversion", "ce_ifmatch", "content-type")


def _headers(record: CommandRecord) -> dict[str, str]:
    """Those that we read, each once. Raises Malformed."""
    if len(record.headers) > HEADERS_MAX:
        raise Malformed("malformed-request", "header/too-many")
    found: dict[str, str] = {}
    for name, value in record.headers:
        if name not in OURS:
            continue
        if name in found or value is None:
            raise Malformed("malformed-request", f"header/{name}")
        try:
            found[name] = value.decode("ascii")
        except UnicodeDecodeError:
            raise Malformed("malformed-request", f"header/{name}") from None
    return found


def _id(text: str | None) -> UUID | None:
    """A random one alone: it is stored in clear, and other versions may be made of what identifies somebody."""
    found = _uuid(text) if text else None
    return found if found and found.version in RANDOM else None


def _uuid(text: str) -> UUID | None:
    """In its one canonical spelling."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None
