"""Case keys: a case key identifies a case in its source. The key is made from one or more columns, or from the content
of the case.
"""

import json

from feeds.history.mapping import Mapping
from feeds.history.source import Log, SourceCase, SourceError
from feeds.history.spill import Spill, fingerprint


class CaseKeys:
    def __init__(self, file: Log, mapping: Mapping) -> None:
        self._file = file
        self._mapping = mapping
        self._columns = mapping.key_columns()
        self._equals = Spill()

    def key(self, source: SourceCase) -> str:
        """Returns the key of a case. Raises SourceError."""
        parts = [source.attributes.get(column, "") for column in self._columns]
        if not any(parts):
            return self._nameless(source)
        if any("\0" in part for part in parts):
            raise SourceError(self._file, source.place(source.line), "a zero byte in a case id", "text")
        return parts[0] if len(parts) == 1 else _canonical(parts)

    def _nameless(self, source: SourceCase) -> str:
        """Returns a key for a case without a case id. The key is made from the content of the case. Cases with equal
        content are numbered, and this number is also in the key.

        So a case gets the same key at every import.
        """
        if self._mapping.empty_case == "refuse":
            wrong = f"the case has no {' or '.join(self._columns)}"
            expected = 'a case id, or empty_case = "each" in the mapping'
            raise SourceError(self._file, source.place(source.line), wrong, expected)
        content = [source.attributes, *(event.attributes for event in source.events)]
        mark = fingerprint(_canonical(content).encode())
        return _canonical(["", mark.hex(), self._equals.count(mark)])


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
