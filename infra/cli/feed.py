"""The verb `feed`: prints the messages of an agency's feed from the database."""

import argparse
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from domain.json_values import instant
from feeds.agencies.messages import Message, structured
from feeds.agencies.topics_file import Topics, read_topics
from infra.cli.terminal import EXIT_WRONG, settings
from infra.postgres.connections import connect
from infra.postgres.databases import databases
from infra.projector.outbox import CHANNEL
from infra.projector.stored_messages import MESSAGES, PLACE, STORED, message_from
from infra.queries.agency_feed import origin_of
from infra.runtime.signals import stopped_by_signals

PAGE, PAGE_BYTES = 500, 4 * 1024 * 1024
POLL_SECONDS = 0.5
NEWEST: LiteralString = (
    "WITH newest AS ("
    + STORED
    + """
    WHERE m.agency = %s ORDER BY m.position DESC LIMIT %s
)
SELECT * FROM newest ORDER BY position
"""
)
NEWEST_PLACE = "SELECT coalesce(max(position), 0) FROM feeds.messages WHERE agency = %s"

Connection = psycopg.Connection[tuple[Any, ...]]


class NotInFeed(Exception):
    """This error means that the agency has no feed, or that an event is not in the agency's feed. The error message
    says what to do.
    """


def feed(options: argparse.Namespace) -> int:
    wanted = settings()
    origin = origin_of(wanted)
    stopping = stopped_by_signals()
    try:
        _named(options.agency, read_topics(wanted.topics_file))
        with (
            databases(wanted) as found,
            connect(found.auditor, autocommit=True) as connection,
        ):
            for message in _messages(connection, options, stopping):
                print(structured(message, origin).decode() if options.json else _line(message), flush=options.follow)
            sys.stdout.flush()  # the output is flushed inside this `try` block, because the block handles a closed pipe
    except NotInFeed as wrong:
        print(f"jejak: {wrong}", file=sys.stderr)
        return EXIT_WRONG
    except BrokenPipeError:  # the reader of the pipe has ended, as in `jejak feed … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _named(agency: str, topics: Topics) -> None:
    if agency not in topics.agencies:
        raise NotInFeed(f"{agency} has no feed; these agencies have a feed: {', '.join(sorted(topics.agencies))}")


def _messages(connection: Connection, options: argparse.Namespace, stopping: threading.Event) -> Iterator[Message]:
    """Yields the messages page by page. Only one page of the feed is in memory at a time, even if the feed is long."""
    connection.execute(f"LISTEN {CHANNEL}")
    if options.after is None:
        [(place,)] = connection.execute(NEWEST_PLACE, (options.agency,)).fetchall()
        page = _read(connection, NEWEST, options.agency, options.last)
    else:
        place = _place(connection, options.agency, options.after)
        page = _read(connection, MESSAGES, options.agency, None, place, PAGE, PAGE_BYTES)
    while not stopping.is_set():
        yield from page
        if page:
            place = page[-1].position
        elif options.follow:
            list(connection.notifies(timeout=POLL_SECONDS, stop_after=1))
        else:
            return
        page = _read(connection, MESSAGES, options.agency, None, place, PAGE, PAGE_BYTES)


def _place(connection: Connection, agency: str, after: tuple[UUID, int]) -> int:
    wanted = {"agency": agency, "kind": None, "stream": after[0], "version": after[1]}
    row = connection.execute(PLACE, wanted).fetchone()
    if row is None:
        raise NotInFeed(f"{after[0]}:{after[1]} is not in the feed of {agency}; without --from, the newest are shown")
    return int(row[0])


def _read(connection: Connection, query: LiteralString, *values: str | int | None) -> list[Message]:
    cursor = connection.cursor()
    cursor.execute(query, values, binary=True)
    return [message_from(row) for row in cursor.fetchall()]


def _line(message: Message) -> str:
    what = f"{message.kind:<11}  {message.topic:<36}"
    return f"{instant(message.recorded_at)}  {what}  {message.id} after {message.previous}"


def event_id(text: str) -> tuple[UUID, int]:
    """Parses `stream:version`.

    If this function raises ValueError, argparse reports the error with the option's name.
    """
    stream, _, version = text.partition(":")
    return UUID(stream), int(version)
