"""Case keys: a case key identifies a case in its source. The key is made from one or more columns, or from the content
of the case.
"""

import json
from collections.abc import Sequence

from feeds.history.empty_words import EmptyWords
from feeds.history.mapping import Mapping
from feeds.history.source import Log, SourceCase, SourceError
from feeds.history.spill import Spill, fingerprint


class CaseKeys:
    def __init__(self, file: Log, mapping: Mapping) -> None:
        self._file = file
        self._mapping = mapping
        self._columns = mapping.key_columns()
        self._empty = EmptyWords(mapping.empty_words)
        self._equals = Spill()

    def key(self, source: SourceCase) -> str:
        """Returns the key of a case. Returns "" for a case without a case id, if the mapping accepts such cases. Raises
        SourceError.
        """
        parts = [self._empty.value(source.attributes.get(column, "")) for column in self._columns]
        if not any(parts):
            self._refuse_nameless(source)
            return ""
        if any("\0" in part for part in parts):
            raise SourceError(self._file, source.place(source.line), "a zero byte in a case id", "text")
        return parts[0] if len(parts) == 1 else _canonical(parts)

    def nameless(self, *contents: Sequence[dict[str, str]]) -> list[str]:
        """Returns a key for each content of a case without a case id. Cases with equal content are numbered, and this
        number is also in the key. So a case gets the same key at every import.
        """
        marks = [fingerprint(_canonical(content).encode()) for content in contents]
        return [_canonical(["", mark.hex(), self._equals.count(mark)]) for mark in marks]

    def _refuse_nameless(self, source: SourceCase) -> None:
        if self._mapping.empty_case == "refuse":
            wrong = f"the case has no {' or '.join(self._columns)}"
            expected = 'a case id, or empty_case = "each" in the mapping'
            raise SourceError(self._file, source.place(source.line), wrong, expected)


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
