"""CSV as agencies write it: rows, cells and names as they are meant, and a limit on everything."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.history import csv_log
from feeds.history.csv_log import Rows
from feeds.history.formats import packed
from feeds.history.formats.packed import read_chunks
from feeds.history.mapping import Csv
from feeds.history.source import SourceError
from feeds.history.table_layout import named

SECRET = "Siti-3174"  # stands in every file that is refused, and in no message


def rows(folder: Path, content: bytes | str, table: Csv | None = None, name: str = "log.csv") -> Rows:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Rows(file, read_chunks(file), table or Csv())


def refusal(folder: Path, content: bytes | str, table: Csv | None = None) -> SourceError:
    with pytest.raises(SourceError) as caught:
        list(rows(folder, content, table))
    assert SECRET not in str(caught.value)
    return caught.value


def test_a_row_is_told_with_the_line_on_which_it_begins(tmp_path: Path) -> None:
    read = rows(tmp_path, 'a,b\n1,"x\ny"\n\n , \n 2 ,"say ""so"", please"\n3\n')
    assert read.header == ["a", "b"]
    assert list(read) == [(2, ["1", "x\ny"]), (6, ["2", 'say "so", please']), (7, ["3", ""])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_line_ends_encodings_and_delimiters_make_no_difference(
    tmp_path: Path, end: str, encoding: str, delimiter: str
) -> None:
    content = end.join([delimiter.join(["naïve", "b"]), delimiter.join(["審", '"x"'])])
    written = Csv(delimiter=delimiter, encoding=encoding.removesuffix("-sig"))  # type: ignore[arg-type]
    read = rows(tmp_path, content.encode(encoding), written)
    assert (read.header, list(read)) == (["naïve", "b"], [(2, ["審", "x"])])


def test_marks_that_unicode_takes_for_line_ends_stand_within_a_cell(tmp_path: Path) -> None:
    assert list(rows(tmp_path, "a,b\nx\u2028y,z\x0bz\x85z\n")) == [(2, ["x\u2028y", "z\x0bz\x85z"])]


def test_columns_without_a_name_are_called_by_their_place_and_repeated_ones_numbered() -> None:
    assert named(["a", "", "a", "a (2)", "a", ""]) == ["a", "column 2", "a (2)", "a (2) (2)", "a (3)", "column 6"]


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r")), min_size=2, max_size=2)))
def test_whatever_is_written_is_read_back_in_chunks_of_any_size(table: list[list[str]]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written).writerows([["a", "b"], *table])
    content = written.getvalue().encode()
    chunks = [content[start : start + 3] for start in range(0, len(content), 3)]
    read = Rows(Path("a.csv"), [*chunks, b""], Csv(skip_rows=[]))
    stripped = [[cell.strip() for cell in row] for row in table]
    assert [cells for _, cells in read] == [row for row in stripped if any(row)]


REFUSED: dict[str, tuple[bytes, str, str]] = {
    "an empty file": (b"", "line 1", "the file is empty"),
    "blank lines alone": (b"\n\n", "line 1", "there is no row"),
    "more cells than names": (f"a,b\n1,2\n1,2,{SECRET}\n".encode(), "line 3", "more cells than the header"),
    "a quote that is not closed": (f'a,b\n1,2\n1,"{SECRET}\n3,4\n'.encode(), "line 3", "quotes that do not match"),
    "text after a quote": (f'a,b\n1,"2"{SECRET}\n'.encode(), "line 2", "quotes that do not match"),
    "a zero byte": (f"a,b\n1,2\n{SECRET}\0,2\n".encode(), "line 3", "a zero byte"),
    "bytes of another encoding": (f"a,b\n1,2\n{SECRET}".encode() + b"\xff,2\n", "line 3", "not in the encoding"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_sound_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    content, line, wrong = REFUSED[name]
    fault = refusal(tmp_path, content)
    assert (fault.place, wrong in fault.wrong) == (line, True)


def test_what_could_grow_without_end_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_log, "MAX_ROW", 200_000)
    long = "x" * 70_000
    for content, wrong in (
        (f"a,b\n{SECRET},{long}\n", "a cell that is too long"),
        (f"a,b\n{SECRET},{long * 2}\n", "a cell that is too long"),
        (f"a,b\n{SECRET}" + "," * 1_000 + "\n", "too many columns"),
        (f"a,b\n{SECRET}" + "," * 300_000 + "\n", "a row that is too long"),
        (f"a,b\n{SECRET}" + ",x" * 300_000, "a row that is too long"),
        (f'a,b\n"{SECRET}' + '","\n' * 80_000, "a row that is too long"),
    ):
        assert wrong in refusal(tmp_path, content).wrong


def test_a_packed_file_is_unpacked_and_its_end_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip  # noqa: PLC0415 - here alone

    monkeypatch.setattr(packed, "CHUNK", 7)
    content = gzip.compress(b"a,b\n1,2\n")
    assert list(rows(tmp_path, content, name="log.csv.gz")) == [(2, ["1", "2"])]
    with pytest.raises(SourceError, match="ends too early"):
        list(rows(tmp_path, content[:-4], name="log.csv.gz"))
