"""Sync tokens: this module encrypts the position of an event, so that clients learn nothing about the log.

A position counts the events of all applications. A client that could read positions or make tokens could count the
events of the whole installation at any time. So a token is encrypted and authenticated. The same position always gives
the same token, because the answer to a repeated command contains the same token.
"""

import base64

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

CONTEXT = b"jejak/sync/1"
PREFIX = "applications="
ERA_BYTES, POSITION_BYTES, TOKEN_SYMBOLS = 6, 8, 40
"""The token has 16 bytes of AES-SIV and the 14 bytes of the two numbers. Base64 makes 40 symbols of these 30 bytes."""


class SealedSyncTokens:
    """Makes and opens the values of the header Sync-Token."""

    def __init__(self, key: bytes) -> None:
        self.siv = AESSIV(key)

    def seal(self, era: int, position: int) -> str:
        clear = era.to_bytes(ERA_BYTES, "big") + position.to_bytes(POSITION_BYTES, "big")
        return PREFIX + base64.urlsafe_b64encode(self.siv.encrypt(clear, [CONTEXT])).decode()

    def open(self, token: str) -> tuple[int, int] | None:
        """Returns the era and the position. Returns None if this installation did not make the token."""
        symbols = token.removeprefix(PREFIX)
        if not token.startswith(PREFIX) or len(symbols) != TOKEN_SYMBOLS:
            return None
        try:
            clear = self.siv.decrypt(base64.b64decode(symbols, altchars=b"-_", validate=True), [CONTEXT])
        except (InvalidTag, ValueError):
            return None
        return int.from_bytes(clear[:ERA_BYTES], "big"), int.from_bytes(clear[ERA_BYTES:], "big")
