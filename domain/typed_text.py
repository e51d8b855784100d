"""Typed text: this module cleans a typed or pasted number or PIN before the check.

Telephones, word processors and messengers turn a hyphen into an en dash or a minus sign, and put no-break or zero-width
spaces between groups. So every space, dash and invisible character is dropped. Full-width letters and digits are
treated as normal letters and digits.
"""

import unicodedata

DASHES = frozenset("\u2043\u207b\u208b\u2212\u02d7\u30fc\uff70\u2500\u2501")
"""Characters that look like a dash but are not dash punctuation (Pd) in Unicode: hyphen bullet, superscript and
subscript minus, minus sign, modifier minus, the long vowel marks of Japanese keyboards, box drawing lines.
"""
INVISIBLE = frozenset({"Cf", "Zs", "Zl", "Zp"})


def without_gaps(typed: str) -> str:
    """Return the text without spaces, dashes and invisible characters. Full-width characters become normal characters.

    Letters keep their case. A dash is any character of the Unicode category Pd, or one of DASHES.
    """
    kept = "".join(symbol for symbol in typed if not _is_gap(symbol))
    return "".join(symbol for symbol in unicodedata.normalize("NFKC", kept) if not _is_gap(symbol))


def _is_gap(symbol: str) -> bool:
    category = unicodedata.category(symbol)
    return symbol.isspace() or category == "Pd" or category in INVISIBLE or symbol in DASHES
