# ruff: noqa: DTZ001 - a workbook knows no zones
"""Workbooks: dates and times, sheets, merged cells, and files that would need too much memory."""

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from feeds.history.formats import sheet_scan
from tests.feeds.history.formats.reading import SECRET, refusal, rows, written
from tests.feeds.history.formats.writing import ods_of


def book(folder: Path, fill: Callable[[Worksheet], None], *, epoch: dt.datetime | None = None) -> Path:
    made = Workbook()
    if epoch:
        made.epoch = epoch
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    fill(sheet)
    file = folder / "log.xlsx"
    made.save(file)
    return file


MOMENTS = st.datetimes(dt.datetime(1905, 1, 1), dt.datetime(2199, 12, 31)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)


@settings(max_examples=40, deadline=None)
@given(moments=st.lists(MOMENTS, min_size=1, max_size=20), mac=st.booleans())
def test_a_moment_is_read_to_the_millisecond_in_both_calendars(moments: list[dt.datetime], *, mac: bool) -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.append(["waktu"])
        for moment in moments:
            sheet.append([moment])

    with TemporaryDirectory() as folder:
        file = book(Path(folder), fill, epoch=dt.datetime(1904, 1, 1) if mac else None)
        read = [dt.datetime.fromisoformat(row["waktu"]) for row in rows(file)]
    assert all(abs(one - two) <= dt.timedelta(milliseconds=1) for one, two in zip(read, moments, strict=True))


def test_values_have_one_text(tmp_path: Path) -> None:
    values = [
        (dt.datetime(2023, 8, 17, 8, 30), "2023-08-17T08:30:00"),
        (dt.datetime(2023, 8, 17, 8, 30, 0, 250_000), "2023-08-17T08:30:00.250"),
        (dt.date(2023, 8, 17), "2023-08-17"),
        (dt.time(8, 30), "08:30:00"),
        (dt.timedelta(hours=30, minutes=5), "30:05:00"),
        (20230817083000, "20230817083000"),
        (3374014101900001, "3374014101900001"),
        (1.5, "1.5"),
        (True, "true"),
        ("  2023-08-17 08.30 ", "2023-08-17 08.30"),
    ]

    def fill(sheet: Worksheet) -> None:
        sheet.append(["a"])
        for value, _ in values:
            sheet.append([value])

    file = book(tmp_path, fill)
    assert [row["a"] for row in rows(file)] == [text for _, text in values]


def test_one_sheet_is_read_and_several_are_a_question(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.title = "Data 2023"
        sheet.append(["a"])
        sheet.append(["1"])
        assert sheet.parent is not None
        sheet.parent.create_sheet("Kosong")
        hidden = sheet.parent.create_sheet("Kode")
        hidden.sheet_state = "hidden"
        hidden.append(["kode"])
        hidden.append(["x"])

    file = book(tmp_path, fill)
    assert rows(file) == [{"a": "1"}]
    assert rows(file, "Kode") == [{"kode": "x"}]
    assert refusal(file, "Lain") == "the file: has no sheet 'Lain'; expected one of: Data 2023"

    def more(sheet: Worksheet) -> None:
        fill(sheet)
        assert sheet.parent is not None
        sheet.parent["Kosong"]["C7"] = "x"

    assert "has several sheets; expected sheet = … in the mapping" in refusal(book(tmp_path, more))


def test_merged_cells_count_for_each_row_and_for_their_first_column(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        for row in (["nomor", "", "langkah"], ["A", "", "1"], ["", "", "2"], ["", "", "3"], ["B", "", "4"]):
            sheet.append([text or None for text in row])
        sheet.merge_cells("A2:B4")

    told = [("A", "1"), ("A", "2"), ("A", "3"), ("B", "4")]
    assert [(row["nomor"], row["langkah"]) for row in rows(book(tmp_path, fill))] == told
    cell, covered = '<table:table-cell office:value-type="string"{}><text:p>{}</text:p></table:table-cell>', ""
    covered = "<table:covered-table-cell/>"
    lines = [
        cell.format("", "nomor") + cell.format("", "langkah"),
        cell.format(' table:number-rows-spanned="3" table:number-columns-spanned="1"', "A") + cell.format("", "1"),
        covered + cell.format("", "2"),
        covered + cell.format("", "3"),
        cell.format("", "B") + cell.format("", "4"),
    ]
    file = tmp_path / "log.ods"
    body = "".join(f"<table:table-row>{line}</table:table-row>" for line in lines)
    ods_of(file, f'<table:table table:name="D">{body}</table:table>')
    assert [(row["nomor"], row["langkah"]) for row in rows(file)] == told


def test_dates_of_ods_are_dates(tmp_path: Path) -> None:
    file = tmp_path / "log.ods"
    cells = "".join(
        f"<table:table-row><table:table-cell {attributes}><text:p>{shown}</text:p></table:table-cell></table:table-row>"
        for attributes, shown in [
            ('office:value-type="string"', "waktu"),
            ('office:value-type="date" office:date-value="2023-08-17T08:30:00"', "17 Agustus 2023 8.30"),
            ('office:value-type="date" office:date-value="2023-08-17"', "17/08/23"),
        ]
    )
    ods_of(file, f'<table:table table:name="D">{cells}</table:table>')
    assert [dt.datetime.fromisoformat(row["waktu"]) for row in rows(file)] == [
        dt.datetime(2023, 8, 17, 8, 30),
        dt.datetime(2023, 8, 17),
    ]


def patched(folder: Path, sheet: str, name: str = "xl/worksheets/sheet1.xml") -> Path:
    """A workbook whose sheet is replaced by this XML."""
    whole = book(folder, lambda sheet: sheet.append(["a"]))
    file = folder / "patched.xlsx"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            new.writestr(member, sheet if member == name else old.read(member))
    return file


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)


def test_a_cell_with_an_error_is_not_an_empty_cell(tmp_path: Path) -> None:
    row = '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>{1}</t></is></c>{2}</row>'
    sheet = row.format(1, "a", '<c r="B1" t="inlineStr"><is><t>b</t></is></c>')
    sheet += row.format(2, "x", '<c r="B2" t="e"><v>#N/A</v></c>')
    assert rows(patched(tmp_path, SHEET.format(sheet))) == [{"a": "x", "b": "#ERROR!"}]


def test_a_far_cell_does_not_fill_the_memory(tmp_path: Path) -> None:
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    assert "a sheet with 1048576 rows and 16384 columns" in refusal(patched(tmp_path, SHEET.format(far)))
    empty = far.replace("<v>1</v></c></row></", "</").replace('"XFD1048576"><v>1</v>', '"XFD1048576" s="1">')
    assert rows(patched(tmp_path, SHEET.format(empty))) == []
    file = tmp_path / "bomb.ods"
    cell = '<table:table-cell table:number-columns-repeated="16384" office:value-type="string"><text:p>x</text:p>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-cell></table:table-row>'
    ods_of(file, f'<table:table table:name="D">{row}</table:table>')
    assert "a sheet with 1048576 rows and 16384 columns" in refusal(file)


def test_what_is_not_sound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = book(tmp_path, lambda sheet: sheet.append([SECRET]))
    content = sound.read_bytes()
    assert "is damaged" in refusal(written(tmp_path, content[: len(content) // 2], "half.xlsx"))
    assert "malformed XML" in refusal(patched(tmp_path, f"<worksheet><sheetData>{SECRET}"))
    bomb = '<!DOCTYPE w [<!ENTITY a "ha">]>' + SHEET.format("")
    assert "a document type declaration" in refusal(patched(tmp_path, bomb))
    assert "has no sheet with rows" in refusal(book(tmp_path, lambda _: None))
    assert "too many columns" in refusal(book(tmp_path, lambda sheet: sheet.append(["x"] * 1_001)))
    monkeypatch.setattr(sheet_scan, "MAX_UNPACKED", 100)
    assert "is too large" in refusal(sound)


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_damaged_workbook_is_read_or_refused(place: int, byte: int) -> None:
    with TemporaryDirectory() as folder:
        content = bytearray(book(Path(folder), lambda sheet: sheet.append(["a", "b"])).read_bytes())
        content[place % len(content)] = byte
        file = written(Path(folder), bytes(content), "damaged.xlsx")
        try:
            rows(file)
        except Exception as fault:  # noqa: BLE001 - only one kind is allowed
            assert type(fault).__name__ == "SourceError"  # noqa: PT017 - a fault is not necessary
