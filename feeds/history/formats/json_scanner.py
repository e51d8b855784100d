"""JSON scanner: this module cuts the records out of a JSON document as a stream, so that a document of any size needs
little memory. A record is an element of a list that is not itself within a record.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Never

import msgspec

from feeds.history.source import Log, SourceError

MAX_RECORD = 4 * 1024 * 1024  # characters of one record, or of one text outside the records
MAX_DEPTH = 64
MAX_KEY = 200

_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
TOKEN = re.compile(rf'{_STRING}|[\[\]{{}},:]|[^\s"\[\]{{}},:]+|"', re.DOTALL)
WITHIN = re.compile(rf'{_STRING}|[\[\]{{}}]|"', re.DOTALL)

PHPMYADMIN = "PHPMyAdmin"


@dataclass(frozen=True, slots=True)
class Record:
    """The text of a record. `path` names its list: the keys from the outermost object to the list, joined by dots."""

    path: str
    number: int
    text: str


@dataclass(slots=True)
class _Open:
    """An object or a list that is open, outside the records."""

    bracket: str
    path: str
    key: str | None = None
    count: int = 0


class JsonScanner:
    """Cuts one document. `records` may be called once."""

    def __init__(self, log: Log, texts: Iterable[str]) -> None:
        self._log = log
        self._texts = iter(texts)
        self._buffer = ""
        self._place = 0
        self._line = 1
        self._open: list[_Open] = []
        self._values = 0
        self._unfolds = False  # the export of phpMyAdmin is a list whose elements hold the lists of rows

    def records(self) -> Iterator[Record]:
        """Raises SourceError if the document is not complete, or if something is too large."""
        while (word := self._token()) is not None:
            top = self._open[-1] if self._open else None
            if word in ("{", "["):
                if top and top.bracket == "[" and not (self._unfolds and len(self._open) == 1):
                    record = self._record(top)
                    if record.path == "" and record.number == 1 and PHPMYADMIN in record.text[:1000]:
                        self._unfolds = True
                    else:
                        yield record
                else:
                    self._enter(top, word)
            elif word in ("}", "]"):
                if not top or (top.bracket == "{") != (word == "}"):
                    self._refuse("brackets that do not match", "a sound JSON document")
                self._open.pop()
            elif word == ":":
                continue
            elif word == ",":
                if top:
                    top.key = None
            elif top and top.bracket == "{" and top.key is None:
                top.key = self._text(word)
            elif top and self._unfolds and len(self._open) == 2 and top.key == "name":  # noqa: PLR2004 - the element
                top.path = self._text(word)
            elif not top:
                self._refuse("text outside of the document", "a sound JSON document")
        if self._open:
            self._refuse("the document ends too early", "the complete file")

    def _enter(self, top: _Open | None, bracket: str) -> None:
        if not top:
            self._values += 1
            if self._values > 1:
                self._refuse("several JSON documents", "one document; if each line is a document: the ending .jsonl")
        if len(self._open) == MAX_DEPTH:
            self._refuse("brackets nested too deep", f"at most {MAX_DEPTH} levels")
        path = ".".join(part for part in (top.path, top.key) if part) if top else ""
        if self._unfolds and top and top.path and top.key == "data":
            path = top.path
        self._open.append(_Open(bracket, path))

    def _record(self, top: _Open) -> Record:
        """Reads up to the end of the record whose first bracket was read."""
        top.count += 1
        start, depth = self._place - 1, 1
        while depth:
            found = None
            for found in WITHIN.finditer(self._buffer, self._place):
                sign = found[0]
                if sign in ("{", "["):
                    depth += 1
                    if depth > MAX_DEPTH:
                        self._refuse("brackets nested too deep", f"at most {MAX_DEPTH} levels")
                elif sign in ("}", "]"):
                    depth -= 1
                elif sign == '"':  # a text that continues in the next chunk
                    self._place = found.start()
                    break
                self._place = found.end()
                if not depth:
                    break
            if depth:
                if len(self._buffer) - start > MAX_RECORD:
                    self._refuse("a record that is too large", f"at most {MAX_RECORD} characters")
                if not (found and found[0] == '"'):
                    self._place = len(self._buffer)
                start = self._more(start)
        text = self._buffer[start : self._place]
        return Record(top.path, top.count, text)

    def _token(self) -> str | None:
        """Returns the next word, or None at the end of the document."""
        while True:
            found = TOKEN.search(self._buffer, self._place)
            complete = found and found[0] != '"' and (found.end() < len(self._buffer) or found[0] in "[]{},:")
            if found and complete:
                self._place = found.end()
                return found[0]
            if len(self._buffer) - self._place > MAX_RECORD:
                self._refuse("a text that is too long", f"at most {MAX_RECORD} characters")
            self._place = found.start() if found else len(self._buffer)
            if not self._fill(self._place):
                if not found:
                    return None
                if found[0] == '"':
                    self._refuse("a text without an end", "the complete file")
                self._place = found.end()
                return found[0]

    def _more(self, start: int) -> int:
        """Reads the next chunk within a record. Returns the new place of the record's start."""
        if not self._fill(start):
            self._refuse("the document ends too early", "the complete file")
        return 0

    def _fill(self, keep: int) -> bool:
        """Drops the text before `keep`, and appends the next chunk. Returns False at the end of the file."""
        for text in self._texts:
            if text:
                self._line += self._buffer.count("\n", 0, keep)
                self._buffer = self._buffer[keep:] + text
                self._place -= keep
                return True
        return False

    def _text(self, word: str) -> str:
        try:
            text = msgspec.json.decode(word, type=str)
        except (msgspec.DecodeError, UnicodeError):
            self._refuse("a key that is no text", "a sound JSON document")
        return text[:MAX_KEY]

    def _refuse(self, wrong: str, expected: str) -> Never:
        line = self._line + self._buffer.count("\n", 0, max(self._place, 0))
        raise SourceError(self._log, f"line {line}", wrong, expected)
