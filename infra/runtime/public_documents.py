"""Public documents: the AsyncAPI document of the agencies' feeds, and the schema of each message."""

from importlib.metadata import version

import orjson

from feeds.agencies.asyncapi import document
from feeds.agencies.schemas import schemas
from feeds.agencies.topics_file import Topics


def published(topics: Topics) -> dict[str, bytes]:
    """Returns a mapping. The keys are the paths of the documents, and the values are the documents as JSON.

    The field `ce_dataschema` of each message has the address of the schema.
    """
    asyncapi = orjson.dumps(document(topics.kafka, version("jejak")))
    return {
        "/asyncapi.json": asyncapi,
        **{f"/schemas/{topic}.json": orjson.dumps(schema) for topic, schema in schemas().items()},
    }
