"""Rounding: the whole product rounds by this one rule. Halves are rounded away from zero, and values are exact
fractions.

Python's `round` of floating-point numbers rounds halves to even, and its halves are often not exact.
"""

from fractions import Fraction


def rounded(value: Fraction, places: int = 0) -> Fraction:
    """Return the value with `places` decimals. Halves are rounded away from zero."""
    scale = 10**places
    size = (2 * abs(value) * scale + 1) // 2
    return Fraction(size if value >= 0 else -size, scale)


def rounded_to(value: Fraction, step: Fraction) -> Fraction:
    """Return the nearest multiple of `step`. Halves are rounded away from zero. `step` must be positive."""
    return rounded(value / step) * step
