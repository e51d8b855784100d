"""The PIN as it is typed: the digits that a citizen reads from a receipt, in any grouping."""

from domain.typed_text import without_gaps

READ_AS = str.maketrans("oOiIlL", "001111")


def parse_pin(typed: str) -> str:
    """Return the PIN without spaces and dashes. The letters O, I and L count as the digits 0, 1 and 1.

    The result may still be no PIN: `is_digits` tells whether it can be one. Its length is checked with the PIN itself.
    """
    return without_gaps(typed).translate(READ_AS)


def is_digits(pin: str) -> bool:
    """Tell whether a parsed PIN has only the digits 0 to 9, and at least one of them."""
    return pin.isascii() and pin.isdigit()
