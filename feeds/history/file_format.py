"""File formats of history: chooses the reader of a file by the file's name."""

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

    SourceError may be raised after the first cases. So a caller that must not act on an incomplete file reads the file
    twice.
    """
    return read_csv(file, mapping, progress=progress) if is_table(file) else read_xes(file, progress=progress)
