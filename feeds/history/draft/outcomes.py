"""Outcomes: this module proposes the meaning of a word that says how a case ended (outcomes.toml)."""

import re
import tomllib
from functools import cache
from pathlib import Path

WORDS: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("outcomes.toml").read_text(encoding="utf-8"))
FILLER = frozenset(WORDS["filler"])

MEANINGS = {
    "rejected": '{ event = "rejected", reason = "not_stated", remedy = "objection" }',
    "cancelled": '{ event = "cancelled", reason = "not_stated" }',
    "duplicate": '{ event = "cancelled", reason = "duplicate" }',
}
"""The TOML of a meaning that needs more than its name."""

ENDS = ("rejected", "withdrawn", "lapsed", "cancelled", "duplicate", "concluded")
"""The meanings that end a case."""
PRODUCT = ("approved", "issued", "ready")


def _normal(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.findall(r"[^\W\d_]+", text.lower()) if word not in FILLER)


BY_WORDS = {_normal(word): meaning for meaning, words in WORDS.items() if meaning != "filler" for word in words}


LONGEST = 12


@cache
def outcome(word: str) -> str | None:
    """Returns the name of the meaning, or None if the word has no fixed meaning. "Closed: duplicate" has two parts, and
    the meaning of the second part is more precise.
    """
    words = _normal(word)
    if re.search(r"\d", word) or not 0 < len(words) <= LONGEST:
        return None
    parts = _parts(words)
    precise = {*parts} - {"concluded"} or {*parts}
    return precise.pop() if len(precise) == 1 else None


def _parts(words: tuple[str, ...]) -> list[str]:
    """Returns the meanings of the longest known parts. Returns an empty list if a part is not known."""
    for length in range(len(words), 0, -1):
        if meaning := BY_WORDS.get(words[:length]):
            rest = _parts(words[length:]) if length < len(words) else []
            return [meaning, *rest] if rest or length == len(words) else []
    return []


def toml_of(meaning: str) -> str:
    return MEANINGS.get(meaning, f'"{meaning}"')
