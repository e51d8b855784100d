"""Making the rows of a save: sealed, committed to, chained. Ids, versions and bytes are fixed before the first try."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from domain.acts import Act
from domain.data import instant
from infra.keys import DossierKey
from infra.store.envelope import BLINDING_BYTES, NONCE_BYTES, SALT_BYTES, b64, canonical, commitment, seal
from infra.store.topics import AnyEvent, data_to_store

Personal = Mapping[str, Mapping[str, Any]]


def rows_of(
    stream: UUID,
    after: int,
    prev: str,
    events: Sequence[AnyEvent],
    act: Act,
    *,
    command: UUID,
    digest: str,
    personal: Personal | None = None,
    keys: Mapping[str, DossierKey] | None = None,
) -> tuple[list[StoredEvent], str]:
    """The events as stored after version `after`, whose commitment is `prev`, and the last one's own commitment.

    What is personal goes into the first.
    """
    rows: list[StoredEvent] = []
    for version, event in enumerate(events, after + 1):
        sealed = [
            seal(
                key.key,
                key.key_id,
                role,
                personal[role],
                application=stream,
                version=version,
                topic=event.topic,
                blinding=secrets.token_bytes(BLINDING_BYTES),
                nonce=secrets.token_bytes(NONCE_BYTES),
            )
            for role, key in sorted((keys or {}).items())
            if personal and role in personal and version == after + 1
        ]
        state = {
            "actor": str(act.actor) if act.actor else "",
            "at": instant(act.at),
            "at_quality": act.at_quality.value,
            "by": act.by.value,
            "channel": act.channel.value,
            "command": str(command),
            "data": data_to_store(event),
            "digest": digest,
            "office": act.office,
            "prev": prev,
            "salt": b64(secrets.token_bytes(SALT_BYTES)),
            "sealed": sealed,
        }
        rows.append(StoredEvent(stream, version, event.topic, canonical(state)))
        prev = b64(commitment(stream, version, event.topic, state))
    return rows, prev
