"""Which agencies have a feed, and what their topics are like: read from `topics.toml`, refused where it is wrong."""

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
ROUTING = 1
"""Counted up where the rules of projections/routing.py or feeds/agencies/messages.py give other messages for the same
events.
"""

AGENCY_ID = re.compile(r"(?=[0-9-]*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
"""No dot: with one, a right on the prefix of a neighbour's name would open its topics."""
AGENCY_LONGEST = 63

Days = Annotated[int, Meta(ge=1, le=3650)]
Bytes = Annotated[int, Meta(ge=1024)]


class TopicsWrong(Exception):
    """The file of topics cannot be used: says the file, the key and what is expected."""


class KafkaTopics(Struct, frozen=True, forbid_unknown_fields=True):
    """Of every agency's topics. Quotas are bytes a second of one agency."""

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
        """By code; dates are the beginnings of their days in UTC."""
        return {
            code: Agency(
                code=code,
                since=_midnight(table.since) if table.since else None,
                owns={service: _midnight(day) for service, day in table.owns.items()},
            )
            for code, table in self.agencies.items()
        }

    def edition(self) -> str:
        """Of what decides who is told what: with another one the feeds are made anew."""
        rules = [ROUTING, sorted((code, msgspec.to_builtins(table)) for code, table in self.agencies.items())]
        return hashlib.sha256(orjson.dumps(rules, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def read_topics(file: Path = TOPICS_FILE) -> Topics:
    """Raises TopicsWrong."""
    try:
        topics = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Topics)
    except OSError as error:
        raise TopicsWrong(f"{file}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise TopicsWrong(f"{file}: {error}") from error
    for code in topics.agencies:
        if not AGENCY_ID.fullmatch(code) or len(code) > AGENCY_LONGEST:
            raise TopicsWrong(f"{file}: agencies.{code}: an id is small letters, digits and single hyphens, at most 63")
    if topics.kafka.min_insync > topics.kafka.replication:
        raise TopicsWrong(f"{file}: kafka.min_insync must not be above kafka.replication")
    return topics


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
