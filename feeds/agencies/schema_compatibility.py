"""Schema compatibility: this module compares a new schema with the published schema, and finds changes that break
consumers.

    breaks : PublishedSchema, PublishedSchema -> [str]

Within a version, three changes are allowed. A message may get new optional fields. An open list may get new values. A
description may change. Field names, required fields, types, formats, patterns and limits must not change. A new
required field is not allowed either, because the feed contains earlier messages without the new field.
"""

from collections.abc import Iterator, Mapping
from typing import Any

PublishedSchema = Mapping[str, Any]

WORDS = frozenset({"title", "description", "examples", "$comment"})
"""These keywords only inform people. Programs do not depend on these keywords."""
BY_THEMSELVES = frozenset({"properties", "required", "items", "x-extensible-enum"})


def all_breaks(published: Mapping[str, PublishedSchema], newest: Mapping[str, PublishedSchema]) -> list[str]:
    """Returns the breaking changes in the schemas of all published event types. A new event type is not a breaking
    change.
    """
    lost = [f"{topic}: it is gone" for topic in published if topic not in newest]
    return lost + [each for topic in published if topic in newest for each in breaks(published[topic], newest[topic])]


def breaks(published: PublishedSchema, newest: PublishedSchema) -> list[str]:
    """Returns one line for each breaking change, with its place in the schema. The list is empty if the schemas are
    compatible.
    """
    return list(_breaks(published, newest, str(published.get("title", "schema"))))


def _breaks(published: PublishedSchema, newest: PublishedSchema, place: str) -> Iterator[str]:
    for keyword in sorted((published.keys() | newest.keys()) - WORDS - BY_THEMSELVES):
        if published.get(keyword) != newest.get(keyword):
            yield f"{place}: {keyword} was {_shown(published, keyword)}, now {_shown(newest, keyword)}"
    yield from _required(published, newest, place)
    values, now = published.get("x-extensible-enum"), newest.get("x-extensible-enum")
    if values is not None and not set(values) <= set(now or ()):
        yield f"{place}: it no longer says {', '.join(sorted(set(values) - set(now or ())))}"
    fields, newer = published.get("properties", {}), newest.get("properties", {})
    for name in fields:
        if name in newer:
            yield from _breaks(fields[name], newer[name], f"{place}/{name}")
        else:
            yield f"{place}/{name}: it is gone"
    if "items" in published or "items" in newest:
        yield from _breaks(published.get("items", {}), newest.get("items", {}), f"{place}/-")


def _required(published: PublishedSchema, newest: PublishedSchema, place: str) -> Iterator[str]:
    before, now = set(published.get("required", ())), set(newest.get("required", ()))
    for name in sorted(before - now):
        yield f"{place}/{name}: it was always there, and may now be absent"
    for name in sorted(now - before):
        yield f"{place}/{name}: it is required now, and earlier messages do not have it"


def _shown(schema: PublishedSchema, keyword: str) -> str:
    return str(schema[keyword]) if keyword in schema else "not said"
