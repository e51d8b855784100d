"""Which column is the case, the activity and the time of an event."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.history.source import SourceError
from tests.feeds.history.draft.telling import draft_of

START = datetime(2026, 3, 2, 8, 30)  # noqa: DTZ001 - the file has local times


def as_csv(header: Sequence[str], rows: Sequence[Sequence[object]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def moment(number: int) -> str:
    return (START + timedelta(minutes=number * 37)).isoformat(" ")


CASES = st.sampled_from(["pengajuan_id", "permohonan_id", "ticket_id", "application_id", "nomor_berkas"])
STATES = st.sampled_from(["status", "state", "aktivitas"])
NOTES = st.sampled_from(["keterangan", "catatan", "remarks", "isi_pesan"])
STAMPS = st.sampled_from(["created_at", "waktu", "timestamp", "tanggal"])
WORDS = ["diajukan", "diperiksa", "disurvei", "dicetak"]


@settings(max_examples=40, deadline=None)
@given(
    case=CASES,
    state=STATES,
    note=NOTES,
    stamp=STAMPS,
    first=st.integers(1, 5_000),
    lengths=st.lists(st.integers(2, 4), min_size=2, max_size=6),
    order=st.permutations(range(5)),
    delimiter=st.sampled_from(",;|"),
)
def test_a_history_with_an_id_of_its_own_is_a_log_of_the_other_id(  # noqa: PLR0917 - hypothesis draws them
    case: str, state: str, note: str, stamp: str, first: int, lengths: list[int], order: list[int], delimiter: str
) -> None:
    header = ["id", case, state, note, stamp]
    events = [(number, step) for number, length in enumerate(lengths) for step in range(length)]
    rows = [
        [first + place, 70 + number, WORDS[step], f"catatan nomor {place} tentang hal ini", moment(place)]
        for place, (number, step) in enumerate(events)
    ]
    shuffled = [[row[place] for place in order] for row in rows]
    draft = draft_of(as_csv([header[place] for place in order], shuffled, delimiter))
    assert (draft.mapping.csv.shape, draft.mapping.case) == ("event", case)
    assert (draft.mapping.events.activity, draft.mapping.events.at) == (state, stamp)
    assert {key: len(told) - 1 for key, told in draft.cases.items()} == {
        str(70 + number): length for number, length in enumerate(lengths)
    }
    assert '"id"' in draft.questions
    assert "tentang" not in draft.text


@settings(max_examples=20, deadline=None)
@given(constant=st.sampled_from(["tanggal_pengajuan", "timestamp", "date"]), cases=st.integers(2, 8))
def test_a_time_that_never_varies_within_a_case_is_not_the_events(constant: str, cases: int) -> None:
    rows = [
        [f"P{number}", word, moment(number * 100), moment(number * 100 + step)]
        for number in range(cases)
        for step, word in enumerate(WORDS)
    ]
    draft = draft_of(as_csv(["nomor_permohonan", "tahapan", constant, "created_at"], rows))
    assert draft.mapping.events.at == "created_at"
    assert draft.summary.events == cases * (1 + len(WORDS))


def test_statuses_with_only_the_time_of_the_submission_are_no_events_at_this_time() -> None:
    rows = [[f"P{number}", word, moment(number * 100)] for number in range(8) for word in WORDS]
    draft = draft_of(as_csv(["nomor_permohonan", "status", "tanggal_pengajuan"], rows))
    assert draft.mapping.csv.shape == "case"
    assert draft.mapping.submitted is not None
    assert draft.summary.events == 8


@pytest.mark.parametrize("number", ["_id", "No", "No.", "nomor urut", "", "#", "row"])
@pytest.mark.parametrize("first", [0, 1])
def test_a_row_number_is_no_case_key(number: str, first: int) -> None:
    rows = [[first + place, f"Jalan {place % 3}", moment(place), moment(place + 50)] for place in range(12)]
    draft = draft_of(as_csv([number, "lokasi", "tanggal_masuk", "tanggal_selesai"], rows))
    assert draft.mapping.csv.shape == "case"
    assert draft.mapping.key_columns() == []
    again = draft_of(as_csv([number, "lokasi", "tanggal_masuk", "tanggal_selesai"], [[99, *row[1:]] for row in rows]))
    assert draft.summary.events == again.summary.events == 24


def test_the_number_of_a_table_of_a_database_is_a_case_key() -> None:
    rows = [[place, moment(place), moment(place + 50)] for place in range(1, 9)]
    assert draft_of(as_csv(["id", "tanggal_masuk", "tanggal_selesai"], rows)).mapping.case == "id"


@pytest.mark.parametrize("name", ["kegiatan", "catatan kegiatan", "uraian", "q"])
def test_free_text_is_no_activity_and_stands_in_no_draft(name: str) -> None:
    rows = [[f"K{place // 3}", f"Pak {place} menelpon bahwa rumahnya bocor", moment(place)] for place in range(30)]
    draft = draft_of(as_csv(["kasus", name, "waktu"], rows))
    assert "menelpon" not in draft.text
    assert draft.summary.events == 10 + 30


def test_free_text_is_no_case_key() -> None:
    rows = [[f"laporan tentang jalan rusak nomor {place}", f"L-{place}", moment(place)] for place in range(30)]
    assert draft_of(as_csv(["isi_laporan", "kode", "tanggal_masuk"], rows)).mapping.case == "kode"


def test_a_file_with_no_times_but_births_and_validities_has_no_draft() -> None:
    with pytest.raises(SourceError, match="no column contains times"):
        draft_of("nomor_izin,tanggal_lahir,berlaku_sampai\n1,1990-01-02,2030-01-02\n2,1980-01-02,2031-01-02\n")


@settings(max_examples=30, deadline=None)
@given(
    date=st.sampled_from(["tanggal", "tgl", "date"]),
    clock=st.sampled_from(["jam", "pukul", "time"]),
    subject=st.sampled_from(["", "_masuk", "_verifikasi"]),
    minutes=st.lists(st.integers(0, 1439), min_size=2, max_size=8),
)
def test_a_date_and_a_time_of_day_in_two_columns_are_one_time(
    date: str, clock: str, subject: str, minutes: list[int]
) -> None:
    rows = [[f"K{place}", "2026-03-02", f"{minute // 60:02}:{minute % 60:02}"] for place, minute in enumerate(minutes)]
    draft = draft_of(as_csv(["kasus", date + subject, clock + subject], rows))
    assert draft.mapping.csv.join
    told = [events[-1].removesuffix(" (day)") for events in draft.cases.values()]
    midnight = {0: "2026-03-02"} if draft_has_midnights(draft.text) else {}
    expected = [midnight.get(minute, f"2026-03-02 {row[2]}") for minute, row in zip(minutes, rows, strict=True)]
    assert [told.endswith(end) for told, end in zip(told, expected, strict=True)] == [True] * len(rows)


def draft_has_midnights(text: str) -> bool:
    return 'day_at = ["00:00:00"]' in text


@settings(max_examples=30, deadline=None)
@given(
    titles=st.integers(0, 3),
    numbered=st.booleans(),
    double=st.booleans(),
    pages=st.booleans(),
    total=st.sampled_from([None, "Jumlah", "TOTAL", "Grand Total", "Jumlah Total :"]),
    signature=st.booleans(),
    cases=st.integers(2, 9),
    bare=st.booleans(),
    delimiter=st.sampled_from(",;|"),
)
def test_titles_headers_totals_and_signatures_are_recognised(
    *,
    titles: int,
    numbered: bool,
    double: bool,
    pages: bool,
    total: str | None,
    signature: bool,
    cases: int,
    bare: bool,
    delimiter: str,
) -> None:
    header = [["No", "Nomor Berkas", "Tanggal", "", "Petugas"], ["", "", "Masuk", "Selesai", ""]]
    if not double:
        header = [["No", "Nomor Berkas", "Tanggal Masuk", "Tanggal Selesai", "Petugas"]]
    lines: list[list[str]] = [[f"LAPORAN {place}", "", "", "", ""] for place in range(titles)] + header
    lines += [["(1)", "(2)", "(3)", "(4)", "(5)"]] * numbered
    for place in range(cases):
        lines.append([str(place + 1), f"B-{place}", f"2026-03-{place + 1:02}", f"2026-04-{place + 1:02}", "x"])
        if pages and not double and place % 3 == 2:
            lines.append(header[0])
    lines += [[total, "", "", "", str(cases)]] if total else []
    lines += [["Dicetak 1 Mei 2026", "", "", "", ""]] if signature else []
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(lines)
    content = text.getvalue()
    if bare:
        content = "".join(line.rstrip(delimiter + "\n") + "\n" for line in content.splitlines())
    draft = draft_of(content)
    assert draft.cases == {
        f"B-{place}": [f"submitted 2026-03-{place + 1:02} (day)", f"concluded 2026-04-{place + 1:02} (day)"]
        for place in range(cases)
    }, draft.text
