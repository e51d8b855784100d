"""Which reader a file of history needs: its name says so."""

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
    """Every case of the file. Raises SourceError, also after the first cases: whoever must not act on half a file

    reads it twice.
    """
    return read_csv(file, mapping, progress=progress) if is_table(file) else read_xes(file, progress=progress)
