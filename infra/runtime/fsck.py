"""Fsck: checks the bytes and the chain of every stream, the claim of every tracking number, and every row of the views.

The rows of the views are compared with the rows that a rebuild makes. In a chain, each event stores the commitment to
the event before it. So fsck notices if the earlier event was changed. The newest event of a stream has no later event,
so fsck does not notice if the newest event was changed. A public transparency log is planned. With this public log,
fsck will also notice a change of the newest event.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import orjson
import psycopg

from domain.codes import Role
from domain.json_values import parse_instant
from infra.eventstore.envelope import STATE, b64, canonical, commitment, unb64
from infra.eventstore.topics import decoder_of
from infra.postgres.connections import LONG_SECONDS, connect
from infra.progress import Progress
from infra.projector.definitions import is_own
from infra.projector.fold import Poisoned
from infra.projector.views import VIEWS, differences
from service_layer.requests_from_bodies import AHEAD_MAX

ALL = """
SELECT originator_id, originator_version, topic, state, recorded_at FROM stored_events
ORDER BY originator_id, originator_version
"""
READ_AHEAD = 2000
CHANGED = "its successor stores another commitment, so a byte of this event was changed"

LogRow = tuple[UUID, int, str, bytes, datetime]


class Checked(NamedTuple):
    """The result of the check of one row. `own` is the commitment that fsck computes from this row.

    `fault` describes a fault inside the row, or is None. If the act lies in the future, `early` says how far the time
    of the act is ahead of the database's clock. Otherwise `early` is None.
    """

    version: int
    recorded_at: datetime
    prev: str = ""
    own: str = ""
    fault: str | None = None
    early: str | None = None


def faults_of_log(conninfo: str, progress: Progress) -> Iterator[str]:
    """Yields a message for each fault of the log. Needs little memory, even if the log is large."""
    with connect(conninfo, seconds=LONG_SECONDS) as connection:
        total = connection.execute("SELECT count(*) FROM stored_events").fetchone()
        with connection.cursor("fsck", binary=True) as cursor:
            cursor.itersize = READ_AHEAD
            rows = _counted(cursor.execute(ALL), total[0] if total else 0, progress)
            for stream, own in groupby(rows, key=lambda row: row[0]):
                for fault in _faults_of_stream(_checked(stream, row) for row in own):
                    yield f"event {stream}:{fault}"
        yield from _faults_of_order(connection)
        yield from _faults_of_claims(connection)


def _counted(rows: Iterable[LogRow], total: int, progress: Progress) -> Iterator[LogRow]:
    seen = 0
    for seen, row in enumerate(rows, 1):
        yield row
        if seen % READ_AHEAD == 0:
            progress(seen, total)
    progress(seen, total)


def _checked(stream: UUID, row: LogRow) -> Checked:
    _, version, topic, stored, recorded_at = row
    try:
        state: dict[str, Any] = orjson.loads(bytes(stored))
        if canonical(state) != bytes(stored):
            return Checked(version, recorded_at, fault="its bytes are not canonical")
        if state.keys() != STATE:
            return Checked(version, recorded_at, fault="its keys are not the keys of an event")
        for name in ("salt", "prev"):
            unb64(state[name])
        decoder_of(topic).decode(stored)
        own = b64(commitment(stream, version, topic, state))
        return Checked(version, recorded_at, state["prev"], own, early=_early(topic, state, recorded_at))
    except (ValueError, KeyError, TypeError, AttributeError, msgspec.MsgspecError) as error:
        return Checked(version, recorded_at, fault=f"it cannot be read ({type(error).__name__})")


def _early(topic: str, state: dict[str, Any], recorded_at: datetime) -> str | None:
    """Returns a message if the time of the act is later than the database's clock allows.

    If a person states the time of an act, the time may be a little ahead, because clocks differ. A system act uses the
    database's clock, so its time must not be ahead. Imported events are not checked, because their times come from
    another system.
    """
    if state["by"] == Role.IMPORT:
        return None
    ahead = parse_instant(state["at"]) - recorded_at
    is_system_act = topic.startswith("application.") and state["by"] == Role.SYSTEM
    if ahead <= (timedelta(0) if is_system_act else AHEAD_MAX):
        return None
    return f"its at is {ahead.total_seconds():.0f} s later than its recorded_at, so the clock of a host was wrong"


def _faults_of_stream(rows: Iterable[Checked]) -> Iterator[str]:
    """Yields the faults of one stream. Only two rows are in memory at a time, even if the stream is long.

    If an event stores a wrong commitment to its predecessor, the link between the two events is broken. Then the
    message names the predecessor. If the links before and after an event are both broken, there is only one message,
    which names this event.
    """
    before: Checked | None = None
    suspect = 0  # the event before a broken link. It is reported if the next link is not broken
    for place, row in enumerate(rows, 1):
        if row.version != place:
            yield f"{row.version}: version {place} is missing before this version"
            return
        if row.fault:
            yield f"{row.version}: {row.fault}"
        elif place == 1 and row.prev:
            yield "1: it stores a commitment to a predecessor, but the first event of a stream has none"
        if row.early:
            yield f"{row.version}: {row.early}"
        if before is not None and row.recorded_at < before.recorded_at:
            yield f"{row.version}: its recorded_at is earlier than that of version {before.version}"
        broken = before is not None and not before.fault and not row.fault and before.own != row.prev
        if suspect and not broken:
            yield f"{suspect}: {CHANGED}"
        suspect, before = place - 1 if broken else 0, row
    if suspect:
        yield f"{suspect}: {CHANGED} (or a byte of its successor: nothing guards the newest event yet)"


def _faults_of_order(connection: psycopg.Connection[Any]) -> Iterator[str]:
    """The `recorded_at` of an event must not be earlier than the `recorded_at` of the event at the previous position.

    Yields a message for each event that breaks this rule.
    """
    rows = connection.execute(
        "SELECT originator_id, originator_version FROM ("
        " SELECT *, lag(recorded_at) OVER (ORDER BY notification_id) AS before FROM stored_events) AS ordered"
        " WHERE recorded_at < before"
    )
    for stream, version in rows:
        yield f"event {stream}:{version}: its recorded_at is earlier than that of the event before it"


def _faults_of_claims(connection: psycopg.Connection[Any]) -> Iterator[str]:
    """Yields a message for each submission without a claim of its tracking number.

    An erased application needs no claim.
    """
    try:
        yield from _unclaimed(connection)
    except psycopg.DataError:
        return  # the state of an event is not JSON, and another check has already reported this


def _unclaimed(connection: psycopg.Connection[Any]) -> Iterator[str]:
    rows = connection.execute(
        "SELECT e.originator_id FROM events e WHERE e.topic = 'application.submitted.v1'"
        " AND NOT EXISTS (SELECT FROM claims c WHERE c.originator_id = e.originator_id"
        "   AND c.claim = convert_to(e.state->'data'->>'number', 'UTF8'))"
        " AND NOT EXISTS (SELECT FROM erasures x WHERE x.application_id = e.originator_id)"
    )
    for (stream,) in rows:
        yield f"event {stream}:1: its tracking number is not claimed for it"


def faults_of_views(conninfo: str, progress: Progress) -> Iterator[str]:
    """Compares the rows of the views with a rebuild. Yields a message for each row that differs."""
    for view in VIEWS.values():
        with connect(conninfo) as connection:
            if not is_own(view, connection):
                yield f"view {view.name}: its table is missing or of another version, so its rows were not compared"
                continue
        try:
            for key in differences(view, conninfo, progress_of=progress):
                yield f"view {view.name}: row {key} differs from its rebuild"
        except Poisoned as poisoned:
            yield str(poisoned)
