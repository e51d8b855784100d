"""Reads a file as the import does, and gives its rows as dictionaries without empty cells."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from feeds.history.file_format import open_table
from feeds.history.mapping import Csv
from feeds.history.source import SourceError

SECRET = "Siti-3174"  # stands in every file that is refused, and in no message


def written(folder: Path, content: str | bytes, name: str) -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def rows(
    file: Path, part: str | None = None, wanted: Iterable[str] | None = (), written_as: Csv | None = None
) -> list[dict[str, str]]:
    """`wanted` is None for a draft."""
    table = open_table(file, part, written_as or Csv(), None if wanted is None else frozenset(wanted))
    cells = list(table)
    return [{name: cell for name, cell in zip(table.header, row, strict=False) if cell} for _, row in cells]


def refusal(file: Path, part: str | None = None, wanted: Iterable[str] | None = ()) -> str:
    with pytest.raises(SourceError) as caught:
        rows(file, part, wanted)
    assert SECRET not in str(caught.value)
    return str(caught.value).removeprefix(f"{file}, ")
