"""The rows of the feeds: a stored message is read again byte for byte, with what its event in the log says."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from domain.application.events import Recorded
from domain.intake import IntakeAnswered, IntakeMalformed
from feeds.agencies.messages import Message, message_of
from feeds.agencies.replies import reply_of
from infra.projector.stored_messages import message_from, row_of
from projections.routing import Agencies, Share, capacities, shares
from tests.builders import APPLICATION, an_act
from tests.feeds.agencies.test_schemas import KNOWN, SAMPLES, WORKED_ON, recorded_of

AT = datetime(2026, 3, 9, 3, 0, 1, 5, tzinfo=UTC)


def of_events() -> Iterator[Message]:
    """Every event of the samples, in every capacity, with and without the state of the file."""
    for sample in SAMPLES:
        recorded = recorded_of(sample)
        for known in (KNOWN, WORKED_ON):
            _, concern = shares(known, recorded, Agencies(feeds={}))
            for capacity in capacities(type(recorded.event)):
                for begins in (False, True):
                    share = Share(agency="pln", capacity=capacity, previous=3, begins=begins)
                    yield message_of(share, stream=APPLICATION, position=7, concern=concern, recorded=recorded)


def of_commands() -> Iterator[Message]:
    for event in (
        IntakeAnswered(agency="pln", command=UUID(int=1), application=UUID(int=2), version=3),
        IntakeMalformed(agency="pln", partition=0, offset=7, code="unprocessable", place="/applicant/nik"),
    ):
        recorded = Recorded(version=2, act=an_act(), event=event, recorded_at=AT)  # type: ignore[arg-type]
        yield reply_of(event, stream=UUID(int=3), position=8, recorded=recorded)


def read_again(message: Message) -> Message:
    position, at, previous, size, agency, kind, packed = row_of(message)
    assert size == len(message.body)
    event = message.stream, message.version
    row = (agency, position, kind, *event, previous, message.topic, at, message.recorded_at, packed, message.era)
    return message_from(row)


@pytest.mark.parametrize("made", [of_events, of_commands])
def test_a_stored_message_is_read_again_byte_for_byte(made: type[Iterator[Message]]) -> None:
    messages = list(made())
    assert messages
    assert [read_again(message) for message in messages] == messages
    assert {message.due is None for message in messages} == ({True, False} if made is of_events else {True})
