"""SQL statements: this module walks through an SQL dump as a stream, and finds the statements that define tables or
hold rows. All other statements are skipped. A statement that is skipped may have any length.
"""

import re
from collections.abc import Iterator
from typing import Never

from feeds.history.formats.sql_text import Dialect
from feeds.history.source import Log, SourceError

MAX_STATEMENT = 1024 * 1024
"""The largest number of bytes that are kept at a time: a row, or the beginning of a statement."""

SPLIT = 64
"""A sign of this length may be split between two chunks."""

SPACE = re.compile(r"\s+")
WORD = re.compile(r"[A-Za-z]+(?=[^A-Za-z])")
DELIMITER = re.compile(r"(?i)DELIMITER[ \t]+(\S+)[ \t]*\r?\n")
BACK = re.compile(r"(?im)^[ \t]*DELIMITER[ \t]+;[ \t]*\r?$")
STOPS = {
    dialect: re.compile(
        r"['\"`;]|--|/\*" + ("|#" if dialect is Dialect.MYSQL else r"|\$(?:[A-Za-z_]\w*)?\$|\bBEGIN\s+ATOMIC\b"),
        re.IGNORECASE,
    )
    for dialect in Dialect
}
"""The signs at which a statement may end, or at which a text, a comment or the body of a function begins."""
ENDS = {
    quote: {True: re.compile(rf"\\.|{quote}{quote}|{quote}", re.DOTALL), False: re.compile(rf"{quote}{quote}|{quote}")}
    for quote in "'\"`"
}


class Statements:
    """The text of a dump. Each character stands for one byte of the file (Latin-1), so that the tables that are skipped
    may hold any bytes. `place` is the place in `buffer` up to which the dump is read.
    """

    def __init__(self, log: Log, chunks: Iterator[bytes]) -> None:
        self._log = log
        self._chunks = chunks
        self._line = 1
        self._counted = 0
        self._ended = False
        self._held: int | None = None  # the place from which the text is kept
        self.dialect = Dialect.UNKNOWN
        self.buffer = ""
        self.place = 0

    def more(self) -> bool:
        """Reads the next chunk, and drops what was read. Returns False at the end of the file."""
        chunk = b"" if self._ended else next(self._chunks, b"")
        if not chunk:
            self._ended = True
            return False
        self._count()
        cut = self.place if self._held is None else self._held
        self.buffer = self.buffer[cut:] + chunk.decode("latin-1")
        self.place = self._counted = self.place - cut
        self._held = None if self._held is None else 0
        return True

    def matched(self, pattern: re.Pattern[str], needed: str | int = 0) -> re.Match[str] | None:
        """Matches a pattern at the present place. Reads more of the file while the pattern does not match, or while the
        group `needed` is missing.
        """
        while True:
            found = pattern.match(self.buffer, self.place)
            if found and found[needed] is not None and found.end() < len(self.buffer):
                return found
            if len(self.buffer) - self.place > MAX_STATEMENT or not self.more():
                return found

    def ahead(self, count: int) -> str:
        """Returns the next characters, without reading past them."""
        while len(self.buffer) - self.place < count and self.more():
            pass
        return self.buffer[self.place : self.place + count]

    def statement(self) -> str:
        """Returns the text of the statement, and skips the statement."""
        self._held = self.place
        try:
            self.skip()
            return self.buffer[self._held : self.place]
        finally:
            self._held = None

    def line(self) -> int:
        self._count()
        return self._line

    def _count(self) -> None:
        self._line += self.buffer.count("\n", self._counted, self.place)
        self._counted = self.place

    def words(self) -> Iterator[str]:
        """Yields the first word of each statement. The caller may read the statement, and must then call `skip`."""
        while self.blank():
            found = self.matched(WORD)
            word = found[0].upper() if found else ""
            if word == "DELIMITER":
                self._skip_procedures()
                continue
            if self.buffer[self.place] == "\\":  # a command of psql
                self._skip_line()
                continue
            yield word

    def blank(self, *, within: bool = False) -> bool:
        """Skips blanks and comments, and the semicolons between statements. Returns False at the end of the file."""
        while True:
            if found := SPACE.match(self.buffer, self.place):
                self.place = found.end()
            if len(self.buffer) - self.place < 2 and self.more():  # noqa: PLR2004 - two signs begin a comment
                continue
            if self.place >= len(self.buffer):
                return False
            if self.buffer.startswith("--", self.place) or (
                self.dialect is Dialect.MYSQL and self.buffer[self.place] == "#"
            ):
                self._skip_line()
            elif self.buffer.startswith("/*", self.place):
                self._skip_to("*/")
            elif self.buffer[self.place] == ";" and not within:
                self.place += 1
            else:
                return True

    def skip(self) -> None:
        """Skips the rest of the statement, and its semicolon."""
        stop = STOPS[self.dialect]
        while True:
            found = stop.search(self.buffer, self.place)
            if not found:
                self.place = max(self.place, len(self.buffer) - SPLIT)
                self._check_held()
                if not self.more():
                    self.place = len(self.buffer)
                    return
                continue
            sign = found[0]
            self.place = found.end()
            match sign[0]:
                case ";":
                    return
                case "-" | "#":
                    self._skip_line()
                case "/":
                    self._skip_to("*/")
                case "$":
                    self._skip_to(sign)
                case "b" | "B":
                    self._skip_to("\nEND;")
                    return
                case _:
                    self._skip_text(sign)

    def _check_held(self) -> None:
        if self._held is not None and self.place - self._held > MAX_STATEMENT:
            self.refuse("a statement that is too long", f"at most {MAX_STATEMENT} bytes")

    def _skip_text(self, quote: str) -> None:
        before = self.buffer[max(self.place - 2, 0) : self.place - 1]
        escapes = self.dialect.escapes or (self.dialect is Dialect.POSTGRESQL and before in ("E", "e"))
        end = ENDS[quote][escapes and quote != "`"]
        while True:
            found = end.search(self.buffer, self.place)
            complete = found and (found.end() < len(self.buffer) or self._ended)
            if found and complete:
                self.place = found.end()
                if found[0] == quote:
                    return
                continue
            self.place = found.start() if found else max(self.place, len(self.buffer) - 1)
            if not self.more() and not found:
                self.refuse("a text without an end", "the complete dump")

    def _skip_to(self, end: str) -> None:
        while (place := self.buffer.find(end, self.place)) < 0:
            self.place = max(self.place, len(self.buffer) - len(end))
            if not self.more():
                self.refuse("a comment or a function without an end", "the complete dump")
        self.place = place + len(end)

    def _skip_line(self) -> None:
        while (place := self.buffer.find("\n", self.place)) < 0:
            self.place = len(self.buffer)
            if not self.more():
                return
        self.place = place + 1

    def _skip_procedures(self) -> None:
        """Skips the triggers and procedures of MySQL, which use another sign than a semicolon at their end."""
        found = self.matched(DELIMITER)
        if not found or found[1] == ";":
            self._skip_line()
            return
        self.place = found.end()
        while not (back := BACK.search(self.buffer, self.place)):
            self.place = max(self.place, self.buffer.rfind("\n") + 1)
            if not self.more():
                self.place = len(self.buffer)
                return
        self.place = back.end()

    def lines(self) -> Iterator[str]:
        """Yields the lines of the data of COPY, up to the line with a backslash and a point."""
        while True:
            end = self.buffer.find("\n", self.place)
            if end < 0:
                if len(self.buffer) - self.place > MAX_STATEMENT:
                    self.refuse("a row that is too long", f"at most {MAX_STATEMENT} bytes")
                if not self.more():
                    self.refuse("the data of COPY has no end", "the complete dump")
                continue
            line = self.buffer[self.place : end].removesuffix("\r")
            if line == "\\.":
                self.place = end + 1
                return
            yield line
            self.place = end + 1

    def skip_lines(self) -> None:
        """Skips the data of COPY. Its lines may have any length."""
        begins = True
        while True:
            end = self.buffer.find("\n", self.place)
            if end < 0:
                if len(self.buffer) - self.place > len("\\.\r"):
                    self.place, begins = len(self.buffer), False
                if not self.more():
                    self.refuse("the data of COPY has no end", "the complete dump")
                continue
            line, self.place = self.buffer[self.place : end], end + 1
            if begins and line.removesuffix("\r") == "\\.":
                return
            begins = True

    def refuse(self, wrong: str, expected: str) -> Never:
        raise SourceError(self._log, f"line {self.line()}", wrong, expected)
