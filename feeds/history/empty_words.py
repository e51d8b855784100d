"""Empty words: the words of a file that mean that a cell has no value, such as NULL."""

from collections.abc import Iterable

from feeds.history.time_formats.written import spaced

ZERO_DATE = "0000-00-00"
ZEROS = 8


class EmptyWords:
    """The words of a mapping. Upper case and blanks do not matter. If the words have the date 0000-00-00, every other
    spelling of this date means the same, also with a time of day.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(_plain(word) for word in words)
        self._longest = max(map(len, self._words), default=0)

    def __contains__(self, text: str) -> bool:
        if len(text) > self._longest and text.isascii() and text[0].isalnum() and text[-1].isalnum() and text[0] != "0":
            return False  # most texts end here
        plain = text.strip()
        word = plain.casefold() if plain.isascii() and plain.isalnum() else _plain(plain)
        return not word or word in self._words or (_is_zero(word) and ZERO_DATE in self._words)

    def value(self, text: str) -> str:
        """Returns the text without outer blanks. Returns an empty text if the word means that there is no value."""
        return "" if text in self else text.strip()


def _plain(text: str) -> str:
    return spaced(text).casefold()


def _is_zero(text: str) -> bool:
    return text.count("0") >= ZEROS and not text.strip("0-/.: tz+")
