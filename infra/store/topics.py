"""Topics: which class an event's topic means, and the closed types that its data must fit before it is written.

The types are made from the plain dataclasses of the domain: a pattern there becomes a constraint here.
"""

from collections.abc import Hashable
from datetime import date, datetime
from enum import Enum
from functools import cache, reduce
from operator import or_
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from domain import events, registry
from domain.acts import Act
from domain.codes import Channel, Pattern, Published, Quality, Role
from domain.data import data_of, parse_instant
from domain.events import ApplicationEvent
from domain.registry import RegistryEvent
from domain.satisfaction import SatisfactionAnswered

AnyEvent = ApplicationEvent | RegistryEvent | SatisfactionAnswered
StoredClass = type[ApplicationEvent] | type[RegistryEvent] | type[SatisfactionAnswered]

CLASSES: dict[str, StoredClass] = {
    cls.topic: cls
    for cls in (*get_args(events.ApplicationEvent), *get_args(registry.RegistryEvent), SatisfactionAnswered)
}
"""Every version ever written stays here for ever."""

LARGEST_INTEGER = 2**53 - 1


class DataNotClosed(ValueError):
    """An event says something that no event may say. Names the field, never the value."""


def data_to_store(event: AnyEvent) -> dict[str, Any]:
    """The event's `data`, checked against its closed type. Raises DataNotClosed."""
    data = data_of(event)
    try:
        msgspec.convert(data, closed_type(cast("Hashable", type(event))), strict=True)
    except msgspec.ValidationError as error:
        raise DataNotClosed(f"{event.topic}: {str(error).rpartition(' - at ')[2]} does not fit") from None
    return data


def event_of(topic: str, data: dict[str, Any]) -> AnyEvent:
    """The event that a stored row means. Raises KeyError for a topic that this release does not know."""
    return msgspec.convert(data, CLASSES[topic], strict=True)


def act_of(state: dict[str, Any]) -> Act:
    return Act(
        at=parse_instant(state["at"]),
        at_quality=Quality(state["at_quality"]),
        by=Role(state["by"]),
        actor=UUID(state["actor"]) if state["actor"] else None,
        office=state["office"],
        channel=Channel(state["channel"]),
    )


@cache
def closed_type(cls: Any) -> type[msgspec.Struct]:  # noqa: ANN401 - any event class
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
    """The same type with its limits; a bare string is refused, as nothing bounds what it says."""
    if get_origin(hint) is Annotated:
        base, limit = get_args(hint)
        if isinstance(limit, Pattern):
            whole = rf"(?:{limit.regex})\Z"  # `$` alone would let a line break through at the end
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
    raise TypeError(f"no event may hold {hint}")
