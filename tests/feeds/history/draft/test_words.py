"""Words with a fixed meaning become outcomes, and a case that ended is ended."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.history.activity_mapping import KNOWN
from feeds.history.draft.outcomes import ENDS, MEANINGS, WORDS, outcome
from feeds.history.draft.transitions import MEANINGS as TRANSITIONS
from tests.feeds.history.draft.telling import draft_of
from tests.feeds.history.draft.test_shapes import as_csv, moment

MEANT = {
    "ditolak": "rejected",
    "Permohonan Ditolak": "rejected",
    "TIDAK DISETUJUI": "rejected",
    "Refused": "rejected",
    "selesai": "concluded",
    "Pengaduan telah selesai": "concluded",
    "Closed": "concluded",
    "batal": "cancelled",
    "Dibatalkan": "cancelled",
    "dibatalkan pemohon": "withdrawn",
    "Ditutup; ganda": "duplicate",
    "closed - duplicate": "duplicate",
    "dikabulkan": "approved",
    "Granted": "approved",
    "Izin terbit": "issued",
    "SK diterbitkan": "issued",
    "Siap diambil": "ready",
    "Berkas diterima": "received",
    "Kedaluwarsa": "lapsed",
}
NOT_MEANT = [
    *(
        "verifikasi selesai",
        "rapat penolakan tetangga",
        "Declaration REJECTED by ADMINISTRATION",
        "proses",
        "diajukan",
        "",
    ),
    *("selesai 2", "disetujui kepala bidang", "ditolak disetujui", "永", "cetak", "T02 Check confirmation of receipt"),
]


@pytest.mark.parametrize("word", MEANT)
def test_a_word_of_an_outcome_is_known(word: str) -> None:
    assert outcome(word) == MEANT[word]


@pytest.mark.parametrize("word", NOT_MEANT)
def test_a_word_that_says_more_is_a_stage(word: str) -> None:
    assert outcome(word) is None


def test_each_meaning_is_one_of_a_mapping() -> None:
    assert {*WORDS} - {"filler", "duplicate"} <= KNOWN
    assert {*MEANINGS} <= {*WORDS}
    words = [word for meaning, words in WORDS.items() if meaning != "filler" for word in words]
    assert len({*words}) == len(words)
    assert all(outcome(word) for word in words)


ENDING = [(word, meaning) for meaning in ENDS for word in WORDS[meaning]]
KINDS = {"duplicate": "cancelled"}


@settings(max_examples=60, deadline=None)
@given(
    words=st.lists(st.sampled_from(ENDING), min_size=1, max_size=4, unique_by=lambda pair: pair[0]),
    look=st.sampled_from([str.lower, str.upper, str.title]),
    before=st.sampled_from(["", "Permohonan ", "status: "]),
    cases=st.integers(2, 8),
)
def test_ended_cases_are_ended(words: list[tuple[str, str]], look: object, before: str, cases: int) -> None:
    shown = [(before + look(word), meaning) for word, meaning in words]  # type: ignore[operator]
    rows = []
    for number in range(cases):
        rows += [
            [f"K{number}", "Periksa", moment(number * 9)],
            [f"K{number}", shown[number % len(shown)][0], moment(number * 9 + 1)],
        ]
    draft = draft_of(as_csv(["kasus", "status", "waktu"], rows))
    for number in range(cases):
        meaning = shown[number % len(shown)][1]
        assert draft.cases[f"K{number}"][-1].split()[0] == KINDS.get(meaning, meaning)
    assert "ends no case" not in draft.text


@settings(max_examples=30, deadline=None)
@given(
    words=st.lists(st.sampled_from(ENDING), min_size=1, max_size=4, unique_by=lambda pair: pair[0]),
    cases=st.integers(4, 9),
)
def test_in_a_table_the_state_says_how_a_case_ended(words: list[tuple[str, str]], cases: int) -> None:
    rows = [
        [f"P{n}", moment(n), moment(n + 99) if n % 3 else "", words[n % len(words)][0] if n % 3 else "Proses"]
        for n in range(cases)
    ]
    draft = draft_of(as_csv(["nomor_permohonan", "tanggal_masuk", "tanggal_selesai", "status"], rows))
    for n in range(cases):
        meaning = words[n % len(words)][1]
        kinds = [told.split()[0] for told in draft.cases[f"P{n}"]]
        assert kinds == (["submitted", KINDS.get(meaning, meaning)] if n % 3 else ["submitted"])


def test_the_last_change_dates_a_state_and_no_end_of_a_case_that_goes_on() -> None:
    rows = [
        ["P1", "2026-03-02 08:00", "2026-03-05 09:00", "Selesai"],
        ["P2", "2026-03-02 08:00", "2026-03-06 09:00", "Survei lapangan"],
        ["P3", "2026-03-02 08:00", "2026-03-07 09:00", "Ditolak"],
    ]
    draft = draft_of(as_csv(["nomor_permohonan", "created_at", "updated_at", "status"], rows))
    assert {case: told[-1] for case, told in draft.cases.items()} == {
        "P1": "concluded 2026-03-05 09:00",
        "P2": "stage-entered survei-lapangan 2026-03-06 09:00",
        "P3": "rejected 2026-03-07 09:00",
    }


def test_a_draft_that_ends_nothing_says_so_and_asks() -> None:
    rows = [
        [f"S{n}", word, moment(n * 5 + step)] for n in range(6) for step, word in enumerate(["Create Fine", "Payment"])
    ]
    draft = draft_of(as_csv(["case", "activity", "timestamp"], rows))
    assert "this draft ends no case, so 6 cases stay open. Which words end a case?" in draft.questions
    assert '# 6 cases stop after "Payment". If this word ends a case: "Payment" = "concluded"' in draft.text
    table = draft_of(as_csv(["nomor_berkas", "tanggal_masuk", "status"], [[n, moment(n), "Selesai"] for n in range(4)]))
    assert "Which column dates the end?" in table.questions
    assert 'The column "status" says how a case ended, but no column says when' in table.text


def test_a_rejection_after_which_cases_go_on_is_a_stage_and_a_question() -> None:
    path = ["diajukan", "ditolak", "diajukan", "disetujui", "selesai"]
    rows = [[f"D{n}", word, moment(n * 9 + step)] for n in range(4) for step, word in enumerate(path)]
    draft = draft_of(as_csv(["kasus", "status", "waktu"], rows))
    assert "rejected? 4 of 4 cases go on after it" in draft.questions
    assert [told.split()[0] for told in draft.cases["D0"]][-2:] == ["approved", "concluded"]


def test_labels_are_offered_from_a_column_beside_the_code() -> None:
    names = {"01_H_010": "Register the application", "01_H_020": 'Send "the" answer', "X1": "Check"}
    rows = [[f"K{n}", code, name, moment(n * 9)] for n in range(5) for code, name in names.items()]
    draft = draft_of(as_csv(["case", "activity", "activity name", "time"], rows))
    assert {word: each.en for word, each in draft.mapping.activities.items() if not isinstance(each, str)} == names
    several = [[*row[:2], row[2] + str(place % 2), row[3]] for place, row in enumerate(rows)]
    assert set(
        draft_of(as_csv(["case", "activity", "activity name", "time"], several)).mapping.activities.values()
    ) == {"stage"}


TRANSITION = [(word, meaning) for meaning, words in TRANSITIONS.items() for word in words if word]


@settings(max_examples=60, deadline=None)
@given(
    words=st.lists(st.sampled_from(TRANSITION), min_size=1, max_size=6),
    look=st.sampled_from([str.lower, str.upper, str.capitalize]),
    column=st.sampled_from(["lifecycle:transition", "transition", "transisi"]),
)
def test_each_transition_of_an_activity_becomes_its_event(
    words: list[tuple[str, str]], look: object, column: str
) -> None:
    rows = [["K1", "Periksa", look(word), moment(n)] for n, (word, _) in enumerate(words)]  # type: ignore[operator]
    rows.append(["K2", "Periksa", look("complete"), moment(99)])  # type: ignore[operator]
    draft = draft_of(as_csv(["case", "activity", column, "timestamp"], rows))
    assert [told.split()[0] for told in draft.cases["K1"][1:]] == [f"stage-{meaning}" for _, meaning in words]
    assert [told.split()[0] for told in draft.cases["K2"]] == ["submitted", "stage-completed"]


PAIRS = [
    ("mulai", "selesai"),
    ("start_time", "end_time"),
    ("waktu_mulai", "waktu_selesai"),
    ("started_at", "completed_at"),
]


@settings(max_examples=40, deadline=None)
@given(
    pair=st.sampled_from(PAIRS),
    lengths=st.lists(st.one_of(st.none(), st.integers(1, 500)), min_size=2, max_size=9),
)
def test_a_start_and_an_end_become_two_events(pair: tuple[str, str], lengths: list[int | None]) -> None:
    rows = [
        [f"K{n // 3}", f"Langkah {n % 3}", moment(n * 40), "" if length is None else moment(n * 40 + length)]
        for n, length in enumerate(lengths)
    ]
    if len({row[3] for row in rows}) < 3 or len(rows) < 6:
        rows += [[f"X{n // 3}", f"Langkah {n % 3}", moment(n * 40), moment(n * 40 + 7)] for n in range(12)]
    draft = draft_of(as_csv(["kasus", "kegiatan", *pair], rows))
    assert (draft.mapping.events.started, draft.mapping.events.at) == pair
    ended = sum(bool(row[3]) for row in rows)
    told = [one.split()[0] for case in draft.cases.values() for one in case]
    assert (told.count("stage-entered"), told.count("stage-completed")) == (len(rows), ended)
