"""Receipt codes: this module makes the tracking number, the PIN and the QR token on a receipt.

The PIN and the QR token are computed from the tracking number, so they are not stored. Therefore the answer to a
repeated submission contains the same PIN and the same QR token. The check of a PIN takes only microseconds. See
docs/event-format.md, Tracking number, PIN and QR.
"""

import base64
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from domain.tracking_number import ALPHABET, check_symbol, tracking_number

PIN_DIGITS = 8
SERIAL_BITS = 45
QR_BYTES = 24
CONTEXT = b"jejak/qr/1"


class ReceiptCodes:
    """Makes random tracking numbers for one installation. Makes and checks the PINs and QR tokens of these numbers.

    Every tracking number of the installation begins with the two symbols in `instance`.
    """

    def __init__(self, *, instance: str, pin_key: bytes, qr_key: bytes) -> None:
        self.instance = instance
        self.pin_key = pin_key
        self.siv = AESSIV(qr_key)

    def new_number(self) -> str:
        return tracking_number(self.instance, secrets.randbits(SERIAL_BITS))

    def pin(self, number: str, resets: int) -> str:
        message = b"jejak/pin/1\0" + number.encode() + b"\0" + resets.to_bytes(4, "big")
        raw = hmac.digest(self.pin_key, message, "sha256")
        return f"{int.from_bytes(raw[:8], 'big') % 10**PIN_DIGITS:0{PIN_DIGITS}d}"

    def is_pin(self, typed: str, number: str, resets: int) -> bool:
        return hmac.compare_digest(typed.encode(), self.pin(number, resets).encode())

    def qr_token(self, number: str, resets: int) -> str:
        packed = 0
        for symbol in number[:11]:
            packed = packed << 5 | ALPHABET.index(symbol)
        box = self.siv.encrypt(packed.to_bytes(7, "big") + resets.to_bytes(1, "big"), [CONTEXT])
        return base64.urlsafe_b64encode(box).decode()

    def read_qr_token(self, token: str) -> tuple[str, int] | None:
        """Returns two values: the tracking number, and how often the PIN was reset before the token was made.

        Returns None if the token was not made with this key.
        """
        try:
            box = base64.b64decode(token, altchars=b"-_", validate=True)
            clear = self.siv.decrypt(box, [CONTEXT]) if len(box) == QR_BYTES else b""
        except (InvalidTag, ValueError):
            return None
        if not clear:
            return None
        packed = int.from_bytes(clear[:7], "big")
        eleven = "".join(ALPHABET[packed >> shift & 31] for shift in range(50, -1, -5))
        return eleven + check_symbol(eleven), clear[7]
