"""JSON tables: this module reads the records of a JSON document, or of a file with one JSON object in each line.

An object within a record gives columns with a dot in their names, such as `address.street`. A list of objects within a
record may hold the events of the record, for example the notes of a request. Then each element is a row, and the
columns of the record are repeated in each row.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from feeds.history.csv_log import MAX_CELL, MAX_COLUMNS
from feeds.history.formats.json_scanner import MAX_RECORD, JsonScanner, Record
from feeds.history.formats.ocel import OcelRows, is_ocel
from feeds.history.formats.packed import read_chunks
from feeds.history.formats.parts import Places, chosen_part, several
from feeds.history.formats.texts import decoded, lines
from feeds.history.source import SourceError, TableRow, TableRows, silent
from feeds.history.table_layout import named

MAX_LEVELS = 16
SAMPLE_RECORDS = 5_000
NO_DATA = ("fields", "links", "errors")
"""The last keys of lists that describe the data, for example in the answers of CKAN and Laravel."""
LOOKS_LIKE_A_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")

Progress = Callable[[int], None]


def json_rows(
    file: Path, part: str | None, wanted: AbstractSet[str] | None, progress: Progress = silent, *, by_line: bool = False
) -> TableRows:
    """Opens a JSON file. Raises SourceError."""
    if not by_line and is_ocel(file):
        return OcelRows(file, part, progress)
    return JsonRows(file, part, wanted, progress, by_line=by_line)


class JsonRows:
    """The rows of one list of the document. `part` is the path of the list, for example `result.records`."""

    grows = True

    def __init__(
        self,
        file: Path,
        part: str | None,
        wanted: AbstractSet[str] | None,
        progress: Progress = silent,
        *,
        by_line: bool,
    ) -> None:
        self._file = file
        self._part = part
        self._by_line = by_line
        self._progress = progress
        self._wanted = wanted
        self._names: list[str] = []  # for records that are lists
        self._places = Places(file, MAX_COLUMNS)
        self.header = self._places.header
        self.unit = "line" if by_line else "record"
        self.marker: str | None = None
        if wanted is None:
            fullest = self._fullest_list()
            self._prefixes: AbstractSet[str] = {fullest} if fullest else set()
        else:
            parts = [column.split(".") for column in wanted]
            self._prefixes = {".".join(names[:end]) for names in parts for end in range(1, len(names))}

    def __iter__(self) -> Iterator[TableRow]:
        for record, value in self._records(self._progress):
            if isinstance(value, dict):
                yield from self._rows(record.number, value)
            elif self._names:
                yield record.number, self._cells(record.number, dict(zip(self._names, value, strict=False)))
            else:
                self._names = named([_text(cell) for cell in value])

    def _records(self, progress: Progress) -> Iterator[tuple[Record, Any]]:
        """Yields the records of the list that is read."""
        seen: dict[str, None] = {}
        path = self._part
        for record in self._cut(progress):
            if record.path != path and not _is_data(record.path):
                if self._names_columns(record.path):
                    self._names += self._column_names(record)
                continue
            seen[record.path] = None
            path = record.path if path is None else path
            if record.path == path:
                value = self._decoded(record)
                if not isinstance(value, dict | list):
                    raise self._wrong(record.number, "a line that is no JSON object", "one object in each line")
                yield record, value
        if self._part is None and len(seen) > 1:
            raise several(self._file, [*seen], word="list")
        chosen_part(self._file, [*seen], path, word="list of records")

    def _cut(self, progress: Progress) -> Iterator[Record]:
        chunks = read_chunks(self._file, progress)
        if self._by_line:
            return (Record("", number, line) for number, line in lines(self._file, chunks, MAX_RECORD))
        return JsonScanner(self._file, decoded(self._file, chunks)).records()

    @staticmethod
    def _names_columns(path: str) -> bool:
        return path.endswith("meta.view.columns") or path.rpartition(".")[2] == "fields"

    def _column_names(self, record: Record) -> list[str]:
        """Socrata names the columns of its lists in `meta.view.columns`, and CKAN in `fields`."""
        value = self._decoded(record)
        name = value.get("name") or value.get("id") if isinstance(value, dict) else value
        return named([*self._names, _text(name)])[len(self._names) :]

    def _decoded(self, record: Record) -> Any:  # noqa: ANN401 - any JSON value
        try:
            return msgspec.json.decode(record.text)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as fault:
            # the message of the library is not passed on, because it may quote the file
            raise self._wrong(record.number, "malformed JSON", "sound JSON") from fault

    def _rows(self, number: int, record: dict[str, Any]) -> Iterator[TableRow]:
        flat: dict[str, Any] = {}
        lists: dict[str, list[dict[str, Any]]] = {}
        self._flatten(number, record, "", flat, lists)
        if len(lists) > 1:
            expected = "a mapping that names columns of one list; import the file once for each list"
            raise self._wrong(number, f"columns of several lists: {', '.join(lists)}", expected)
        for name, elements in lists.items():
            self.marker = name
            for place, element in enumerate(elements, 1):
                row = {**flat, name: place}
                self._flatten(number, element, f"{name}.", row, None)
                yield number, self._cells(number, row)
        if not any(lists.values()):
            yield number, self._cells(number, flat)

    def _flatten(
        self,
        number: int,
        value: dict[str, Any],
        prefix: str,
        flat: dict[str, Any],
        lists: dict[str, list[dict[str, Any]]] | None,
    ) -> None:
        if prefix.count(".") > MAX_LEVELS:
            raise self._wrong(number, "objects nested too deep", f"at most {MAX_LEVELS} levels in a record")
        for key, one in value.items():
            name = prefix + key
            if isinstance(one, dict):
                self._flatten(number, one, f"{name}.", flat, lists)
            elif lists is not None and name in self._prefixes and _is_list_of_objects(one):
                lists[name] = one
            elif name in flat:
                raise self._wrong(number, f"the column {name[:80]!r} occurs twice", "each name once in a record")
            else:
                flat[name] = one

    def _cells(self, number: int, values: dict[str, Any]) -> list[str]:
        texts = {name: _text(value) for name, value in values.items()}
        for name, text in texts.items():
            if "\0" in text:
                raise self._wrong(number, "a zero byte", "text")
            if len(text) > MAX_CELL // 4 and len(text.encode()) > MAX_CELL:
                if self._wanted is None or name not in self._wanted:
                    texts[name] = ""  # nobody needs this value, for example the outline of a region
                else:
                    raise self._wrong(
                        number, f"a value that is too long, of {name[:80]!r}", f"at most {MAX_CELL} bytes"
                    )
        return self._places.row(texts)

    def _fullest_list(self) -> str | None:
        """Returns the list of objects with the most elements, if its elements seem to have dates."""
        counts: Counter[str] = Counter()
        self._prefixes = set()
        for _, value in islice(self._records(silent), SAMPLE_RECORDS):
            if isinstance(value, dict):
                _count_lists(value, "", counts)
        self._names = []
        return max(counts, key=lambda name: counts[name], default=None)

    def _wrong(self, number: int, wrong: str, expected: str) -> SourceError:
        return SourceError(self._file, f"{self.unit} {number}", wrong, expected)


def _is_data(path: str) -> bool:
    first, last = path.partition(".")[0], path.rpartition(".")[2]
    return first != "meta" and last not in NO_DATA


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(element, dict) for element in value)


def _count_lists(value: dict[str, Any], prefix: str, counts: Counter[str]) -> None:
    for key, one in value.items():
        if isinstance(one, dict) and prefix.count(".") < MAX_LEVELS:
            _count_lists(one, f"{prefix}{key}.", counts)
        elif one and _is_list_of_objects(one) and LOOKS_LIKE_A_DATE.search(_text(one)):
            counts[prefix + key] += len(one)


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value.strip()
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
        case []:
            return ""
        case _:
            return msgspec.json.encode(value).decode()
