"""The tracking number: twelve symbols that a citizen can read over the telephone.

The first two symbols name the instance (one installation of Jejak). The next nine symbols are random, and the last
symbol is a check symbol. The check symbol c solves c + sum(a^i * x_i) = 0 over GF(32) = GF(2)[x] / (x^5 + x^2 + 1) with
a = x. The powers a^0 to a^11 are all different, and no power is zero. So the check finds every single wrong symbol and
every swap of two unequal symbols.
"""

from enum import StrEnum

from domain.typed_text import without_gaps

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: no I, L, O, U
INSTANCE_SYMBOLS = 2
SERIAL_SYMBOLS = 9
SYMBOLS = INSTANCE_SYMBOLS + SERIAL_SYMBOLS + 1
GROUP = 4

FIELD = 0b100101
READ_AS = str.maketrans("abcdefghijklmnopqrstuvwxyzILO", "ABCDEFGH1JK1MN0PQRSTUVWXYZ110")


class Mistake(StrEnum):
    """A mistake in a typed number. Pages show the mistake in the reader's language."""

    WRONG_LENGTH = "wrong-length"
    UNUSED_SYMBOL = "unused-symbol"
    CHECK_FAILS = "check-fails"


MESSAGES = {
    Mistake.WRONG_LENGTH: f"a tracking number has {SYMBOLS} symbols",
    Mistake.UNUSED_SYMBOL: "the tracking number contains a symbol that tracking numbers do not use",
    Mistake.CHECK_FAILS: "the check symbol does not match: one or more symbols were mistyped",
}


class NumberMistyped(ValueError):
    """The text that a user typed is not a tracking number.

    The message never repeats the typed text, because messages reach logs, and a mistyped number is close to a real
    number.
    """

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(MESSAGES[mistake])
        self.mistake = mistake


def check_symbol(eleven: str) -> str:
    """Return the twelfth symbol for eleven symbols of the alphabet."""
    total = 0
    for symbol in reversed(eleven):
        total = times_a(total ^ ALPHABET.index(symbol))
    return ALPHABET[total]


def times_a(element: int) -> int:
    doubled = element << 1
    return doubled ^ FIELD if doubled >= len(ALPHABET) else doubled


def tracking_number(instance: str, serial: int) -> str:
    """`instance` holds the two symbols of the instance. Return a tracking number that begins with these symbols.

    `serial` has 45 bits, which the caller drew at random.
    """
    if len(instance) != INSTANCE_SYMBOLS or not set(instance) <= set(ALPHABET):
        raise ValueError(f"an instance is {INSTANCE_SYMBOLS} symbols of the alphabet")
    if not 0 <= serial < len(ALPHABET) ** SERIAL_SYMBOLS:
        raise ValueError("a serial has 45 bits")
    places = range(SERIAL_SYMBOLS - 1, -1, -1)
    eleven = instance + "".join(ALPHABET[serial >> 5 * place & 31] for place in places)
    return eleven + check_symbol(eleven)


def parse_tracking_number(typed: str) -> str:
    """Return the twelve symbols of a typed number.

    The typed number may have lower-case letters, spaces and every kind of dash. The letters I and L are read as 1, and
    the letter O is read as 0.
    """
    number = without_gaps(typed).translate(READ_AS)
    if len(number) != SYMBOLS:
        raise NumberMistyped(Mistake.WRONG_LENGTH)
    if not set(number) <= set(ALPHABET):
        raise NumberMistyped(Mistake.UNUSED_SYMBOL)
    if check_symbol(number[:-1]) != number[-1]:
        raise NumberMistyped(Mistake.CHECK_FAILS)
    return number


def grouped(number: str) -> str:
    """Return the number in groups of four symbols, as printed on paper."""
    return "-".join(number[place : place + GROUP] for place in range(0, len(number), GROUP))
