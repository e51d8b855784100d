"""What means that there is nothing: NULL, a dash, a date of zeros, blanks of any kind."""

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.registry.registry import Registry
from feeds.history.empty_words import EmptyWords
from feeds.history.file_format import read_cases
from feeds.history.mapping import EMPTY_WORDS, Mapping
from feeds.history.records import Reader
from feeds.history.source import SourceCase
from feeds.history.time_parsing import formats_of
from tests.feeds.history.test_draft import drafted_from, table
from tests.feeds.history.test_records import MAPPING, kinds, reader, refusal, source
from tests.feeds.history.test_replaced_times import TABLE

BLANKS = ["", " ", "\t", "\u00a0", "\u202f", "\u3000", "\u200b", "\ufeff", " \u00a0\u200b "]
ZERO_DATES = ["0000-00-00", "0000-00-00 00:00:00", "0000-00-00T00:00:00Z", "00/00/0000", "00-00-0000", "00000000"]
STEPS = [(1, "x"), (2, "y"), (3, "z")]
NAMED = ["NULL", r"\N", "-", "0000-00-00", "belum selesai"]


@pytest.mark.parametrize("word", [*EMPTY_WORDS, *NAMED, *BLANKS, *ZERO_DATES])
def test_an_end_that_says_nothing_is_no_end(word: str) -> None:
    case = reader().case(source(("Terima", "2026-03-02"), masuk="2026-03-01", tenggat=word, selesai=word))
    assert kinds(case) == ["Submitted", "Received"]
    assert not case.left_out
    assert "an event has no time:timestamp" in refusal(source(("Terima", word), masuk="2026-03-01")).wrong


@given(
    word=st.sampled_from([*EMPTY_WORDS, *ZERO_DATES, ""]),
    around=st.tuples(st.sampled_from(BLANKS), st.sampled_from(BLANKS)),
    upper=st.booleans(),
)
def test_blanks_and_capitals_do_not_matter(word: str, around: tuple[str, str], upper: bool) -> None:  # noqa: FBT001
    spelled = (word.upper() if upper else word.lower()).join(around)
    assert spelled in EmptyWords(EMPTY_WORDS)
    assert EmptyWords(EMPTY_WORDS).value(spelled) == ""
    assert formats_of(spelled) == []


@pytest.mark.parametrize("text", ["0", "00", "2026-03-02", "N", "A-1", "null-1", "10000000", "selesai", "0000-01-01"])
def test_what_says_something_stays(text: str) -> None:
    assert EmptyWords(EMPTY_WORDS).value(f" {text}") == text


def test_an_empty_word_in_the_first_row_of_a_case_does_not_hide_the_end_in_a_later_row() -> None:
    for word in ("NULL", "-", ""):
        ended = [f"A,x,2026-03-02,{word}", "A,y,2026-03-03,2026-03-09"]
        rows = [*ended, f"B,x,2026-03-02,{word}", f"B,y,2026-03-04,{word}"]
        mapping = msgspec.convert({**MAPPING, **TABLE, "concluded": {"column": "selesai"}}, Mapping)
        with TemporaryDirectory() as folder:
            file = Path(folder) / "log.csv"
            file.write_bytes(table("no,kegiatan,waktu,selesai", *rows))
            reading = Reader(file, mapping, Registry())
            cases = [kinds(reading.case(case)) for case in read_cases(file, mapping)]
        steps = ["Submitted", "StageCompleted", "StageCompleted"]
        assert cases == [[*steps, "Concluded"], steps]


@pytest.mark.parametrize("word", ["", "NULL", "belum selesai"])
def test_an_end_that_stands_only_in_the_last_row_of_a_case_is_an_end_in_the_draft(word: str) -> None:
    rows = [f"P-{n},{what},2026-03-0{day},{'2026-03-09' if day == 3 else word}" for n in (1, 2) for day, what in STEPS]
    header = "nomor permohonan,kegiatan,waktu,tanggal selesai"
    mapping, summary = drafted_from(table(header, *rows, f"P-3,x,2026-03-01,{word}"))
    assert mapping.concluded is not None
    assert (summary.applications, summary.events) == (3, 3 + 7 + 2)


def test_the_list_of_a_mapping_takes_the_place_of_the_usual_list() -> None:
    own = {"empty_words": ["N/A", "1900-01-01"]}
    told = source(("Terima", "2026-03-02"), masuk="2026-03-01", tenggat="n/a", selesai="1900-01-01")
    assert kinds(reader(**own).case(told)) == ["Submitted", "Received"]
    fault = refusal(source(("Terima", "2026-03-02"), masuk="2026-03-01", selesai="NULL"), **own)
    assert fault.wrong == "a time cannot be read, in the column 'selesai'"


def test_an_empty_word_is_no_case_id_no_event_id_and_no_office() -> None:
    for word in ("NULL", "-", " \u200b"):
        assert "the case has no concept:name" in refusal(SourceCase({"concept:name": word}, [], line=1)).wrong
        case = reader(events={"id": "nomor"}).case(
            source(("Terima", "2026-03-02", word), ("Periksa", "2026-03-02", word), masuk="2026-03-01", unit=word)
        )
        assert [item.own_id for item in case.items] == [None, None, None]
        assert case.items[0].record.act.office == "uji-pusat"


def test_a_word_that_the_mapping_explains_keeps_its_meaning() -> None:
    reading = reader(activities={"-": "received", "": {"stage": "kosong"}})
    case = reading.case(source(("-", "2026-03-02"), ("NULL", "2026-03-03"), masuk="2026-03-01"))
    assert kinds(case) == ["Submitted", "Received", "StageCompleted"]
    assert "an event has no concept:name" in refusal(source(("NULL", "2026-03-02"), masuk="2026-03-01")).wrong


@pytest.mark.parametrize("word", [*NAMED, "0000-00-00 00:00:00", "\u00a0"])
def test_an_end_column_that_is_mostly_empty_stays_an_end_column(word: str) -> None:
    rows = [f"P-{n},2026-03-{n:02},{'2026-04-01 10:00' if n in (3, 7) else word}" for n in range(1, 21)]
    mapping, summary = drafted_from(table("nomor permohonan,tanggal masuk,tanggal selesai", *rows))
    assert mapping.concluded is not None
    assert mapping.concluded.column == "tanggal selesai"
    assert (summary.applications, summary.events, summary.rejected.total()) == (20, 22, 0)
    assert not summary.replaced.counts
    assert mapping.unreadable_time == "refuse"
