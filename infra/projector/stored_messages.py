"""Stored messages: this module turns messages into rows of `feeds.messages`, and rows into messages.

A row does not repeat data of its event in the log. The queries join the message and the event by the position. The body
and the facts for the status record are packed together. The first bytes of an event's body are left out, because they
can be computed from the stream.
"""

from collections.abc import Sequence
from typing import Any, LiteralString

from feeds.agencies.messages import Message, MessageKind, beginning_of
from infra.postgres.packing import pack, unpack

TELL = """
INSERT INTO feeds.messages (position, at, previous, size, agency, kind, packed) SELECT * FROM unnest(
    %b::bigint[], %b::timestamptz[], %b::integer[], %b::integer[], %b::text[], %b::text[], %b::bytea[])
"""
ERA: LiteralString = "(SELECT max(era)::integer FROM eras WHERE from_position < m.position)"
MESSAGES: LiteralString = "SELECT m.*, " + ERA + " FROM feeds.page(%b, %b, %b, %b, %b) AS m"  # noqa: S608 - a constant
"""The query that reads the messages of a feed.

It has five parameters: the agency, the kind of message or None, the position before the page, the maximum number of
rows, and the approximate number of bytes.
"""
STORED: LiteralString = (
    """
SELECT m.agency, m.position, m.kind, e.originator_id::text, e.originator_version, m.previous, e.topic, m.at,
    e.recorded_at, m.packed, """
    + ERA
    + """
FROM feeds.messages AS m JOIN stored_events AS e ON e.notification_id = m.position
"""
)
"""Selects the same columns as MESSAGES, for other conditions and orders."""
PLACE = """
SELECT position FROM feeds.messages WHERE agency = %(agency)s AND kind = coalesce(%(kind)s, kind) AND position = (
    SELECT notification_id FROM stored_events WHERE originator_id = %(stream)s AND originator_version = %(version)s)
"""
"""Selects the position of the message about an event, if the agency's feed contains this message."""


def row_of(message: Message) -> tuple[object, ...]:
    """Returns the values of TELL."""
    told = message.body
    if message.kind == MessageKind.EVENT:
        told = told.removeprefix(beginning_of(message.stream))
    packed = pack(told if message.due is None else b"\n".join((told, message.due)))
    size = len(message.body)
    return message.position, message.at, message.previous, size, message.agency, message.kind, packed


def message_from(row: Sequence[Any]) -> Message:
    """Makes a message from a row of MESSAGES."""
    told, _, due = unpack(row[9]).partition(b"\n")  # orjson writes JSON without line breaks
    body = beginning_of(row[3]) + told if row[2] == MessageKind.EVENT else told
    return Message._make((*row[:9], body, due or None, row[10]))
