"""Rows: this module turns events into rows of the log. This module also adds the sealed parts, the commitments and the
hash chain.

The ids, versions and bytes of the rows are final before the rows are sent to the database for the first time.
"""

import secrets
from collections.abc import Mapping, Sequence
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from domain.json_values import instant
from domain.provenance import Act
from infra.eventstore.envelope import BLINDING_BYTES, NONCE_BYTES, SALT_BYTES, b64, canonical, committed, seal
from infra.eventstore.topics import AnyEvent, data_to_store
from infra.keys.key_store import DossierKey
from service_layer.event_store import PersonalParts


def rows_of(
    stream: UUID,
    after: int,
    prev: str,
    events: Sequence[AnyEvent],
    act: Act,
    *,
    command: UUID,
    digest: str,
    personal: PersonalParts | None = None,
    keys: Mapping[str, DossierKey] | None = None,
) -> tuple[list[StoredEvent], str]:
    """Returns two values: the rows for `events`, and the commitment to the last row.

    `after` is the version of the last event before these rows, and `prev` is the commitment to this event. The first
    row gets the version `after` + 1. All sealed parts are in the first row.
    """
    acted = {
        "actor": str(act.actor) if act.actor else "",
        "at": instant(act.at),
        "at_quality": act.at_quality.value,
        "by": act.by.value,
        "channel": act.channel.value,
        "command": str(command),
        "digest": digest,
        "office": act.office,
    }
    name = str(stream)
    rows: list[StoredEvent] = []
    for version, event in enumerate(events, after + 1):
        topic = event.topic
        sealed = _sealed(stream, version, topic, personal, keys) if personal and version == after + 1 else []
        salt = secrets.token_bytes(SALT_BYTES)
        state = {
            **acted,
            "data": data_to_store(event),
            "prev": prev,
            "salt": b64(salt),
            "sealed": sealed,
        }
        rows.append(StoredEvent(stream, version, topic, canonical(state)))
        prev = b64(committed(name, version, topic, state, salt))
    return rows, prev


def _sealed(
    stream: UUID, version: int, topic: str, personal: PersonalParts, keys: Mapping[str, DossierKey] | None
) -> list[dict[str, str]]:
    """Returns one sealed part for each role that has personal data and a key. The list is sorted by role."""
    return [
        seal(
            key.key,
            key.key_id,
            role,
            personal[role],
            application=stream,
            version=version,
            topic=topic,
            blinding=secrets.token_bytes(BLINDING_BYTES),
            nonce=secrets.token_bytes(NONCE_BYTES),
        )
        for role, key in sorted((keys or {}).items())
        if role in personal
    ]
