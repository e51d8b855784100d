"""Replies: a reply tells an agency whether its command was applied, refused or malformed. This module makes the replies
from the events of the intake.
"""

from uuid import UUID

import orjson

from domain.application.events import Recorded
from domain.intake import IntakeEvent, IntakeMalformed
from domain.json_values import data_of
from feeds.agencies.messages import Message, MessageKind

OUTCOMES = {"intake.answered.v1": "applied", "intake.refused.v1": "refused", "intake.malformed.v1": "malformed"}


def reply_of(event: IntakeEvent, *, stream: UUID, position: int, recorded: Recorded) -> Message:
    """Returns the reply or the dead letter for an intake event. All events of an intake stream go to the same agency.
    So the version of the previous message is the version of this event minus 1.
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
