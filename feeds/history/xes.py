"""XES logs: this module reads event logs in XES (IEEE 1849) as a stream. Only one case is in memory at a time.

The file is not trusted. Everything that could grow without end has a limit. A document type declaration is refused,
because it can contain entity bombs and references to other files.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from sys import intern
from typing import Never
from xml.parsers import expat

from feeds.history.formats.packed import read_chunks
from feeds.history.source import SourceCase, SourceError, SourceEvent, silent

MAX_DEPTH = 64
MAX_VALUE = 64 * 1024  # bytes of UTF-8
MAX_ATTRIBUTES = 1_000  # per trace or event
MAX_EVENTS = 50_000  # per trace
MAX_MARKUP = 1024 * 1024  # bytes of one tag or comment; expat keeps the whole tag or comment in memory
MAX_TRACE = 64 * 1024 * 1024  # bytes of one trace as XML
MAX_NAMES = 1_000  # distinct names of elements and their XML attributes; expat keeps all of them

_SINGLE_VALUES = ("string", "date", "int", "float", "boolean", "id")
_TRACE_DEPTH, _EVENT_DEPTH = 2, 3
_NOWHERE = -1


def read_xes(file: Path, *, progress: Callable[[int], None] = silent) -> Iterator[SourceCase]:
    """Reads the cases of an event log in file order. The values are the unchanged text of the file.

    These elements are left out, because they are not facts of a case:

    * defaults (<global>) and classifiers
    * attributes of the log
    * attributes of attributes
    * lists and containers

    The function yields cases before it has read the rest of the file, and may raise SourceError after the first cases.
    If a caller must not act on an incomplete file, the caller reads the file twice.
    """
    log = _Log(file)
    for chunk in read_chunks(file, progress):
        yield from log.read(chunk)


class _Log:
    """Contains the functions that expat calls while it parses, and the state of the parser."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._names: dict[str, str] = {}
        self._parser = expat.ParserCreate(namespace_separator=" ", intern=self._names)
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartNamespaceDeclHandler = _ignore  # needed to count namespace prefixes as names, too
        self._typed: frozenset[str] = frozenset()
        self._event = self._trace = ""
        self._depth = 0
        self._holder = _NOWHERE  # depth of the open trace or event; its children are the facts
        self._facts: dict[str, str] = {}
        self._case: SourceCase | None = None
        self._ready: list[SourceCase] = []
        self._count = self._bytes = self._token_start = self._trace_start = 0

    def read(self, chunk: bytes) -> list[SourceCase]:
        """Parses a chunk and returns the cases that end in it. An empty chunk means the end of the file."""
        self._bytes += len(chunk)
        try:
            self._parser.Parse(chunk, not chunk)
        except expat.ExpatError as fault:
            wrong = f"malformed XML ({expat.ErrorString(fault.code)})"
            raise self._error(fault.lineno, wrong, "well-formed XML") from fault
        except (LookupError, ValueError) as fault:
            raise self._error(1, "an encoding that cannot be read", "UTF-8") from fault
        self._check_growth()
        if not (chunk or self._count):
            self._refuse("no trace in the whole log", "at least one <trace>")
        ready, self._ready = self._ready, []
        return ready

    def _check_growth(self) -> None:
        # expat may return -1 if it has no current position; then the last known position stays valid
        self._token_start = max(self._token_start, self._parser.CurrentByteIndex)
        if self._bytes - self._token_start > MAX_MARKUP:
            self._refuse("a tag or comment without an end", f"at most {MAX_MARKUP} bytes")
        if self._case and self._bytes - self._trace_start > MAX_TRACE:
            self._refuse("a trace that is too large", f"at most {MAX_TRACE} bytes")
        if len(self._names) > MAX_NAMES:
            self._refuse("too many different names of elements", f"at most {MAX_NAMES}")

    def _start(self, name: str, xml: dict[str, str]) -> None:
        self._depth += 1
        if name in self._typed:
            if self._depth == self._holder + 1:
                self._fact(xml)
        elif name == self._event:
            self._start_event()
        elif name == self._trace:
            self._start_trace()
        elif self._depth == 1:
            self._start_log(name)
        if self._depth > MAX_DEPTH:
            self._refuse("elements nested too deep", f"at most {MAX_DEPTH} levels")

    def _end(self, _name: str) -> None:
        if self._depth == self._holder and self._case:
            if self._depth == _EVENT_DEPTH:
                self._holder, self._facts = _TRACE_DEPTH, self._case.attributes
            else:
                self._ready.append(self._case)
                self._holder, self._case = _NOWHERE, None
        self._depth -= 1

    def _start_log(self, name: str) -> None:
        # if the root element has a namespace, only elements of this namespace are facts
        namespace, _, local = name.rpartition(" ")
        if local != "log":
            self._refuse("the root element is not <log>", "an XES event log")
        prefix = f"{namespace} " if namespace else ""
        self._typed = frozenset(prefix + kind for kind in _SINGLE_VALUES)
        self._event, self._trace = prefix + "event", prefix + "trace"

    def _start_trace(self) -> None:
        if self._depth != _TRACE_DEPTH:
            self._refuse("a <trace> at the wrong place", "<trace> directly within <log>")
        self._count += 1
        self._trace_start = self._parser.CurrentByteIndex
        self._case = SourceCase({}, [], self._parser.CurrentLineNumber, self._count)
        self._holder, self._facts = _TRACE_DEPTH, self._case.attributes

    def _start_event(self) -> None:
        if self._depth != _EVENT_DEPTH or not self._case:
            self._refuse("an <event> at the wrong place", "<event> directly within <trace>")
        if len(self._case.events) == MAX_EVENTS:
            self._refuse("too many events in one trace", f"at most {MAX_EVENTS}")
        self._holder, self._facts = _EVENT_DEPTH, {}
        self._case.events.append(SourceEvent(self._facts, self._parser.CurrentLineNumber))

    def _fact(self, xml: dict[str, str]) -> None:
        key, value = xml.get("key"), xml.get("value")
        if key is None or value is None:
            self._refuse("an attribute without key or value", "both")
        if len(value) > MAX_VALUE // 4 and len(value.encode()) > MAX_VALUE:
            self._refuse(f"a value that is too long, of {_shown(key)}", f"at most {MAX_VALUE} bytes")
        if key in self._facts:
            self._refuse(f"{_shown(key)} occurs twice", "each key once in a trace or event")
        if len(self._facts) == MAX_ATTRIBUTES:
            self._refuse("too many attributes", f"at most {MAX_ATTRIBUTES} on a trace or event")
        self._facts[intern(key)] = value

    def _doctype(self, *_declaration: object) -> None:
        self._refuse("a document type or entity declaration", "a log without <!DOCTYPE>")

    def _refuse(self, wrong: str, expected: str) -> Never:
        raise self._error(self._parser.CurrentLineNumber, wrong, expected)

    def _error(self, line: int, wrong: str, expected: str) -> SourceError:
        place = self._case.place(line) if self._case else f"line {line}"
        return SourceError(self._file, place, wrong, expected)


def _shown(key: str) -> str:
    return f"attribute {key[:80]!r}"


def _ignore(_prefix: str, _uri: str) -> None: ...
