"""Documents that anybody may have: how agencies are told, and the schema of each message."""

from importlib.metadata import version

import orjson

from feeds.agencies.asyncapi import document
from feeds.agencies.schemas import schemas
from feeds.agencies.topics_file import Topics


def published(topics: Topics) -> dict[str, bytes]:
    """By path, as JSON. `ce_dataschema` of a message leads to its schema."""
    asyncapi = orjson.dumps(document(topics.kafka, version("jejak")))
    return {
        "/asyncapi.json": asyncapi,
        **{f"/schemas/{topic}.json": orjson.dumps(schema) for topic, schema in schemas().items()},
    }
