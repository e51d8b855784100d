"""The topics file (`topics.toml`) lists the agencies that have a feed, and the settings of their topics."""

import hashlib
import re
import tomllib
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import msgspec
import orjson
from msgspec import Meta, Struct

from projections.routing import Agency

TOPICS_FILE = Path(__file__).parent.parent / "topics.toml"
ROUTING = 2
"""The edition of the routing rules. Increase this number if a change of projections/routing.py or
feeds/agencies/messages.py leads to different messages for the same events.
"""

AGENCY_ID = re.compile(r"(?=[0-9-]*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
"""An id contains no dot. With a dot in an id, a right on the topics of one agency could also cover the topics of
another agency.
"""
AGENCY_LONGEST = 63

Days = Annotated[int, Meta(ge=1, le=3650)]
Bytes = Annotated[int, Meta(ge=1024)]


class TopicsWrong(Exception):
    """The topics file cannot be used. The message names the file, the key and the expected value."""


class KafkaTopics(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of every agency's topics. Quotas are in bytes per second for one agency."""

    partitions: Annotated[int, Meta(ge=1, le=64)] = 3
    replication: Annotated[int, Meta(ge=1, le=7)] = 3
    min_insync: Annotated[int, Meta(ge=1, le=7)] = 2
    retention_days: Days = 400
    replies_days: Days = 90
    commands_days: Days = 7
    consumer_bytes_a_second: Bytes = 10 * 1024 * 1024
    producer_bytes_a_second: Bytes = 1024 * 1024


class AgencyTable(Struct, frozen=True, forbid_unknown_fields=True):
    since: date | None = None
    owns: dict[str, date] = {}


class Topics(Struct, frozen=True, forbid_unknown_fields=True):
    kafka: KafkaTopics = KafkaTopics()
    agencies: dict[str, AgencyTable] = {}

    def feeds(self) -> dict[str, Agency]:
        """Returns the agencies that have a feed, by code. A date means the beginning of that day in UTC."""
        return {
            code: Agency(
                code=code,
                since=_midnight(table.since) if table.since else None,
                owns={service: _midnight(day) for service, day in table.owns.items()},
            )
            for code, table in self.agencies.items()
        }

    def edition(self) -> str:
        """Returns a digest of all settings that route messages to agencies. When the digest changes, the feeds are
        rebuilt.
        """
        rules = [ROUTING, sorted((code, msgspec.to_builtins(table)) for code, table in self.agencies.items())]
        return hashlib.sha256(orjson.dumps(rules, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def read_topics(file: Path = TOPICS_FILE) -> Topics:
    """Reads and checks the topics file. Raises TopicsWrong."""
    try:
        topics = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Topics)
    except OSError as error:
        raise TopicsWrong(f"{file}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise TopicsWrong(f"{file}: {error}") from error
    for code in topics.agencies:
        if not AGENCY_ID.fullmatch(code) or len(code) > AGENCY_LONGEST:
            raise TopicsWrong(
                f"{file}: agencies.{code}: an id has at most 63 lower-case letters, digits and single hyphens"
            )
    if topics.kafka.min_insync > topics.kafka.replication:
        raise TopicsWrong(f"{file}: kafka.min_insync must not be above kafka.replication")
    return topics


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
