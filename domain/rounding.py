"""Rounding: the whole product uses this one rule. Halves are rounded away from zero, and values are exact fractions.

Python's `round` rounds halves to even numbers, and a value such as 0.005 is not exact as a floating-point number.
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
