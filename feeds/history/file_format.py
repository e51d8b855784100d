"""File formats of history: the name of a file decides which reader reads the file."""

from collections.abc import Callable, Iterator
from pathlib import Path

from feeds.history.case_grouping import read_csv
from feeds.history.mapping import Mapping
from feeds.history.source import SourceCase, silent
from feeds.history.xes import read_xes

TABLES = (".csv", ".tsv", ".txt")


def is_table(file: Path) -> bool:
    name = file.name.lower().removesuffix(".gz")
    return name.endswith(TABLES)


def read_cases(file: Path, mapping: Mapping, *, progress: Callable[[int], None] = silent) -> Iterator[SourceCase]:
    """Reads every case of the file.

    This function may yield some cases and then raise SourceError. If a caller must not act on an incomplete file, the
    caller reads the file twice.
    """
    return read_csv(file, mapping, progress=progress) if is_table(file) else read_xes(file, progress=progress)
