"""An event's `data` as plain values, the way it is stored and shown: one spelling of an instant, no absent field."""

from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any
from uuid import UUID


def instant(at: datetime) -> str:
    """UTC with always six digits, so that the order of the text is the order of time. `at` must be aware."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def parse_instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def data_of(event: Any) -> dict[str, Any]:  # noqa: ANN401 - any event class of ours
    """The fields of an event as JSON values; a field that is None is left out."""
    values = ((field.name, getattr(event, field.name)) for field in fields(event))
    return {name: plain(value) for name, value in values if value is not None}


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON is any value
    """JSON values of what an event may hold; raises TypeError for anything else (a float, a free object)."""
    match value:
        case Enum():
            return value.value
        case bool() | int() | str() | None:
            return value
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
