"""This module reads a typed PIN. A citizen reads the digits from a receipt, and may type them in any grouping."""

from domain.typed_text import without_gaps

READ_AS = str.maketrans("oOiIlL", "001111")


def parse_pin(typed: str) -> str:
    """Return the PIN without spaces and dashes. The letter O is read as the digit 0. The letters I and L are read as
    the digit 1.

    The result may still contain other characters, or have the wrong length. `is_digits` checks the characters but not
    the length.
    """
    return without_gaps(typed).translate(READ_AS)


def is_digits(pin: str) -> bool:
    """Tell whether a parsed PIN has only the digits 0 to 9, and at least one digit."""
    return pin.isascii() and pin.isdigit()
