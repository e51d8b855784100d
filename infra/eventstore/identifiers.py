"""Identifiers: this module makes the ids of streams."""

import secrets
import time
from uuid import UUID, uuid5

REGISTRY = UUID("6f1f3c2e-6f0b-5b57-9d5a-4a0d2c1b7e55")
"""The UUID namespace of registry streams. The id of a registry stream is computed from its kind and its public code."""


def new_application_id() -> UUID:
    """Returns a new UUIDv7 (RFC 9562). The first bytes of the id are the current time.

    The id contains no data from a client.
    """
    milliseconds = time.time_ns() // 1_000_000
    value = milliseconds << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 7 << 76
    return UUID(int=value & ~(0b11 << 62) | 0b10 << 62)


def registry_id(kind: str, code: str) -> UUID:
    """Returns the id of a registry stream. The id is a UUIDv5, and depends only on the kind and the code."""
    return uuid5(REGISTRY, f"{kind}/{code}")
