"""OCEL 2.0: this module reads a log in which an event may concern several objects (object-centric event log, JSON).

An import follows the objects of one type, for example the applications. Each event gives a row for each object of this
type. An event that concerns no such object is left out.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from feeds.history.csv_log import MAX_CELL, MAX_COLUMNS
from feeds.history.formats.json_scanner import JsonScanner, Record
from feeds.history.formats.packed import first_bytes, read_chunks
from feeds.history.formats.parts import Places, chosen_part
from feeds.history.formats.texts import decoded
from feeds.history.source import SourceError, TableRow, silent
from feeds.history.spill import fingerprint, temporary_database

EVENT_ID, ACTIVITY, AT, CASE = "ocel:eid", "ocel:activity", "ocel:timestamp", "ocel:oid"
OBJECT, QUALIFIER = "object", "ocel:qualifier"
LISTS = ("eventTypes", "objectTypes", "events", "objects")

Struct = TypeVar("Struct", bound=msgspec.Struct)
Scalar = str | int | float | bool | None


class OcelValue(msgspec.Struct):
    """The value of an attribute. For an object, `time` says since when the attribute has this value."""

    name: str
    value: Scalar = None
    time: str = ""


class OcelRelation(msgspec.Struct):
    object_id: str = msgspec.field(name="objectId")
    qualifier: str = ""


class OcelObject(msgspec.Struct):
    id: str
    type: str
    attributes: list[OcelValue] = []


class OcelEvent(msgspec.Struct):
    id: str
    type: str
    time: str
    attributes: list[OcelValue] = []
    relationships: list[OcelRelation] = []


def is_ocel(file: Path) -> bool:
    """Returns whether a JSON document is a log in OCEL 2.0. Raises SourceError if the log is in OCEL 1.0."""
    if b'"ocel:global-' in first_bytes(file):
        expected = "OCEL 2.0; convert the log, for example with pm4py.write_ocel2_json"
        raise SourceError(file, "the file", "is a log in OCEL 1.0, which Jejak does not read", expected)
    first = next(iter(_records(file)), None)
    if first is None or first.path not in LISTS:
        return False
    try:
        one = msgspec.json.decode(first.text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    if not isinstance(one, dict):
        return False
    if first.path.endswith("Types"):
        return {*one} == {"name", "attributes"}
    return {"id", "type"} < {*one} and not {"attributes", "relationships"}.isdisjoint(one)


class OcelRows:
    """The rows of the events of one type of objects.

    An attribute of the object has the value that the object had at the time of the event. An object without an event is
    a row without an event.
    """

    grows, unit = True, "event"
    marker: str | None = EVENT_ID

    def __init__(self, file: Path, part: str | None, progress: Callable[[int], None] = silent) -> None:
        self._file = file
        self._progress = progress
        self._places = Places(file, MAX_COLUMNS)
        self.header = self._places.header
        self._database = temporary_database()
        self._database.execute("CREATE TABLE objects (key BLOB PRIMARY KEY, id TEXT, type TEXT, attributes BLOB, used)")
        self._type = chosen_part(file, self._keep_objects(), part, word="type of objects")
        for name in (EVENT_ID, ACTIVITY, AT, CASE, QUALIFIER):
            self._places.place(name)

    def __iter__(self) -> Iterator[TableRow]:
        for record in _records(self._file, self._progress):
            if record.path == "events":
                yield from self._event(record)
        unused = self._database.execute(
            "SELECT id, attributes FROM objects WHERE type = ? AND used IS NULL ORDER BY rowid", (self._type,)
        )
        for name, packed in unused:
            yield 0, self._places.row({CASE: name, **_attributes(packed, None)})

    def _keep_objects(self) -> list[str]:
        """Keeps all objects in temporary storage. Returns the types of objects."""
        for record in _records(self._file):
            if record.path != "objects":
                continue
            one = self._decoded(record, OcelObject, "object")
            packed = msgspec.msgpack.encode(one.attributes)
            try:
                self._database.execute(
                    "INSERT INTO objects VALUES (?, ?, ?, ?, NULL)", (_key(one.id), one.id, one.type, packed)
                )
            except sqlite3.IntegrityError as fault:
                wrong = "two objects with one id"
                raise SourceError(self._file, f"object {record.number}", wrong, "a unique id") from fault
        return [name for (name,) in self._database.execute("SELECT DISTINCT type FROM objects ORDER BY type")]

    def _event(self, record: Record) -> Iterator[TableRow]:
        event = self._decoded(record, OcelEvent, "event")
        told = {EVENT_ID: event.id, ACTIVITY: event.type, AT: event.time}
        own = {value.name: _scalar(value.value) for value in event.attributes}
        for relation in {one.object_id: one for one in event.relationships}.values():
            found = self._database.execute(
                "SELECT id, type, attributes FROM objects WHERE key = ?", (_key(relation.object_id),)
            ).fetchone()
            if found is None or found[1] != self._type:
                continue
            self._database.execute("UPDATE objects SET used = 1 WHERE key = ?", (_key(relation.object_id),))
            about = {CASE: relation.object_id, QUALIFIER: relation.qualifier}
            values = {**own, **_attributes(found[2], event.time), **told, **about}
            if max(map(len, values.values())) > MAX_CELL // 4:
                raise SourceError(
                    self._file, f"event {record.number}", "a value that is too long", f"at most {MAX_CELL}"
                )
            yield record.number, self._places.row({name: text.strip() for name, text in values.items()})

    def _decoded(self, record: Record, kind: type[Struct], word: str) -> Struct:
        try:
            return msgspec.json.decode(record.text, type=kind)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as fault:
            raise SourceError(self._file, f"{word} {record.number}", f"is no {word} of OCEL 2.0", "OCEL 2.0") from fault


def _records(file: Path, progress: Callable[[int], None] = silent) -> Iterator[Record]:
    return JsonScanner(file, decoded(file, read_chunks(file, progress))).records()


def _key(name: str) -> bytes:
    return fingerprint(name.encode())


def _attributes(packed: bytes, at: str | None) -> dict[str, str]:
    """Returns the attributes of an object as they were at this time. Without a time, returns the first values."""
    moment = _moment(at) if at else None
    values: dict[str, str] = {}
    ordered = sorted(msgspec.msgpack.decode(packed, type=list[OcelValue]), key=lambda value: _moment(value.time))
    for value in ordered:
        name = f"{OBJECT}.{value.name}"
        if name not in values or (moment and _moment(value.time) <= moment):
            values[name] = _scalar(value.value)
    return values


def _moment(text: str) -> datetime:
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime.min.replace(tzinfo=UTC)


def _scalar(value: Scalar) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)
