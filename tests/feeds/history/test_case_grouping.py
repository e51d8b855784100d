"""Rows of a case may stand anywhere in a CSV file; what is told of the case is the same."""

from pathlib import Path

import msgspec
import pytest

from feeds.history import case_grouping
from feeds.history.file_format import read_cases
from feeds.history.mapping import Mapping
from feeds.history.source import SourceCase, SourceError

LEAST = {
    "source": "uji",
    "zone": "Asia/Jakarta",
    "case": "no",
    "service": {"code": "uji", "id": "Uji", "en": "Test"},
    "offices": {"agency": "uji", "default": {"code": "uji-pusat", "id": "Pusat", "en": "Centre"}},
    "events": {"activity": "what", "at": "at"},
}


def cases(folder: Path, content: str, **changes: object) -> list[SourceCase]:
    file = folder / "log.csv"
    file.write_text(content, encoding="utf-8", newline="")
    return list(read_cases(file, msgspec.convert({**LEAST, **changes}, Mapping)))


EVENTS = "no,what,at,unit\nB,x,1,\nA,y,2,Utara\nB,z,3,Barat\nA,y,2,Utara\n"


def test_scattered_rows_are_brought_together_in_the_order_of_the_file(tmp_path: Path) -> None:
    b, a = cases(tmp_path, EVENTS)
    assert [(event.line, event.attributes["what"]) for event in (*b.events, *a.events)] == [
        (2, "x"),
        (4, "z"),
        (3, "y"),
        (5, "y"),
    ]
    assert (b.line, b.attributes["no"], b.rows, b.place(4)) == (2, "B", [], "line 4")


def test_of_the_case_stands_what_its_first_row_that_says_anything_says(tmp_path: Path) -> None:
    b, _ = cases(tmp_path, EVENTS)
    assert b.attributes == {"no": "B", "what": "x", "at": "1", "unit": "Barat"}
    assert "unit" not in b.events[0].attributes


def test_in_a_table_of_cases_each_row_states_its_times(tmp_path: Path) -> None:
    twice, once = cases(tmp_path, "no,open\nA,1\nB,2\nA,1\n", csv={"shape": "case"}, submitted={"column": "open"})
    assert (twice.events, [row.line for row in twice.rows]) == ([], [2, 4])
    assert [row.attributes for row in once.statements()] == [{"no": "B", "open": "2"}]


def test_a_key_may_be_of_several_columns_and_a_row_without_one_is_alone(tmp_path: Path) -> None:
    content = "a,b,what,at\n1,2,x,1\n12,,x,1\n1,2,y,1\n,,x,1\n,,x,1\n,2,x,1\n"
    assert [len(case.events) for case in cases(tmp_path, content, case=["a", "b"])] == [2, 1, 1, 1, 1]
    assert len(cases(tmp_path, content, case=[])) == 6


def test_a_header_without_the_columns_of_the_mapping_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="line 1: the header has no column 'at', which the mapping names"):
        cases(tmp_path, "no;what;at\nA;x;1\n", csv={"shape": "event"}, case="no;what;at", events={"at": "at"})
    with pytest.raises(SourceError, match="line 2: there is no row under the header"):
        cases(tmp_path, "no,what,at\n\n")


def test_a_case_has_a_limit_of_rows_and_of_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_grouping, "MAX_ROWS", 3)
    assert len(cases(tmp_path, "no,what,at\n" + "A,x,1\n" * 3)[0].events) == 3
    with pytest.raises(SourceError, match="line 5: too many rows of one case"):
        cases(tmp_path, "no,what,at\n" + "A,x,1\n" * 4)
    monkeypatch.setattr(case_grouping, "MAX_BYTES", 20)
    with pytest.raises(SourceError, match="line 3: too many rows of one case"):
        cases(tmp_path, "no,what,at\nA,xxxxxxxx,1\nA,xxxxxxxx,1\n")


def test_the_progress_is_told_of_every_byte_once(tmp_path: Path) -> None:
    file, told = tmp_path / "log.csv", list[int]()
    header, *rows = EVENTS.splitlines(keepends=True)
    file.write_text(header + "".join(rows) * 7)
    list(read_cases(file, msgspec.convert(LEAST, Mapping), progress=told.append))
    assert sum(told) == file.stat().st_size
    assert len(told) > 3
