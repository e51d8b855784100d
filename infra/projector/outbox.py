"""Outbox: this module makes the messages for each agency from the events of the log, in the order of positions.

The messages are stored in the table `feeds.messages`. Only one process at a time fills the outbox. This process has an
advisory lock in its database session. All other processes wait for the lock. The messages, the table `feeds.concerns`
and the position are written in one transaction. So if the process is killed, no message is lost and no message is made
twice. If the routing rules or the agencies have changed, all messages are made again.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import msgspec
import psycopg
import structlog

from domain.intake import IntakeEvent
from domain.registry.editions import OfficeRegistered
from feeds.agencies.messages import Message, message_of
from feeds.agencies.replies import reply_of
from feeds.agencies.topics_file import Topics
from infra.eventstore.history import recorded_of
from infra.metrics import FEED_POSITION
from infra.postgres.connections import connect
from infra.postgres.databases import for_derived
from infra.postgres.packing import pack, unpack
from infra.projector.fold import REVISING_TOPICS, AnyCursor, history_until
from infra.projector.stored_messages import TELL, row_of
from infra.service import BackgroundService, ServiceLimits
from projections.routing import Agencies, Concern, shares

PAGE = 1000
POLL_SECONDS = 0.5
REST_SECONDS = 0.05
"""After a page that is not full, the outbox pauses for this number of seconds.

During the pause, more events arrive. So one transaction can publish the events of many commands.
"""
LIMITS = ServiceLimits(back_off_seconds=0.5, back_off_max_seconds=5.0)
CHANNEL = "feeds"
LOCK = "SELECT pg_try_advisory_lock(hashtext('jejak distribute'))"

NEWER = """
SELECT originator_id, originator_version, topic, CASE WHEN NOT starts_with(topic, 'satisfaction.') THEN state END,
    notification_id, recorded_at
FROM stored_events WHERE notification_id > %s ORDER BY notification_id LIMIT %s
"""
OFFICES = """
SELECT originator_version, topic, state, notification_id, recorded_at FROM stored_events
WHERE topic NOT LIKE 'application.%%' AND topic NOT LIKE 'satisfaction.%%' AND topic NOT LIKE 'intake.%%'
    AND topic = %s AND notification_id + 0 <= %s ORDER BY notification_id
"""
START = "UPDATE feeds.distributed SET whole_from = (SELECT coalesce(max(notification_id), 0) FROM stored_events)"
"""Stores the end of the log. Until the outbox has reached this position, readers of a feed get the answer `behind`."""
CONCERNS = "SELECT application_id, state FROM feeds.concerns WHERE application_id = ANY(%s)"
KEEP = """
INSERT INTO feeds.concerns SELECT * FROM unnest(%b::uuid[], %b::bytea[])
ON CONFLICT (application_id) DO UPDATE SET state = EXCLUDED.state
"""

log = structlog.get_logger("jejak.outbox")

LoggedEvent = tuple[UUID, int, str, bytes | None, int, Any]
"""A row of the log: the stream, the version, the event topic, the state, the position and `recorded_at`.

The state is None if the event is an answer to the satisfaction survey.
"""


class Outbox:
    """Fills the outbox in a separate thread until `stop` is called.

    The thread uses one connection for the lock, for notifications and for writing. `infra.postgres.listener.Listener`
    is not used here, because a listener needs a separate connection.
    """

    def __init__(self, conninfo: str, topics: Topics) -> None:
        self.conninfo = for_derived(conninfo)
        self.edition = topics.edition()
        self.agencies = Agencies(feeds=topics.feeds())
        self.service = BackgroundService("outbox", LIMITS, expected=(psycopg.Error,))
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, name="distribute", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()
        if self.thread.ident is not None:
            self.thread.join(timeout=5)

    def _run(self) -> None:
        self.service.run(self.stopping, self._follow)

    def _follow(self) -> None:
        with connect(self.conninfo, autocommit=True) as connection:
            while connection.execute(LOCK).fetchone() != (True,):
                self.service.alive()
                if self.stopping.wait(POLL_SECONDS):
                    return
            self.agencies = replace(self.agencies, offices=self._begin(connection))
            connection.execute("LISTEN stored_events")
            while not self.stopping.is_set():
                while self.step(connection):
                    self.service.alive()
                    if self.stopping.is_set():
                        return
                self.service.succeeded()
                self.stopping.wait(REST_SECONDS)
                list(connection.notifies(timeout=POLL_SECONDS, stop_after=1))

    def _begin(self, connection: psycopg.Connection[Any]) -> dict[str, str]:
        """Returns the agency of each office, as registered at the outbox's position in the log.

        If the routing rules or the agencies have changed, first deletes all messages and sets the position to 0.
        """
        with connection.transaction():
            row = connection.execute("SELECT position, edition FROM feeds.distributed FOR UPDATE").fetchone()
            position, edition = row or (0, "")
            if edition != self.edition:
                if edition:
                    log.info("making all messages of the feeds again", reason="other agencies or rules")
                connection.execute("TRUNCATE feeds.messages, feeds.concerns")
                connection.execute("UPDATE feeds.distributed SET position = 0, edition = %s", (self.edition,))
                position = 0
            connection.execute(START)
            rows = connection.execute(OFFICES, (OfficeRegistered.topic, position)).fetchall()
        return _offices(rows)

    def step(self, connection: psycopg.Connection[Any]) -> bool:
        """Makes the messages for one page of the log in one transaction.

        Returns True if the log may have more events.
        """
        with connection.transaction():
            cursor = connection.cursor()
            cursor.execute("SELECT position FROM feeds.distributed FOR UPDATE", prepare=True)
            [position] = cursor.fetchone() or (0,)
            cursor.execute(NEWER, (position, PAGE), prepare=True, binary=True)
            page: list[LoggedEvent] = cursor.fetchall()
            if not page:
                return False
            self.agencies = self._distribute(cursor, page)
            reached = page[-1][4]
            cursor.execute("UPDATE feeds.distributed SET position = %s", (reached,), prepare=True)
            cursor.execute(f"SELECT pg_notify('{CHANNEL}', '{reached}')")
        FEED_POSITION.set(reached)
        return len(page) == PAGE

    def _distribute(self, cursor: AnyCursor, page: Sequence[LoggedEvent]) -> Agencies:
        agencies = self.agencies
        streams = {event[0] for event in page if event[2].startswith("application.")}
        concerns = _concerns(cursor, streams)
        messages: list[Message] = []
        for stream, version, topic, state, position, recorded_at in page:
            row = (version, topic, state, position, recorded_at)
            if topic == OfficeRegistered.topic:
                agencies = replace(agencies, offices={**agencies.offices, **_offices([row])})
            elif topic.startswith("intake."):
                recorded = recorded_of(row)
                answer = cast("IntakeEvent", recorded.event)
                if answer.agency in agencies.feeds:
                    messages.append(reply_of(answer, stream=stream, position=position, recorded=recorded))
            elif stream in streams:
                recorded = recorded_of(row)
                history = history_until(cursor, stream, version) if topic in REVISING_TOPICS else ()
                found, concern = shares(concerns[stream], recorded, agencies, history)
                concerns[stream] = concern
                messages += (
                    message_of(share, stream=stream, position=position, concern=concern, recorded=recorded)
                    for share in found
                )
        if streams:
            states = [pack(msgspec.json.encode(concerns[stream])) for stream in streams]
            cursor.execute(KEEP, (list(streams), states), prepare=True)
        if messages:
            cursor.execute(TELL, tuple(map(list, zip(*map(row_of, messages), strict=True))), prepare=True)
        return agencies


def _concerns(cursor: AnyCursor, streams: Iterable[UUID]) -> dict[UUID, Concern]:
    known = dict.fromkeys(streams, Concern())
    cursor.execute(CONCERNS, (list(known),), prepare=True, binary=True)
    known.update((stream, CONCERN.decode(unpack(state))) for stream, state in cursor.fetchall())
    return known


CONCERN = msgspec.json.Decoder(Concern)


def _offices(rows: Iterable[Sequence[Any]]) -> dict[str, str]:
    editions = (cast("OfficeRegistered", recorded_of(row).event) for row in rows)  # all rows are editions of offices
    return {edition.code: edition.agency for edition in editions}
