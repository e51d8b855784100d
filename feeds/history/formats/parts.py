"""Parts: a file may hold several tables, and an import reads one of them. This module chooses the table."""

from collections.abc import Mapping, Sequence

from feeds.history.source import Log, SourceError

NAMED_MAX = 20


def chosen_part(file: Log, names: Sequence[str], part: str | None, *, word: str) -> str:
    """Returns the name of the table to read: `part` if it is given, or the only table of the file. `word` says what a
    table is called in files of this format.

    Raises SourceError if the choice is not clear. The message lists the names of the tables.
    """
    if part is not None:
        if part in names:
            return part
        raise SourceError(
            file, "the file", f"has no {word} {part!r}", f"one of: {listed(names)}" if names else "a table"
        )
    if not names:
        raise SourceError(file, "the file", f"has no {word} with rows", f"a {word} with a header and rows")
    if len(names) > 1:
        raise several(file, names, word=word)
    return names[0]


def several(file: Log, names: Sequence[str], *, word: str) -> SourceError:
    key = "sheet" if word == "sheet" else "table"
    expected = f"{key} = … in the mapping (for a draft: --table NAME), with one of: {listed(names)}"
    return SourceError(file, "the file", f"has several {word}s", expected)


def listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    return ", ".join(name or "(the outermost list)" for name in names[:NAMED_MAX]) + more


class Places:
    """The columns of a table whose header is not known in advance. A new name gets the next place."""

    def __init__(self, file: Log, most: int) -> None:
        self._file = file
        self._most = most
        self.header: list[str] = []
        self._places: dict[str, int] = {}

    def place(self, name: str) -> int:
        """Raises SourceError if there are too many different names."""
        place = self._places.get(name)
        if place is None:
            if len(self.header) == self._most:
                raise SourceError(self._file, "the file", "has too many different columns", f"at most {self._most}")
            place = self._places[name] = len(self.header)
            self.header.append(name)
        return place

    def row(self, values: Mapping[str, str]) -> list[str]:
        """Returns the cells of a row in the order of the header."""
        places = [(self.place(name), value) for name, value in values.items()]
        cells = [""] * len(self.header)
        for place, value in places:
            cells[place] = value
        return cells
