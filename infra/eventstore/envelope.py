"""Envelope: this module defines the byte format of stored events.

The format covers canonical JSON, command ids, digests, commitments and sealed parts. Stored bytes never change, so this
format must never change either. docs/event-format.md specifies the format. docs/adr/0003-the-stored-event.md gives the
reasons. HMAC means HMAC-SHA256. Binary fields are encoded as standard base64 with padding.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SALT_BYTES = 32
BLINDING_BYTES = 32
NONCE_BYTES = 12

OPEN = ("at", "at_quality", "by", "channel", "data", "office", "prev")
ACTOR = ("actor", "command", "digest")
STATE = frozenset((*OPEN, *ACTOR, "sealed", "salt"))


class SealBroken(Exception):
    """A sealed part cannot be decrypted.

    The sealed part was changed or was copied from another event, or the key is wrong.
    """


def canonical(value: object) -> bytes:
    """Encodes `value` as canonical JSON (RFC 8785).

    Only a part of JSON is supported: objects with ASCII keys, arrays, NFC strings, integers below 2**53, booleans and
    null. Floats are not supported.
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def mac(key: bytes, tag: str, message: bytes) -> bytes:
    """Returns an HMAC-SHA256 of 32 bytes over `tag`, a zero byte and `message`, in this order."""
    return hmac.digest(key, tag.encode() + b"\0" + message, "sha256")


def b64(raw: bytes) -> str:
    """Encodes bytes as standard base64 with padding."""
    return binascii.b2a_base64(raw, newline=False).decode()


def unb64(text: str) -> bytes:
    """Decodes standard base64. Raises ValueError if `b64` would not make exactly this text.

    Several base64 texts can decode to the same bytes, but this function accepts only one of these texts. So if somebody
    changes a character of a stored text, the result is an error or different bytes.
    """
    raw = base64.b64decode(text, validate=True)
    if b64(raw) != text:
        raise ValueError("not canonical base64")
    return raw


def command_id(key: bytes, client: str, own_key: str) -> UUID:
    """Returns the id of a command. The id is a UUIDv8.

    `own_key` is the Idempotency-Key that the client sent. The id reveals nothing about `own_key`. Raises ValueError if
    the client's name contains a zero byte.
    """
    if "\0" in client:
        raise ValueError("the client's name contains a zero byte")
    raw = bytearray(mac(key, "jejak/command/1", client.encode() + b"\0" + own_key.encode())[:16])
    raw[6] = (raw[6] & 0x0F) | 0x80
    raw[8] = (raw[8] & 0x3F) | 0x80
    return UUID(bytes=bytes(raw))


def digest(key: bytes, body: object) -> str:
    """Returns a keyed digest of a command's body. The digest has 32 hexadecimal digits.

    Equal bodies have equal digests. Without the key, the digest reveals nothing about the body.
    """
    return mac(key, "jejak/digest/1", canonical(body))[:16].hex()


def commitment(application: UUID, version: int, topic: str, state: Mapping[str, Any]) -> bytes:
    """Returns the commitment to an event. The commitment is a SHA-256 hash over the parts of the event.

    The commitment is computed from the stored row alone. So the commitment can be checked even after the personal data
    of the event was erased. Raises ValueError, KeyError.
    """
    salt = unb64(state["salt"])
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    return committed(str(application), version, topic, state, salt)


def committed(application: str, version: int, topic: str, state: Mapping[str, Any], salt: bytes) -> bytes:
    """Returns the commitment to a new event that is not stored yet.

    The function `commitment` returns the same value for the stored event. `salt` is the salt in `state`, decoded from
    base64.
    """
    opened = {"id": application, "topic": topic, "version": version}
    for name in OPEN:
        opened[name] = state[name]
    if "seen" in state:
        opened["seen"] = state["seen"]
    actor = {name: state[name] for name in ACTOR}
    parts = _part(salt, "open", opened) + _part(salt, "actor", actor) + _part(salt, "sealed", state["sealed"])
    return hashlib.sha256(b"jejak/event/1\0" + parts).digest()


SALTED = {name: b"jejak/salt/1\0" + name.encode() for name in ("open", "actor", "sealed")}
TAGGED = {name: f"jejak/{name}/1\0".encode() for name in SALTED}


def _part(salt: bytes, name: str, value: object) -> bytes:
    return keyed(keyed(salt, SALTED[name]), TAGGED[name] + canonical(value))


INNER, OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
INNER_REST, OUTER_REST = b"\x36" * 32, b"\x5c" * 32


def keyed(key: bytes, message: bytes) -> bytes:
    """Returns an HMAC-SHA256 (RFC 2104). The key must have exactly 32 bytes.

    Each event needs six HMACs. This function is faster than `hmac.digest`, which takes 1.5 times as long.
    """
    inner = hashlib.sha256(key.translate(INNER) + INNER_REST + message).digest()
    return hashlib.sha256(key.translate(OUTER) + OUTER_REST + inner).digest()


def seal(
    key: bytes,
    key_id: UUID,
    role: str,
    personal: object,
    *,
    application: UUID,
    version: int,
    topic: str,
    blinding: bytes,
    nonce: bytes,
) -> dict[str, str]:
    """Encrypts the personal data of one person in one event. The result is stored in the `sealed` list of the event.

    `blinding` and `nonce` must be new random bytes. `topic` is the type of the event.
    """
    content = canonical(personal)
    box = AESGCM(key).encrypt(nonce, blinding + content, _bound_to(application, version, topic, key_id))
    return {
        "box": b64(box),
        "commitment": b64(mac(blinding, "jejak/box/1", content)),
        "key": str(key_id),
        "nonce": b64(nonce),
        "role": role,
    }


def unseal(key: bytes, part: Mapping[str, str], *, application: UUID, version: int, topic: str) -> Any:  # noqa: ANN401
    """Decrypts a sealed part.

    Raises SealBroken if the part was sealed with another key, or for another event, version or topic.
    """
    bound = _bound_to(application, version, topic, UUID(part["key"]))
    try:
        clear = AESGCM(key).decrypt(unb64(part["nonce"]), unb64(part["box"]), bound)
    except (InvalidTag, ValueError) as broken:
        raise SealBroken("the box does not belong to this key and event") from broken
    blinding, content = clear[:BLINDING_BYTES], clear[BLINDING_BYTES:]
    if not hmac.compare_digest(mac(blinding, "jejak/box/1", content), unb64(part["commitment"])):
        raise SealBroken("the commitment does not match the content")
    return orjson.loads(content)


def _bound_to(application: UUID, version: int, topic: str, key_id: UUID) -> bytes:
    return b"jejak/seal/1\0" + application.bytes + version.to_bytes(8, "big") + key_id.bytes + topic.encode()
