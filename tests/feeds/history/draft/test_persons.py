"""What tells about a person is never drafted as a step or an activity, and stands in no draft."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.history.draft import role
from feeds.history.mapping_file import MappingWrong
from feeds.history.source import SourceError
from tests.feeds.history.draft.telling import draft_of
from tests.feeds.history.draft.test_shapes import as_csv, moment

BIRTHS = ["tanggal_lahir", "tgl lahir", "TanggalLahir", "date_of_birth", "birthdate", "DOB", "TTL", "tgl_lahir_anak"]
VALIDITIES = ["berlaku_sampai", "tgl_berlaku", "masa berlaku", "expiry_date", "valid_until", "tanggal_kedaluwarsa"]
PLANS = ["planned_end", "rencana_selesai", "tanggal_rencana", "estimated_date"]
PERSONS = [
    *("nama", "nama_pemohon", "Nama Lengkap", "name", "applicant name", "NIK", "no_ktp", "NPWP", "no telp", "nomor hp"),
    *(
        "phone_number",
        "alamat",
        "home address",
        "email",
        "surel",
        "petugas",
        "nama_petugas",
        "officer",
        "jenis kelamin",
    ),
    *("pekerjaan", "agama", "nama_ibu", "verifikator", "pelapor", "whatsapp"),
]
NOBODY = [
    *("concept:name", "nama_kegiatan", "activity name", "nama layanan", "nama_instansi", "status", "tahapan", "waktu"),
    *("nomor_permohonan", "tanggal_permohonan", "kode", "jenis_izin", "department", "file name", "nama status"),
]


@pytest.mark.parametrize("name", PERSONS + BIRTHS)
def test_a_header_shows_that_a_column_tells_about_a_person(name: str) -> None:
    assert role.is_personal(name) or role.is_birth(name)


@pytest.mark.parametrize("name", NOBODY)
def test_a_header_without_a_person_is_not_personal(name: str) -> None:
    assert not role.is_personal(name)
    assert not role.is_birth(name)


@settings(max_examples=60, deadline=None)
@given(
    facts=st.lists(st.sampled_from(BIRTHS + VALIDITIES + PLANS), min_size=1, max_size=4, unique=True),
    order=st.randoms(use_true_random=False),
    cases=st.integers(3, 9),
)
def test_births_validities_and_plans_are_no_steps(facts: list[str], order: object, cases: int) -> None:
    header = ["nomor_permohonan", "tanggal_masuk", "tanggal_verifikasi", *facts]
    rows = [
        [f"P{number}", "2026-03-02", "2026-03-03", *(f"{1960 + number * 5}-04-0{number}" for _ in facts)]
        for number in range(1, cases)
    ]
    places = [*range(len(header))]
    order.shuffle(places)  # type: ignore[attr-defined]
    draft = draft_of(as_csv([header[p] for p in places], [[row[p] for p in places] for row in rows]))
    assert [times.column for _, times in draft.mapping.stated_times()] == ["tanggal_verifikasi"]
    assert draft.summary.events == 2 * len(rows)
    for fact in facts:
        assert f'The column "{fact}"' in draft.text or f'= "{fact}"  # an import seals it' in draft.text


def test_dates_of_births_are_known_by_their_content() -> None:
    rows = [[n, f"{1950 + n * 4}-05-06", f"2026-03-{n:02}", f"2026-04-{n:02}"] for n in range(1, 13)]
    draft = draft_of(as_csv(["nomor_berkas", "tgl", "masuk", "selesai"], rows))
    assert "tgl" not in {times.column for _, times in draft.mapping.stated_times()}
    assert 'The column "tgl" looks like dates of births' in draft.text


NAMES = ["Siti Aminah", "Budi Santoso", "Bpk Agus Setiawan", "Dewi Lestari, S.H."]
NUMBERS = [f"337401410190000{n}" for n in range(4)]
PHONES = [f"0812-3456-789{n}" for n in range(4)]
MAILS = [f"warga{n}@contoh.id" for n in range(4)]


@pytest.mark.parametrize("words", [NAMES, NUMBERS, PHONES, MAILS])
@pytest.mark.parametrize("name", ["kegiatan", "status", "q"])
def test_a_column_with_personal_content_is_no_activity(words: list[str], name: str) -> None:
    rows = [[f"K{n // 4}", words[n % 4], moment(n)] for n in range(40)]
    draft = draft_of(as_csv(["nomor_kasus", name, "waktu"], rows))
    assert not draft.mapping.activities
    assert not any(word in draft.text for word in words)
    assert draft.summary.events == 10 + 40


def test_a_mapping_that_makes_a_step_of_a_birth_is_refused() -> None:
    content = "nomor_izin,tanggal_masuk,tanggal_lahir\n1,2026-03-02,1990-01-02\n2,2026-03-03,1980-01-02\n"
    step = '[[times]]\ncolumn = "tanggal_lahir"\nevent = "stage"\n\n[submitted]'
    with pytest.raises(MappingWrong, match=r"name it in applicant\.birth_date"):
        draft_of(content, edit=[("[submitted]", step)])


SEALED = '[applicant]\nname = "nama"\nnik = "nik"\nbirth_date = "lahir"\nformats = ["%d/%m/%Y"]\n\n[submitted]'


def test_what_cannot_be_sealed_as_it_is_meant_is_refused_with_line_and_column() -> None:
    content = "nomor_izin,tanggal_masuk,nama,nik,lahir\n1,2026-03-02,Siti,3374015505900001,15/05/1990\n2,2026-03-03,"
    good = "Budi,3374010101800002,01/01/1980\n"
    assert draft_of(content + good, edit=[("[submitted]", SEALED)]).summary.applications == 2
    for bad, wrong in (
        ("Budi,33740101018000,01/01/1980", "'nik' has no NIK"),
        ("Budi,,1980", "'lahir' has no date"),
        ("\u202eBudi,,", "'nama' has no name"),
    ):
        with pytest.raises(SourceError) as caught:
            draft_of(f"{content}{bad}\n", edit=[("[submitted]", SEALED)])
        assert (caught.value.place, wrong in caught.value.wrong) == ("line 3", True)
        assert "33740101" not in str(caught.value)
