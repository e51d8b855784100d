"""Titles, two header rows, totals, merged cells, repeated headers: stated in the mapping, or refused with its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.history.csv_log import Rows
from feeds.history.mapping import Csv
from feeds.history.source import SourceError
from feeds.history.table_layout import joined
from tests.feeds.history.test_csv_log import refusal, rows


def cells(folder: Path, content: str, table: Csv) -> list[list[str]]:
    read = rows(folder, content, table)
    return [read.header, *(cells for _, cells in read)]


def test_the_header_may_stand_below_titles(tmp_path: Path) -> None:
    content = 'LAPORAN,\n"dua\nbaris",\n\nnomor,waktu\n1,2026-03-02\n'
    assert cells(tmp_path, content, Csv(header_row=5)) == [["nomor", "waktu"], ["1", "2026-03-02"]]


def test_a_header_of_two_rows_is_joined(tmp_path: Path) -> None:
    content = "No,Tanggal,,Status\n,Masuk,Selesai\n1,a,b,c\n"
    assert cells(tmp_path, content, Csv(header_row=[1, 2])) == [
        ["No", "Tanggal Masuk", "Tanggal Selesai", "Status"],
        ["1", "a", "b", "c"],
    ]
    assert joined([["Data", "", "Lain"], ["a", "", "b"]]) == ["Data a", "", "Lain b"]


def test_rows_that_are_no_data_are_skipped_by_text_or_line(tmp_path: Path) -> None:
    content = "nomor,b\n1,x\nnomor,b\nJumlah: 2,\n,Total\n3,y\n4,z\n"
    assert cells(tmp_path, content, Csv(skip_rows=["nomor", "Jumlah*", "Total", 6])) == [
        ["nomor", "b"],
        ["1", "x"],
        ["4", "z"],
    ]


def test_merged_cells_are_filled_down(tmp_path: Path) -> None:
    content = "nomor,b\n1,x\n,y\n2,\n,z\n"
    assert cells(tmp_path, content, Csv(fill_down=["nomor"]))[1:] == [["1", "x"], ["1", "y"], ["2", ""], ["2", "z"]]


def test_columns_are_joined_to_a_new_column(tmp_path: Path) -> None:
    table = Csv(join={"waktu": ["tanggal", "jam"]})
    assert cells(tmp_path, "tanggal,jam\n2026-03-02,08:30\n2026-03-03,\n", table) == [
        ["tanggal", "jam", "waktu"],
        ["2026-03-02", "08:30", "2026-03-02 08:30"],
        ["2026-03-03", "", "2026-03-03"],
    ]


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_line_with_which_excel_states_the_delimiter_is_no_row(tmp_path: Path, line: str) -> None:
    content = f"{line}\r\na;b\r\n1;2\r\n"
    read = rows(tmp_path, content, Csv(delimiter=";"))
    assert (read.header, list(read)) == (["a", "b"], [(3, ["1", "2"])])
    fault = refusal(tmp_path, content)
    assert (fault.place, fault.expected) == ("line 1", 'csv.delimiter = ";"')


REFUSED: dict[str, tuple[str, Csv, str, str]] = {
    "a repeated header": ("nomor,b\n1,2\nnomor,b\n", Csv(), "line 3", 'csv.skip_rows = ["nomor"]'),
    "a total": ("nomor,b\n1,2\nJUMLAH :,2\n", Csv(), "line 3", 'csv.skip_rows = ["Jumlah*", "Total*"]'),
    "a total in the second column": ("nomor,b\n1,2\n,Grand Total\n", Csv(), "line 3", "skip_rows"),
    "numbered columns": ("a,b,c\n(1),(2),(3)\n1,2,4\n", Csv(), "line 2", "csv.skip_rows = [2]"),
    "a header row behind the file": ("a,b\n1,2\n", Csv(header_row=7), "line 1", "csv.header_row"),
    "a blank header row": ("a,b\n,\n1,2\n", Csv(header_row=2), "line 2", "the line with the names"),
    "an unknown column to fill": ("a,b\n1,2\n", Csv(fill_down=["c"]), "line 1", "a column of the header"),
    "an unknown column to join": ("a,b\n1,2\n", Csv(join={"d": ["a", "c"]}), "line 1", "a column of the header"),
    "a joined column with a name that is taken": ("a,b\n1,2\n", Csv(join={"a": ["a", "b"]}), "line 1", "another name"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_said_is_refused_with_its_line_and_what_to_write(tmp_path: Path, name: str) -> None:
    content, table, line, expected = REFUSED[name]
    fault = refusal(tmp_path, content, table)
    assert (fault.place, expected in fault.expected) == (line, True)


def test_a_mapping_may_say_that_such_rows_are_data(tmp_path: Path) -> None:
    content = "nomor,b\nnomor,b\nTotal,3\n1,2\n"
    assert len(cells(tmp_path, content, Csv(skip_rows=[]))) == 4
    assert len(cells(tmp_path, "a,b,c\n1,2,3\n", Csv(skip_rows=[]))) == 2


WORD = st.text(st.characters(categories=["L"], max_codepoint=0x24F), min_size=1, max_size=6)


@given(
    titles=st.lists(WORD, max_size=4),
    names=st.lists(WORD, min_size=2, max_size=5, unique=True),
    data=st.lists(st.lists(st.integers(10, 99).map(str), min_size=2, max_size=5), min_size=1, max_size=6),
    totals=st.integers(0, 2),
    repeats=st.sets(st.integers(0, 6)),
)
def test_whatever_stands_around_a_table_its_rows_are_read(
    titles: list[str], names: list[str], data: list[list[str]], totals: int, repeats: set[int]
) -> None:
    width = len(names)
    data = [(row + ["5"] * width)[:width] for row in data]
    lines = [[title] for title in titles] + [names]
    for place, row in enumerate(data):
        lines += [names] * (place in repeats) + [row]
    lines += [["Jumlah", "7"]] * totals
    content = "\n".join(",".join(line) for line in lines).encode()
    table = Csv(header_row=len(titles) + 1, skip_rows=[names[0], "Jumlah"])
    read = Rows(Path("a.csv"), [content, b""], table)
    assert (read.header, [cells for _, cells in read]) == (names, data)
    if totals or repeats & {*range(len(data))}:
        with pytest.raises(SourceError):
            list(Rows(Path("a.csv"), [content, b""], Csv(header_row=len(titles) + 1)))
