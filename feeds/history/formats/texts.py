"""Texts: this module decodes the chunks of a file. A file that begins with a byte order mark says its own encoding."""

import codecs
import itertools
from collections.abc import Iterable, Iterator

from feeds.history.source import Log, SourceError

MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def as_utf8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yields the chunks in UTF-8 if the file begins with a byte order mark. Otherwise the chunks stay unchanged.

    A byte that does not fit the encoding becomes a byte that is not UTF-8 either, so a reader finds it.
    """
    decoder: codecs.IncrementalDecoder | None = None
    for number, chunk in enumerate(chunks):
        rest = chunk
        if number == 0:
            for mark, encoding in MARKS:
                if chunk.startswith(mark):
                    rest = chunk[len(mark) :]
                    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape") if encoding != "utf-8" else None
        yield decoder.decode(rest, final=not chunk).encode("utf-8", "surrogatepass") if decoder else rest


def decoded(log: Log, chunks: Iterable[bytes]) -> Iterator[str]:
    """Yields the text of a file in UTF-8. The last text is for the end of the file. Raises SourceError."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    for chunk in as_utf8(chunks):
        try:
            text = decoder.decode(chunk)
        except UnicodeDecodeError as fault:
            line = lines + fault.object[: fault.start].count(b"\n")
            raise SourceError(log, f"line {line}", "bytes that are not UTF-8", "a file in UTF-8") from fault
        lines += chunk.count(b"\n")
        yield text
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as fault:
        raise SourceError(log, f"line {lines}", "bytes that are not UTF-8", "a file in UTF-8") from fault


def lines(log: Log, chunks: Iterable[bytes], longest: int) -> Iterator[tuple[int, str]]:
    """Yields the number and the text of each line that is not blank. Raises SourceError."""
    rest, number = "", 0
    for text in itertools.chain(decoded(log, chunks), ["\n"]):
        *whole, rest = (rest + text).split("\n")
        for line in whole:
            number += 1
            if line.strip():
                yield number, line
        if len(rest) > longest:
            raise SourceError(log, f"line {number + 1}", "a line that is too long", f"at most {longest} characters")
