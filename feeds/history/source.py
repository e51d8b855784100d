"""Sources: all readers of history use this module. It defines the cases, the rows of a table, and the error for a bad
file.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class SourceError(Exception):
    """This error means that a source cannot be imported. Its message never quotes values of the source, because these
    values may be personal data.
    """

    def __init__(self, file: "Log", place: str, wrong: str, expected: str) -> None:
        super().__init__(file, place, wrong, expected)
        self.file = file
        self.place = place
        self.wrong = wrong
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.wrong}; expected {self.expected}"


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """Holds one event that the file contains. The values are the unchanged text of the file."""

    attributes: dict[str, str]
    line: int


@dataclass(frozen=True, slots=True)
class SourceCase:
    """Holds one case that the file contains. `ordinal` is the number of the trace in an XES log, counted from 1. For a
    table, `ordinal` is None. In a table of cases, `rows` holds the rows of this case. Each of these rows contains times
    of the case. `unit` is the word for the place of a row: "line", or for example "row" in a workbook.
    """

    attributes: dict[str, str]
    events: list[SourceEvent]
    line: int
    ordinal: int | None = None
    rows: list[SourceEvent] = field(default_factory=list)
    unit: str = "line"

    def place(self, line: int) -> str:
        return f"{self.unit} {line}" if self.ordinal is None else f"trace {self.ordinal}, line {line}"

    def contents(self) -> list[dict[str, str]]:
        """Returns all texts of the case, as the file spells them."""
        return [self.attributes, *(event.attributes for event in self.events)]

    def statements(self) -> list[SourceEvent]:
        """Returns the rows that contain times of the case. If the case has no rows, its own attributes contain the
        times.
        """
        return self.rows or [SourceEvent(self.attributes, self.line)]


TableRow = tuple[int, list[str]]
"""A row of a table: the number of its first line, and its cells without surrounding spaces."""


class WrittenRows(Protocol):
    """All rows of a sheet, with the titles, the header and the blank rows. `unit` is the word for a row's place."""

    unit: str

    def __iter__(self) -> Iterator[TableRow]:
        """Raises SourceError."""
        ...


class TableRows(Protocol):
    """The rows of a table after its header row. Every format of tables is read into such rows.

    `header` holds the names of the columns. If `grows` is true, the header is complete only after the last row, and a
    row has a cell for each column that was known when the row was read.

    Some formats hold lists within a record, for example the notes of a request. Then each element of the list is a row.
    `marker` names the column that holds the number of the element. A record without elements is a row without this
    number: it tells about the case, but is no event.
    """

    header: list[str]
    grows: bool
    unit: str
    marker: str | None

    def __iter__(self) -> Iterator[TableRow]:
        """Raises SourceError."""
        ...


class KeptRows(Protocol):
    """A table that is no file, for example the rows of a query. `str` names the place from which the rows came."""

    @property
    def name(self) -> str: ...

    @property
    def rows(self) -> TableRows: ...


Log = Path | KeptRows
"""All that can be imported."""


def silent(_count: int) -> None:
    """A progress function that shows nothing."""
