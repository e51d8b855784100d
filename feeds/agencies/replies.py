"""Replies: messages that answer an agency's commands (applied, refused or malformed), made from the intake's events."""

from uuid import UUID

import orjson

from domain.application.events import Recorded
from domain.intake import IntakeEvent, IntakeMalformed
from domain.json_values import data_of
from feeds.agencies.messages import Message, MessageKind

OUTCOMES = {"intake.answered.v1": "applied", "intake.refused.v1": "refused", "intake.malformed.v1": "malformed"}


def reply_of(event: IntakeEvent, *, stream: UUID, position: int, recorded: Recorded) -> Message:
    """The reply or dead letter of an intake event. All events of an intake stream go to the same agency, so the
    previous message has the previous version.
    """
    return Message(
        agency=event.agency,
        position=position,
        kind=MessageKind.DEAD_LETTER if isinstance(event, IntakeMalformed) else MessageKind.REPLY,
        stream=str(stream),
        version=recorded.version,
        previous=recorded.version - 1,
        topic=event.topic,
        at=recorded.act.at,
        recorded_at=recorded.recorded_at or recorded.act.at,
        body=_body(event),
    )


def _body(event: IntakeEvent) -> bytes:
    facts = {name: value for name, value in data_of(event).items() if name != "agency"}
    return orjson.dumps({"outcome": OUTCOMES[event.topic], **facts})
