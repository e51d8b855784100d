"""Vocabulary: this module looks up the words of a source in a mapping. A key of the mapping is an exact word or a
pattern. This module also makes codes from words, and writes keys as TOML.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Generic, TypeVar

STAGE_CODE_LONGEST = 80
REMEMBERED = 10_000

Meaning = TypeVar("Meaning")


def is_pattern(key: str) -> bool:
    return "*" in key


class Words(Generic[Meaning]):
    """Looks up the meaning of a word. If a key equals the word, this key decides. Otherwise the longest matching
    pattern decides. `*` in a pattern means the same as in a shell.
    """

    def __init__(self, meanings: Mapping[str, Meaning]) -> None:
        self.meanings = meanings
        self._patterns = sorted(filter(is_pattern, meanings), key=lambda key: (-len(key), key))
        self._keys: dict[str, str | None] = {}

    def key(self, word: str) -> str | None:
        """Returns the key that matches the word. Returns None if the word is not in the mapping."""
        if word in self.meanings:
            return word
        if word not in self._keys:
            if len(self._keys) >= REMEMBERED:
                self._keys.clear()
            self._keys[word] = next((key for key in self._patterns if fnmatchcase(word, key)), None)
        return self._keys[word]

    def get(self, word: str) -> Meaning | None:
        key = self.key(word)
        return None if key is None else self.meanings[key]


def slug(name: str, longest: int) -> str:
    """Returns a slug of ASCII letters, digits and single hyphens. The slug may be empty, or may have only digits."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:longest].strip("-")


def stage_code(name: str) -> str:
    """Returns a code that is made from the name of an activity. The code contains at least one letter."""
    code = slug(name, STAGE_CODE_LONGEST)
    return code if re.search("[a-z]", code) else f"stage-{code}"[:STAGE_CODE_LONGEST].strip("-")


def toml_text(text: str) -> str:
    """Returns `text` as a quoted TOML key or string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def lines_to_add(counts: Mapping[str, int], meaning: str) -> list[str]:
    """Returns TOML lines for words that are not in a mapping. Each line also has the count of its word. The most
    frequent word comes first.
    """
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [f"{toml_text(word)} = {meaning}  # {count}" for word, count in ordered]


@dataclass(slots=True)
class Unknown:
    """Words of the source that the mapping does not know, with their counts. The keys of `times` are the names of time
    columns. Each value contains the unknown words for that column.
    """

    activities: Counter[str] = field(default_factory=Counter)
    offices: Counter[str] = field(default_factory=Counter)
    channels: Counter[str] = field(default_factory=Counter)
    transitions: Counter[str] = field(default_factory=Counter)
    times: dict[str, Counter[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any((self.activities, self.offices, self.channels, self.transitions, self.times))
