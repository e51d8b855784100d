"""Whether a schema still keeps what a published one promised, for who reads messages by the published one.

    breaks : Schema, Schema -> [str]

Within a version a message may gain optional fields and new values of open lists; words may change. All else that a
consumer can rely on stays: what is named and what is always there, types, formats, patterns and limits. What is always
there may not grow either, since messages of before are still in the feed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

PublishedSchema = Mapping[str, Any]

WORDS = frozenset({"title", "description", "examples", "$comment"})
"""Nobody's program turns on them."""
BY_THEMSELVES = frozenset({"properties", "required", "items", "x-extensible-enum"})


def all_breaks(published: Mapping[str, PublishedSchema], newest: Mapping[str, PublishedSchema]) -> list[str]:
    """Of every topic that was published. A topic that is new breaks nothing."""
    lost = [f"{topic}: it is gone" for topic in published if topic not in newest]
    return lost + [each for topic in published if topic in newest for each in breaks(published[topic], newest[topic])]


def breaks(published: PublishedSchema, newest: PublishedSchema) -> list[str]:
    """One line for each promise that is broken: where, and what. Empty: it is compatible."""
    return list(_breaks(published, newest, str(published.get("title", "schema"))))


def _breaks(published: PublishedSchema, newest: PublishedSchema, place: str) -> Iterator[str]:
    for keyword in sorted((published.keys() | newest.keys()) - WORDS - BY_THEMSELVES):
        if published.get(keyword) != newest.get(keyword):
            yield f"{place}: {keyword} was {_told(published, keyword)}, now {_told(newest, keyword)}"
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
        yield f"{place}/{name}: it is required now, and messages of before do not have it"


def _told(schema: PublishedSchema, keyword: str) -> str:
    return str(schema[keyword]) if keyword in schema else "not said"
