"""Topics: this module maps each event topic to a class. This module also checks the data of an event before the event
is stored.

The data of an event must match a closed type. A closed type limits the values of every field, and forbids unknown
fields. The closed types are made from the dataclasses of the domain. A pattern in a dataclass becomes a constraint of
the closed type.
"""

from collections.abc import Hashable
from datetime import date, datetime
from enum import Enum
from functools import cache, lru_cache, reduce
from operator import or_
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Generic, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from domain.application import events
from domain.application.events import ApplicationEvent
from domain.codes import Channel, Pattern, Published, Quality, Role
from domain.import_runs import RunEvent
from domain.intake import IntakeEvent
from domain.json_values import data_of
from domain.provenance import Act
from domain.registry import editions
from domain.registry.editions import RegistryEvent
from domain.satisfaction import SatisfactionAnswered

AnyEvent = ApplicationEvent | RegistryEvent | SatisfactionAnswered | IntakeEvent | RunEvent
StoredClass = (
    type[ApplicationEvent] | type[RegistryEvent] | type[SatisfactionAnswered] | type[IntakeEvent] | type[RunEvent]
)

E = TypeVar("E")

CLASSES: dict[str, StoredClass] = {
    cls.topic: cls
    for cls in (
        *get_args(events.ApplicationEvent),
        *get_args(editions.RegistryEvent),
        SatisfactionAnswered,
        *get_args(IntakeEvent),
        *get_args(RunEvent),
    )
}
"""The event class of each event topic. Never remove an event topic, because stored events may use it."""

LARGEST_INTEGER = 2**53 - 1


class DataNotClosed(ValueError):
    """This error means that the data of an event does not match the closed type of the event's class.

    The error message names the field, but never contains the value.
    """


def data_to_store(event: AnyEvent) -> dict[str, Any]:
    """Checks the data of an event against the closed type of the event's class. Returns the data.

    Raises DataNotClosed.
    """
    data = data_of(event)
    try:
        msgspec.convert(data, closed_type(cast("Hashable", type(event))), strict=True)
    except msgspec.ValidationError as error:
        raise DataNotClosed(f"{event.topic}: {str(error).rpartition(' - at ')[2]} does not fit") from None
    return data


def event_of(topic: str, data: dict[str, Any]) -> AnyEvent:
    """Makes an event from its stored topic and data. Raises KeyError if this release does not know the topic."""
    return msgspec.convert(data, CLASSES[topic], strict=True)


class State(msgspec.Struct, Generic[E]):
    """A fold needs only some fields of a stored state. This class contains these fields. The decoder skips the hash
    chain and the sealed parts.
    """

    at: Annotated[datetime, msgspec.Meta(tz=True)]
    at_quality: Quality
    by: Role
    actor: str
    office: str
    channel: Channel
    command: str
    data: E


def decoder_of(topic: str) -> msgspec.json.Decoder[State[AnyEvent]]:
    """Returns a decoder for stored states. The decoder makes the field `data` an instance of the event's class.

    Raises KeyError if this release does not know the event topic.
    """
    return _DECODERS[topic]


def act_of(state: State[AnyEvent]) -> Act:
    """Returns the act of an event. The act contains the actor, the office, the time and the channel."""
    return Act(
        at=state.at,
        at_quality=state.at_quality,
        by=state.by,
        actor=_actor(state.actor) if state.actor else None,
        office=state.office,
        channel=state.channel,
    )


@lru_cache(maxsize=4096)
def _actor(text: str) -> UUID:
    """Parses the id of an actor. The results are cached.

    The same ids occur often, because a few actors make most events. Without the cache, parsing an id would take as much
    time as reading all other fields of an act.
    """
    return UUID(text)


@cache
def closed_type(cls: Any) -> type[msgspec.Struct]:  # noqa: ANN401 - any event class
    """Returns the closed type of an event class. Every field of a closed type has limits.

    Unknown fields are forbidden.
    """
    hints = get_type_hints(cls, include_extras=True)
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for name, hint in hints.items():
        if get_origin(hint) is ClassVar:
            continue
        closed = _closed(hint)
        optional = NoneType in get_args(closed)
        fields.append((name, closed, None) if optional else (name, closed))
    return msgspec.defstruct(cls.__name__, fields, kw_only=True, forbid_unknown_fields=True)


def _closed(hint: Any) -> Any:  # noqa: ANN401 - annotations are any value
    """Returns a type that limits the values of a field. Raises TypeError for a plain `str`, which has no limits."""
    if get_origin(hint) is Annotated:
        base, limit = get_args(hint)
        if isinstance(limit, Pattern):
            whole = rf"(?:{limit.regex})\Z"  # `$` would also match before a line break at the end
            return Annotated[base, msgspec.Meta(pattern=whole, max_length=limit.longest)]
        if isinstance(limit, Published):
            return Annotated[base, msgspec.Meta(max_length=limit.longest)]
    if get_origin(hint) is tuple:
        item: Any = _closed(get_args(hint)[0])
        return tuple.__class_getitem__((item, ...))
    if get_origin(hint) in (Union, UnionType):
        return reduce(or_, (_closed(part) for part in get_args(hint)))
    if hint is int:
        return Annotated[int, msgspec.Meta(ge=0, le=LARGEST_INTEGER)]
    if hint in (bool, NoneType, datetime, date, UUID) or (isinstance(hint, type) and issubclass(hint, Enum)):
        return hint
    if hasattr(hint, "__dataclass_fields__"):
        return closed_type(hint)
    raise TypeError(f"an event must not contain {hint}")


def _made() -> dict[str, msgspec.json.Decoder[State[AnyEvent]]]:
    """Makes all decoders and all closed types when Python imports this module. At that time, the process has only one
    thread.

    msgspec stores a cache in each class. If two threads fill the same cache at the same time, the process crashes.
    """
    shape: Any = State
    for cls in CLASSES.values():
        msgspec.json.Decoder(closed_type(cast("Hashable", cls)))
    return {topic: msgspec.json.Decoder(shape[cls]) for topic, cls in CLASSES.items()}


_DECODERS = _made()
