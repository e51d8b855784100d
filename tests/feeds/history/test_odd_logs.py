"""Whatever a log looks like: its draft imports it unedited and keeps every row, or it holds no time."""

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from feeds.history.draft.spelling import fitting
from feeds.history.source import SourceError
from tests.feeds.history.odd_logs import (
    CASES,
    GARBAGE,
    ISO,
    ODD_NAMES,
    TEXT,
    TIMES,
    WORDS,
    Facts,
    Row,
    Written,
    as_csv,
    as_xes,
    tables,
)
from tests.feeds.history.test_draft import drafted_from

WRITTEN = st.builds(
    Written,
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoted=st.booleans(),
)
EVENTS = tables(
    [CASES, WORDS, st.one_of(TIMES, TIMES, TIMES, GARBAGE)],
    st.just(["Case ID", 'Aktivitas "utama"', "waktu\nlokal", "", "", "catatan"]),
)
TABLE = tables(
    [CASES, ISO, TIMES, st.one_of(TIMES, TIMES, TIMES, GARBAGE)],
    st.just(["nomor permohonan", "Tanggal Masuk", "tgl_verifikasi", "tgl_selesai", "tenggat", "tenggat"]),
)
ODD = tables([st.one_of(CASES, TEXT), WORDS, TIMES, TEXT, TIMES, CASES], ODD_NAMES)


def told(rows: list[Row]) -> list[Row]:
    """Those that say anything at all."""
    return [row for row in rows if any(cell.strip() for cell in row)]


@settings(max_examples=60, deadline=None)
@given(table=EVENTS, written=WRITTEN)
def test_each_row_of_a_table_of_events_becomes_an_event(table: list[Row], written: Written) -> None:
    rows = told(table[1:])
    assume(sum(bool(fitting(row[2])) for row in rows) * 2 > sum(bool(row[2].strip()) for row in rows))
    names = [row[0].strip() for row in rows]
    assume(len({*names} - {""}) > 1 and names.count("") * 2 <= len(rows))
    mapping, summary = drafted_from(as_csv(table, written))
    assume(not mapping.csv.fill_down)
    event(mapping.csv.shape)
    assert summary.rejected.total() == 0
    if mapping.csv.shape == "event":
        assert summary.applications == len({*names} - {""}) + names.count("")
        assert summary.events == summary.applications + len(rows)


@settings(max_examples=60, deadline=None)
@given(table=TABLE, written=WRITTEN)
def test_each_time_of_a_table_of_cases_becomes_an_event(table: list[Row], written: Written) -> None:
    mapping, summary = drafted_from(as_csv(table, written))
    assert (mapping.csv.shape, summary.rejected.total()) == ("case", 0)
    columns = {name: place for place, name in enumerate(table[0])}
    events = {times.column for _, times in mapping.stated_times()}
    cells = [row[columns[name]] for name in events for row in table[1:]]
    assert summary.events == summary.applications + sum(bool(fitting(cell)) for cell in cells)


@settings(max_examples=60, deadline=None)
@given(table=ODD, written=WRITTEN)
def test_any_table_with_a_time_in_it_imports_unedited(table: list[Row], written: Written) -> None:
    rows = told(table[1:])
    assume(rows and any(cell.strip() for cell in table[0]))
    try:
        mapping, summary = drafted_from(as_csv(table, written))
    except SourceError as fault:
        assert fault.wrong == "no column contains times"  # noqa: PT017 - a draft or this, nothing else
        return
    event(mapping.csv.shape)
    assert summary.rejected.total() == 0
    assert summary.events >= len(rows) or mapping.csv.shape == "case"


CASE_FACTS = st.fixed_dictionaries(
    {}, optional={"concept:name": CASES, "startdate": TIMES, "deadline": TIMES, "enddate": TIMES, "catatan": TEXT}
)
EVENT_FACTS = st.fixed_dictionaries(
    {}, optional={"concept:name": WORDS, "time:timestamp": st.one_of(TIMES, GARBAGE), "org:resource": TEXT}
)


@settings(max_examples=60, deadline=None)
@given(cases=st.lists(st.tuples(CASE_FACTS, st.lists(EVENT_FACTS, max_size=6)), min_size=1, max_size=6))
def test_each_event_of_a_log_in_xes_stays_one(cases: list[tuple[Facts, list[Facts]]]) -> None:
    try:
        mapping, summary = drafted_from(as_xes(cases), "log.xes")
    except SourceError as fault:
        assert fault.wrong == "no column contains times"  # noqa: PT017 - a draft or this, nothing else
        return
    assert summary.rejected.total() == 0
    assert summary.events >= len(cases)
    if not mapping.times:
        ends = [case.get("enddate", "") for case, _ in cases] if mapping.concluded else []
        assert summary.events == len(cases) + sum(len(told) for _, told in cases) + sum(
            bool(fitting(end)) for end in ends
        )
