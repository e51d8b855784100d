"""This module converts an event's fields to the JSON values that are stored and shown.

Every instant has exactly one text form, and a field that is None is left out.
"""

from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache, lru_cache
from types import NoneType
from typing import Any
from uuid import UUID

AS_THEY_ARE = frozenset({bool, int, str, NoneType})


@lru_cache(maxsize=4096)
def instant(at: datetime) -> str:
    """Format an instant in UTC, always with six decimals of a second.

    Because every text has the same length, sorting the texts sorts the instants.

    `at` must be aware.
    """
    return at.astimezone(UTC).isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def parse_instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def data_of(event: Any) -> dict[str, Any]:  # noqa: ANN401 - any event class of the domain
    """Return the fields of an event as JSON values. A field that is None is left out."""
    names = _names(type(event))  # type: ignore[arg-type] # a class is hashable
    values = ((name, getattr(event, name)) for name in names)
    return {name: plain(value) for name, value in values if value is not None}


@cache
def _names(cls: Any) -> tuple[str, ...]:  # noqa: ANN401 - any event class of the domain
    return tuple(field.name for field in fields(cls))


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON is any value
    """Return the JSON value of one value in an event. Raises TypeError for a value of any other type, for example a
    float.
    """
    if type(value) in AS_THEY_ARE:
        return value
    match value:
        case Enum():
            return (
                value._value_
            )  # `value` would be slower, because it is a descriptor; each event has several enumeration values
        case datetime():
            return instant(value)
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case tuple():
            return [plain(item) for item in value]
        case _ if is_dataclass(value):
            return data_of(value)
        case _:
            raise TypeError(f"an event holds no {type(value).__name__}")
