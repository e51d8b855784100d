"""What an agency is told of its commands: answered, refused, or not readable; made of the intake's events alone."""

from uuid import UUID

import orjson

from domain.application.events import Recorded
from domain.intake import IntakeEvent, IntakeMalformed
from domain.json_values import data_of
from feeds.agencies.messages import Message, MessageKind

OUTCOMES = {"intake.answered.v1": "applied", "intake.refused.v1": "refused", "intake.malformed.v1": "malformed"}


def reply_of(event: IntakeEvent, *, stream: UUID, position: int, recorded: Recorded) -> Message:
    """Every event of these streams goes to their one agency, so the message before is that of the version before."""
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
