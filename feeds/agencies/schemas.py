"""This module makes a JSON Schema (draft 7) for the data of each message, from the classes of the events.

Consumers rely on the schemas. Within a version, a schema can only get new optional fields and new values
(feeds/agencies/schema_compatibility.py). So a consumer must ignore unknown fields and values. The capacity of an agency
is the role in which the agency gets an event, for example the role of the holder of the file. If a field is hidden in
one capacity, the field is not required.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from inspect import cleandoc
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from domain.application.events import ApplicationEvent
from domain.application.status import Status
from domain.codes import Channel, Pattern, Quality, Role
from domain.intake import IntakeEvent
from feeds.agencies.messages import STATUS
from feeds.agencies.replies import OUTCOMES
from projections.file_facts import SoFar
from projections.routing import Capacity, capacities, seen, seen_so_far

Schema = dict[str, Any]

DIALECT = "http://json-schema.org/draft-07/schema#"
CODE_MAX = 63
AN_APPLICATION = "0192f0c8-6b1e-7c3a-9d57-1f0a2b3c4d5e"
AN_INSTANT = "2026-03-13T02:10:05.250000Z"
CODES = (
    "ktp-el",
    "33.74.01",
    "33.74",
    "01K2M9XD4TB5",
    "ktp-el@3",
    "/applicant/nik",
    "mpp-3374-01",
    "suspension",
)
"""Example values. The first value that matches the pattern of a field becomes the example of this field."""

WORDS = {"deviates": "Only for imported history: the code of the refusal that a command would have got."}


def schemas() -> dict[str, Schema]:
    """Returns the schemas by event type. There is a schema for every event that an agency may get, for the status
    record, and for replies.
    """
    return {
        **{event.topic: schema_of(event) for event in get_args(ApplicationEvent)},
        STATUS: status_schema(),
        **{event.topic: answer_schema(event) for event in get_args(IntakeEvent)},
    }


def schema_of(event: type[ApplicationEvent]) -> Schema:
    """Returns the schema of the message about an event. The schema is the same for all capacities."""
    properties: dict[str, Schema] = {
        "application": _uuid("The id of the application."),
        **_about_the_application(),
        "capacity": _open(Capacity, "Why this agency gets the event."),
        "at_quality": _open(Quality, Quality.__doc__ or ""),
        "by": _open(Role, Role.__doc__ or ""),
        "channel": _open(Channel, Channel.__doc__ or ""),
        "facts": facts_schema(event),
    }
    required = list(properties)
    properties["so_far"] = so_far_schema(capacities(event))
    return _published(event.topic, _doc(event), properties, required)


def status_schema() -> Schema:
    """Returns the schema of the status record. The topic keeps the newest record of each application."""
    properties = {
        "application": _uuid("The id of the application."),
        **_about_the_application(),
        "version": _integer(
            "The version of the application. Of two records, the record with the higher version is valid."
        ),
        "at": _instant("When the application reached this status, UTC."),
    }
    required = list(properties)
    properties["due_at"] = _instant(
        "The promised instant, while a decision is awaited. After this instant, the application is overdue."
    )
    properties["paused"] = {"type": "boolean", "description": "Whether the legal clock is paused.", "examples": [True]}
    properties["paused_since"] = _instant(
        "When the legal clock stopped. A paused application is overdue only if due_at is before this instant."
    )
    return _published(STATUS, "The present status of an application.", properties, required)


def answer_schema(event: type[IntakeEvent]) -> Schema:
    """Returns the schema of a reply to a command, or of a dead letter."""
    outcome = {"type": "string", "description": "The outcome of the command.", "examples": [OUTCOMES[event.topic]]}
    fields = [(name, hint) for name, hint in _fields(event) if name != "agency"]
    properties = {"outcome": outcome, **{name: _of(hint) for name, hint in fields}}
    required = ["outcome", *(name for name, hint in fields if not _optional(hint))]
    return _published(event.topic, _doc(event), properties, required)


def facts_schema(event: type[ApplicationEvent]) -> Schema:
    """Returns the schema of `facts`. A field is required only if every capacity that gets the event also sees the
    field.
    """
    receiving = capacities(event)
    properties: dict[str, Schema] = {}
    required = []
    for name, hint in _fields(event):
        sees = [capacity for capacity in receiving if seen(name, capacity)]
        if sees:
            if len(sees) == len(receiving) and not _optional(hint):
                required.append(name)
            words = f"{WORDS.get(name, '')} {_only_for(sees, receiving)}".strip()
            properties[name] = _described(_of(hint), words)
    return _object(properties, required)


def so_far_schema(receiving: tuple[Capacity, ...]) -> Schema:
    """Returns the schema of `so_far`. A message has `so_far` only if the agency does not know the earlier events."""
    properties = {}
    for name, hint in _fields(SoFar):
        sees = [capacity for capacity in receiving if seen_so_far(name, capacity)]
        properties[name] = _described(_of(hint), _only_for(sees, receiving))
    return _described(_object(properties, []), _doc(SoFar))


def _only_for(sees: Sequence[Capacity], receiving: Sequence[Capacity]) -> str:
    return f"Only for: {', '.join(sees)}." if len(sees) < len(receiving) else ""


def _about_the_application() -> dict[str, Schema]:
    """Returns the fields that describe the application after the event."""
    code = {"type": "string", "maxLength": CODE_MAX}
    office = "Code of the office that holds the application."
    return {
        "service": {**code, "description": "Code of the service.", "examples": ["ktp-el"]},
        "standard": _integer("The edition of the service's standard that applies."),
        "office": {**code, "description": office, "examples": ["pemda-3374-disdukcapil"]},
        "status": _open(Status, "Null before the submission is known.") | {"type": ["string", "null"]},
    }


def _published(topic: str, description: str, properties: Mapping[str, Schema], required: list[str]) -> Schema:
    named = {"$schema": DIALECT, "$id": f"urn:jejak:schema:{topic}", "title": topic, "description": description}
    return {**named, **_object(properties, required)}


def _doc(event: type[Any]) -> str:
    """Returns the docstring of the event's class on one line.

    If a dataclass has no docstring, Python uses its signature as `__doc__`. This signature is not published.
    """
    doc = cleandoc(event.__doc__ or "")
    return (
        "The name describes the event."
        if doc.startswith(f"{event.__name__}(")
        else " ".join(doc.replace("`", "").split())
    )


def _object(properties: Mapping[str, Schema], required: list[str]) -> Schema:
    return {
        "type": "object",
        "required": sorted(required),
        "properties": dict(properties),
        "additionalProperties": True,
    }


def _fields(cls: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - any dataclass of an event
    hints = get_type_hints(cls, include_extras=True)
    return [(name, hint) for name, hint in hints.items() if get_origin(hint) is not ClassVar]


def _optional(hint: Any) -> bool:  # noqa: ANN401 - annotations are any value
    return NoneType in get_args(hint)


def _of(hint: Any) -> Schema:  # noqa: ANN401 - annotations are any value
    """Returns the schema of a type. If an optional field has no value, the message leaves out the field. So the schema
    of the field does not allow null.
    """
    if get_origin(hint) in (Union, UnionType):
        [kind] = [part for part in get_args(hint) if part is not NoneType]
        return _of(kind)
    if get_origin(hint) is Annotated:
        return _code(get_args(hint)[1])
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _of(get_args(hint)[0])}
    if hasattr(hint, "__dataclass_fields__"):
        fields = _fields(hint)
        return _object({name: _of(of) for name, of in fields}, [name for name, of in fields if not _optional(of)])
    if issubclass(hint, Enum):
        return _open(hint, hint.__doc__ or "")
    plain: dict[Any, Schema] = {
        bool: {"type": "boolean", "examples": [True]},
        int: _integer(),
        UUID: _uuid(),
        datetime: _instant(),
        date: {"type": "string", "format": "date", "examples": ["2026-03-13"]},
    }
    return plain[hint]


def _open(kind: type[Enum], description: str) -> Schema:
    values = [each.value for each in kind]
    more = f"{' '.join(description.split())} More values may come."
    return {"type": "string", "description": more.strip(), "x-extensible-enum": values, "examples": values[:1]}


def _code(pattern: Pattern) -> Schema:
    example = next(code for code in CODES if re.match(pattern.regex, code))
    return {"type": "string", "pattern": pattern.regex, "maxLength": pattern.longest, "examples": [example]}


def _integer(description: str = "") -> Schema:
    return _described({"type": "integer", "minimum": 0, "examples": [1]}, description)


def _uuid(description: str = "") -> Schema:
    return _described({"type": "string", "format": "uuid", "examples": [AN_APPLICATION]}, description)


def _instant(description: str = "") -> Schema:
    return _described({"type": "string", "format": "date-time", "examples": [AN_INSTANT]}, description)


def _described(schema: Schema, description: str) -> Schema:
    words = " ".join(part for part in (schema.get("description", ""), description) if part)
    return {**schema, "description": words} if words else schema


def example(schema: Schema) -> Any:  # noqa: ANN401 - JSON is any value
    """Returns an example value with all properties of the schema."""
    if schema["type"] == "object":
        return {name: example(each) for name, each in schema["properties"].items()}
    if schema["type"] == "array":
        return [example(schema["items"])]
    return schema["examples"][0]
