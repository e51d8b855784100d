"""This module checks a person's name and other short texts about a person.

A name may have one word or many words, in any script. At least one character must be visible. The name must not change
the direction of the text around the name. No error message of this module repeats the name.
"""

import unicodedata
from enum import StrEnum

BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""The characters that set or override the direction of text (Unicode Standard Annex 9, section 2)."""
BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Unicode letters and symbols that are invisible: the fillers of Hangul, and the empty pattern of Braille."""
CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""The Unicode categories of control characters, surrogates, and line and paragraph separators."""
VISIBLE = frozenset("LNPS")
"""The first letters of the names of the Unicode categories that contain visible characters: letters, numbers,
punctuation, symbols.
"""


class TextFault(StrEnum):
    """The reason why a text cannot be a name."""

    NOTHING_VISIBLE = "nothing-visible"
    CONTROL_CHARACTER = "control-character"
    DIRECTION_CHARACTER = "direction-character"


MESSAGES = {
    TextFault.NOTHING_VISIBLE: "the text has no visible character",
    TextFault.CONTROL_CHARACTER: "the text contains a control character, for example a tabulator or a line break",
    TextFault.DIRECTION_CHARACTER: "the text contains a character that changes the direction of the text",
}


class TextInvalid(ValueError):
    """The text cannot be a name. The message never repeats the text, because the text is personal."""

    def __init__(self, fault: TextFault) -> None:
        super().__init__(MESSAGES[fault])
        self.fault = fault


def check(text: str, *, lines: bool = False) -> None:
    """Raise TextInvalid if the text has a control or direction character, or no visible character.

    `lines` says whether the text may have line breaks, as in a postal address.
    """
    for symbol in text:
        if symbol in BIDI_CONTROLS:
            raise TextInvalid(TextFault.DIRECTION_CHARACTER)
        if unicodedata.category(symbol) in CONTROLS and not (lines and symbol in "\r\n"):
            raise TextInvalid(TextFault.CONTROL_CHARACTER)
    if not any(unicodedata.category(symbol)[0] in VISIBLE and symbol not in BLANK for symbol in text):
        raise TextInvalid(TextFault.NOTHING_VISIBLE)
