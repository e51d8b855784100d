"""Ids that we draw."""

import secrets
import time
from uuid import UUID, uuid5

REGISTRY = UUID("6f1f3c2e-6f0b-5b57-9d5a-4a0d2c1b7e55")
"""The namespace of registry streams: their ids follow from their public codes."""


def new_application_id() -> UUID:
    """A UUIDv7 (RFC 9562): begins with the time, says nothing of what a client sent."""
    milliseconds = time.time_ns() // 1_000_000
    value = milliseconds << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 7 << 76
    return UUID(int=value & ~(0b11 << 62) | 0b10 << 62)


def registry_id(kind: str, code: str) -> UUID:
    return uuid5(REGISTRY, f"{kind}/{code}")
