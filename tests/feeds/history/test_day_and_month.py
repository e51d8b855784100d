"""Day and month: a column has one order of them, or is refused with two lines that prove two orders."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.history.draft import drafted
from feeds.history.source import SourceError, silent
from tests.feeds.history.test_draft import ZONE, drafted_from, table
from tests.feeds.history.test_records import at, reader, refusal, source

MIXED = table("case,activity,time", "1,x,01/02/2026", "1,y,13/02/2026", "2,x,02/03/2026", "2,y,02/14/2026")


def test_a_column_of_two_orders_has_no_draft_and_two_lines_prove_it() -> None:
    with pytest.raises(SourceError) as refused:
        drafted_from(MIXED)
    assert refused.value.place == "line 5"
    assert "'time' has the day before the month in line 3 and the month before the day in line 5" in refused.value.wrong


@pytest.mark.parametrize("unreadable", ["refuse", "empty", "leave_out"])
def test_an_import_refuses_a_column_of_two_orders_whatever_else_the_mapping_says(unreadable: str) -> None:
    told = source(("Terima", "01/02/2026"), ("Periksa", "13/02/2026"), ("Minta", "02/14/2026"), masuk="2026-01-01")
    fault = refusal(told, events={"formats": ["dmy"]}, unreadable_time=unreadable)
    assert fault.place == "trace 3, line 13"
    assert "other order than in trace 3, line 12, in the column 'time:timestamp'" in fault.wrong
    other = refusal(told, events={"formats": ["mdy"]}, unreadable_time=unreadable)
    assert other.place == "trace 3, line 12"
    assert "than in the formats of the mapping" in other.wrong


def test_the_formats_of_a_pattern_have_an_order_too() -> None:
    told = source(("Terima", "13/02/2026 08:30"), ("Periksa", "02/14/2026 08:30"), masuk="2026-01-01")
    assert "other order" in refusal(told, events={"formats": ["%d/%m/%Y %H:%M"]}).wrong


def test_what_the_mapping_must_say_is_told_with_the_column() -> None:
    fault = refusal(source(masuk="17/08/2023 08.30"))
    assert "in the column 'masuk'" in fault.wrong
    assert fault.expected.startswith('formats = ["dmy"], or ')
    both = refusal(source(masuk="7/8/2023"))
    assert both.expected.startswith('formats = ["dmy"] or formats = ["mdy"], or ')
    assert at(reader(submitted={"column": "masuk", "formats": ["dmy"]}).case(source(masuk="7/8/2023")), 0)


def draft_of(days: list[str]) -> str:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "log.csv"
        file.write_bytes(table("case,activity,time", *(f"{n // 2},x,{day}" for n, day in enumerate(days))))
        return drafted(file, silent, ZONE)


def test_a_column_that_is_ambiguous_throughout_is_a_check_in_the_draft() -> None:
    line = next(line for line in draft_of(["01/02/2026", "03/04/2026", "05/06/2026"]).splitlines() if "formats" in line)
    assert line.startswith('formats = ["dmy"]  # CHECK: ')
    assert "CHECK: no date" not in draft_of(["01/02/2026", "03/14/2026", "05/06/2026"])
    assert "CHECK: no date" not in draft_of(["2026-02-01", "2026-04-03", "2026-06-05"])


DAYS = st.lists(st.dates(date(1990, 1, 1), date(2030, 1, 1)), min_size=2, max_size=12)


@settings(max_examples=100, deadline=None)
@given(days=DAYS, mark=st.sampled_from("/-."), clock=st.sampled_from(["", " 08.30", " 8:30"]), data=st.data())
def test_two_proofs_are_named_wherever_they_stand(days: list[date], mark: str, clock: str, data: st.DataObject) -> None:
    texts, proofs = [], dict[bool, int]()
    for line, day in enumerate(days, 2):
        day_first = data.draw(st.booleans())
        texts.append(day.strftime(f"%d{mark}%m{mark}%Y" if day_first else f"%m{mark}%d{mark}%Y") + clock)
        if day.day > 12:
            proofs.setdefault(day_first, line)
    if len(proofs) == 2:
        with pytest.raises(SourceError, match=f"the day before the month in line {proofs[True]}") as refused:
            draft_of(texts)
        assert f"the month before the day in line {proofs[False]}" in refused.value.wrong
        assert refused.value.place == f"line {max(proofs.values())}"
    else:
        draft = draft_of(texts)
        name = "mdy" if False in proofs else "dmy"
        assert f'formats = ["{name}"]' in draft
        assert ("CHECK: no date" in draft) == (not proofs)
