"""Whatever a table holds: every format gives the same rows."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.history.file_format import open_table
from feeds.history.formats import packed
from feeds.history.mapping import Csv
from tests.feeds.history.formats.writing import SQL, WRITERS, Table

SIGNS = st.one_of(
    st.sampled_from(["'", '"', "\\", "`", ";", "--", "/*", "*/", "\n", "\t", "$$", "#", "\\.", "\\N", "(", "),(", "{"]),
    st.sampled_from(["[", "}", ":", ",", "NULL", "é", "審", "𝄞", "=1+1", "\u2028", "a", "b", "0", " ", "<b>", "&amp;"]),
)
TEXT = st.lists(SIGNS, max_size=6).map("".join)
NAMES = st.lists(st.lists(SIGNS, max_size=3).map(lambda signs: "".join(signs).strip()), min_size=1, max_size=4)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Names are unique for every format: they are not empty, and differ in more than their case."""
    names = [f"k{number}{name}" for number, name in enumerate(draw(NAMES))]
    rows = draw(st.lists(st.lists(TEXT, min_size=len(names), max_size=len(names)), min_size=1, max_size=8))
    return [names, ["awal"] * len(names), *rows]


def rows_of(file: Path, part: str | None = None) -> list[list[str]]:
    rows = open_table(file, part, Csv(), frozenset())
    cells = [row for _, row in rows]
    return [[*rows.header], *([*row, *[""] * (len(rows.header) - len(row))] for row in cells if any(row))]


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=30, deadline=None)
@given(table=tables(), chunk=st.sampled_from([3, 64, packed.CHUNK]))
def test_every_format_gives_the_rows_that_were_written(name: str, table: Table, chunk: int) -> None:
    file_name, write = WRITERS[name]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "CHUNK", chunk)
        file = Path(folder) / file_name
        write(file, table)
        stripped = [[text.strip() for text in row] for row in table]
        assert rows_of(file, "riwayat" if name in SQL else None) == [row for row in stripped if any(row)]
