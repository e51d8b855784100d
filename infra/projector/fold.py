"""Folding: this module reads pages of the log, folds the events into rows of a view, and writes the rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import orjson
from psycopg import Cursor, Error, sql

from domain.application.events import Recorded
from domain.application.standing import REVISING
from infra.eventstore.envelope import canonical
from infra.eventstore.history import UNTIL, recorded_of
from infra.postgres.packing import pack, unpack
from projections.view import R, Row, View, ViewOf, fold_standing

PAGE = 1000
"""The maximum number of events on a page.

The changed rows of a page are kept in memory, and are written together with the position.
"""
SHARDS_MAX = 64

NEWER = """
SELECT originator_id, originator_version, topic,
    CASE WHEN get_byte(uuid_send(originator_id), 15) %% %(of)s = %(number)s THEN state END, notification_id, recorded_at
FROM stored_events WHERE notification_id > %(after)s ORDER BY notification_id LIMIT %(limit)s
"""
"""Selects the events of all shards. For the events of other shards, the state is NULL.

So the position of the shard also advances past the events of other shards. Readers who wait for a position need this.
"""

REVISING_TOPICS = frozenset(kind.topic for kind in REVISING)

AnyCursor = Cursor[Any]
RawEvent = tuple[UUID, int, str, bytes | None, int, Any]
"""A row of the log: the stream, the version, the event topic, the state, the position and `recorded_at`.

The state is None if the event belongs to another shard.
"""


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard of a view. `of` is the number of shards that the view has. The last byte of a stream's id selects the
    shard.

    This byte is random.
    """

    view: View
    number: int = 0
    of: int = 1

    @property
    def name(self) -> str:
        return self.view.name if self.of == 1 else f"{self.view.name}#{self.number}/{self.of}"


def part_of(key: UUID, of: int) -> int:
    """Returns the number of the shard that a stream belongs to. The SQL statement NEWER must use the same rule."""
    return key.bytes[-1] % of


class Poisoned(Exception):
    """An event of the log cannot be folded into a view, or the row that the event changes cannot be read.

    The message names the position and the application of the event, but never its content.
    """

    def __init__(self, view: View, application: UUID, position: int, fault: Exception, *, row: bool = False) -> None:
        what = f"read its row of {application}; `jejak rebuild {view.name}` writes the row again" if row else ""
        what = what or f"fold the event at position {position}, of {application}"
        super().__init__(f"the view {view.name} cannot {what} ({type(fault).__name__})")
        self.application = application
        self.position = position
        self.fault = type(fault).__name__


class LogPage:
    """A page of the log. Several views can fold one page. Each event is decoded at most once."""

    def __init__(self, events: Sequence[RawEvent], decoded: dict[int, Recorded] | None = None) -> None:
        """`decoded` contains the events that are already decoded, by position. Several pages may share this dict."""
        self.events = events
        self._decoded = {} if decoded is None else decoded

    def followed_by(self, page: "LogPage") -> "LogPage":
        """Returns a page with the events of this page and the later events of `page`."""
        later = [event for event in page.events if event[4] > self.events[-1][4]]
        return LogPage([*self.events, *later], self._decoded)

    def streams(self, topics: str, after: int) -> dict[UUID, list[RawEvent]]:
        """Returns the events after the position `after` whose event types begin with `topics`, by stream."""
        found: dict[UUID, list[RawEvent]] = {}
        for event in self.events:
            if event[3] is not None and event[4] > after and event[2].startswith(topics):
                found.setdefault(event[0], []).append(event)
        return found

    def decoded(self, event: RawEvent) -> Recorded:
        known = self._decoded.get(event[4])
        if known is None:
            known = self._decoded[event[4]] = recorded_of(event[1:])
        return known


def read_page(shard: Shard, cursor: AnyCursor, after: int, limit: int) -> list[RawEvent]:
    """Returns the next rows of the log after a position.

    Readers see positions in commit order. So after a reader has seen a position, no event with a lower position can
    appear.
    """
    values = {"of": shard.of, "number": shard.number, "after": after, "limit": limit}
    cursor.execute(NEWER, values, prepare=True, binary=True)
    return cursor.fetchall()


def pages(view: View, cursor: AnyCursor, after: int, until: int | None = None) -> Iterator[list[RawEvent]]:
    """Yields the pages of the log. The first page begins after the position that `after` contains.

    The last page ends with the position that `until` contains. If `until` is None, the last page ends with the log.
    """
    while page := read_page(Shard(view), cursor, after, PAGE):
        if until is not None:
            page = [row for row in page if row[4] <= until]
            if not page:
                return
        yield page
        after = page[-1][4]


def fill(statement: str, table: sql.Composable) -> sql.Composed:
    """Inserts the name of a table into an SQL statement of a view."""
    return sql.SQL(statement).format(table=table)


def apply(view: View, table: sql.Composable, cursor: AnyCursor, page: Sequence[RawEvent]) -> None:
    """Folds a page of the log into the rows of `table`.

    If an event cannot be folded, writes nothing and raises Poisoned.
    """
    if rows := changed(view, table, cursor, LogPage(page), {}):
        cursor.execute(fill(view.upsert, table), arrays(view, list(rows.values())), prepare=True)


def changed(
    view: View,
    table: sql.Composable,
    cursor: AnyCursor,
    page: LogPage,
    cached: Mapping[UUID, Row],
    *,
    after: int = 0,
) -> dict[UUID, Row]:
    """Folds the events of a page after the position `after`. Returns the changed rows of `table`.

    A row is read from `table` only if it is not in `cached` and the stream has earlier events. Raises Poisoned.
    """
    streams = page.streams(view.topics, after)
    keys = in_key_order(streams)
    known: dict[UUID, Row] = {key: cached[key] for key in keys if key in cached}
    if absent := [key for key in keys if key not in known and streams[key][0][1] > 1]:
        cursor.execute(fill(view.rows, table), {"ids": absent}, prepare=True, binary=True)
        places = documents(view)
        for values in cursor.fetchall():
            known[values[0]] = _known(view, values, places, streams[values[0]][0])
    folded = {key: folded_on(view, known.get(key), key, streams[key], page.decoded, cursor=cursor) for key in keys}
    return {key: row for key, row in folded.items() if row and row is not known.get(key)}


def in_key_order(keys: Iterable[UUID]) -> list[UUID]:
    """Sorts ids. All writers use this order, so that they cannot deadlock."""
    return sorted(keys, key=lambda key: key.bytes)


def _known(view: View, values: Sequence[Any], places: Iterable[int], event: RawEvent) -> Row:
    """Returns the stored row that `event` changes. Raises Poisoned if the row cannot be read."""
    try:
        return cast("Row", _read(view, values, places))
    except Exception as fault:  # noqa: BLE001 - whatever stands in the row, only this view stops
        raise Poisoned(view, event[0], event[4], fault, row=True) from None


def arrays(view: View, rows: Sequence[Row]) -> dict[str, list[object]]:
    """Returns the arguments of the statement `view.upsert`. Each argument is the list of all values of one column."""
    columns = [list(column) for column in zip(*map(view.stored, rows), strict=True)]
    for place, written in documents(view).items():
        columns[place] = [written(value) for value in columns[place]]
    return dict(zip(view.columns, columns, strict=True))


def _decoded(event: RawEvent) -> Recorded:
    return recorded_of(event[1:])


def history_until(cursor: AnyCursor, stream: UUID, version: int) -> list[Recorded]:
    """Reads the events of a stream up to this version."""
    cursor.execute(UNTIL, (stream, version), prepare=True, binary=True)
    return [recorded_of(row) for row in cursor.fetchall()]


def folded_on(
    view: ViewOf[R],
    row: R | None,
    key: UUID,
    events: Sequence[RawEvent],
    decoded: Callable[[RawEvent], Recorded] = _decoded,
    *,
    cursor: AnyCursor,
) -> R | None:
    """Folds the events that the row does not contain yet. Raises Poisoned for the first event that cannot be folded.

    A row may already contain some events of the page. For example, this happens if the position of the view was set
    back and the row was kept. `cursor` reads the whole stream, if an event says that other events stand than before.
    """
    folded_to = row["version"] if row else 0
    new = [event for event in events if event[1] > folded_to]
    if not new:
        return row
    try:
        return _folded(view, row, key, new, decoded, cursor=cursor)
    except Error:
        raise
    except Exception:  # noqa: BLE001 - any fault of a fold stops only this view
        raise _first_poisoned(view, row, key, new, cursor) from None


def _folded(
    view: ViewOf[R],
    row: R | None,
    key: UUID,
    new: Sequence[RawEvent],
    decoded: Callable[[RawEvent], Recorded],
    *,
    cursor: AnyCursor,
) -> R:
    if any(event[2] in REVISING_TOPICS for event in new):
        return fold_standing(view, key, history_until(cursor, key, new[-1][1]))
    return view.fold(row, key, [decoded(event) for event in new])


def _first_poisoned(view: View, row: Row | None, key: UUID, events: Sequence[RawEvent], cursor: AnyCursor) -> Poisoned:
    for place, event in enumerate(events, 1):
        try:
            _folded(view, row, key, events[:place], _decoded, cursor=cursor)
        except Exception as fault:  # noqa: BLE001 - any fault of a fold stops only this view
            return Poisoned(view, key, event[4], fault)
    raise AssertionError("a fold that fails, fails again: it is pure")


def stored(view: View, row: Row) -> tuple[Any, ...]:
    """Converts the values of a row into the form that is stored in the table."""
    values = list(view.stored(row))
    for place, written in documents(view).items():
        values[place] = written(values[place])
    return tuple(values)


def documents(view: View) -> dict[int, Callable[[object], bytes]]:
    """Returns the places of the columns that store a JSON document, and the functions that write the documents."""
    return {
        place: canonical if name in view.unpacked else _packed
        for place, (name, kind) in enumerate(view.columns.items())
        if kind.startswith("bytea")
    }


def _packed(document: object) -> bytes:
    return pack(canonical(document))


def opened(values: Sequence[Any]) -> list[Any]:
    """Unpacks stored values, so that they can be compared: another version of zstd may pack equal values
    differently. A damaged value stays packed, so it differs from every other value.
    """
    return [_opened(value) if isinstance(value, bytes) else value for value in values]


def _opened(value: bytes) -> bytes:
    try:
        return unpack(value)
    except ValueError:
        return value


def read_row(view: ViewOf[R], values: Sequence[Any]) -> R:
    """Makes a row from the values that are stored in the table."""
    return _read(view, values, documents(view))


def _read(view: ViewOf[R], values: Sequence[Any], places: Iterable[int]) -> R:
    read = list(values)
    for place in places:
        read[place] = orjson.loads(unpack(read[place]))
    return view.loaded(tuple(read))
