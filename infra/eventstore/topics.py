"""Topics: maps each stored event type (topic) to its class, and checks the data of an event before it is stored.

The data must fit a closed type: a type that limits every field and forbids unknown fields. The closed types are made
from the plain dataclasses of the domain: a pattern in a dataclass becomes a constraint in its closed type.
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
from domain.intake import IntakeEvent
from domain.json_values import data_of
from domain.provenance import Act
from domain.registry import editions
from domain.registry.editions import RegistryEvent
from domain.satisfaction import SatisfactionAnswered

AnyEvent = ApplicationEvent | RegistryEvent | SatisfactionAnswered | IntakeEvent
StoredClass = type[ApplicationEvent] | type[RegistryEvent] | type[SatisfactionAnswered] | type[IntakeEvent]

E = TypeVar("E")

CLASSES: dict[str, StoredClass] = {
    cls.topic: cls
    for cls in (
        *get_args(events.ApplicationEvent),
        *get_args(editions.RegistryEvent),
        SatisfactionAnswered,
        *get_args(IntakeEvent),
    )
}
"""The class of each event topic. An event topic that was ever written must never be removed."""

LARGEST_INTEGER = 2**53 - 1


class DataNotClosed(ValueError):
    """The data of an event does not fit its closed type. The message names the field, never the value."""


def data_to_store(event: AnyEvent) -> dict[str, Any]:
    """Returns the event's `data` after a check against the closed type of the event's class. Raises DataNotClosed."""
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
    """The fields of a stored state that a fold reads. The chain and the sealed parts are skipped."""

    at: Annotated[datetime, msgspec.Meta(tz=True)]
    at_quality: Quality
    by: Role
    actor: str
    office: str
    channel: Channel
    command: str
    data: E


def decoder_of(topic: str) -> msgspec.json.Decoder[State[AnyEvent]]:
    """Returns the decoder that reads a state directly into the event's class.

    Raises KeyError for an event topic that this release does not know.
    """
    return _DECODERS[topic]


def act_of(state: State[AnyEvent]) -> Act:
    """Returns the act of an event: the actor, the place, the time and the channel."""
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
    """Parses an actor's id, with a cache.

    A few actors act often, so the same ids are parsed again and again. Parsing an id costs as much as reading all other
    fields of an act.
    """
    return UUID(text)


@cache
def closed_type(cls: Any) -> type[msgspec.Struct]:  # noqa: ANN401 - any event class
    """Returns the closed type of an event class: every field has limits, and unknown fields are forbidden."""
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
    """Returns a type with its limits. Raises TypeError for the type `str` without limits."""
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
    """Makes all decoders and all closed types while the process has only one thread.

    msgspec caches data about a class in the class itself. If two threads fill this cache at the same time,
    the process crashes.
    """
    shape: Any = State
    for cls in CLASSES.values():
        msgspec.json.Decoder(closed_type(cast("Hashable", cls)))
    return {topic: msgspec.json.Decoder(shape[cls]) for topic, cls in CLASSES.items()}


_DECODERS = _made()
