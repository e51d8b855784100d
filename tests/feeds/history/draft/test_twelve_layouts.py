"""Twelve layouts as agencies write them. The draft of each imports it unedited: every row, with the right case,
activity, instant and end.
"""

import pytest

from tests.feeds.history.draft.telling import draft_of

HISTORY = """id,pengajuan_id,status,keterangan,created_at
1,70,diajukan,berkas masuk lewat loket dua pagi ini,2026-03-02 08:30:00
2,71,diajukan,berkas masuk lewat surat dari kecamatan,2026-03-02 09:10:00
3,70,diverifikasi,semua syarat sudah lengkap dan sah,2026-03-03 10:00:00
4,71,diverifikasi,alamat pemohon tidak sama dengan KTP,2026-03-04 11:00:00
5,70,selesai,sudah diambil oleh anak dari pemohon,2026-03-05 12:15:00
6,71,ditolak,syarat tidak dipenuhi sampai batas waktu,2026-03-06 13:20:00
"""

TITLES = """LAPORAN PERMOHONAN IZIN,,,
DPMPTSP Kabupaten Contoh,,,
,,,
Nomor Permohonan,Tanggal Masuk,Tanggal Verifikasi,Tanggal Selesai
P-1,2026-03-02,2026-03-03,2026-03-05
P-2,2026-03-03,2026-03-04,
Jumlah,,,2
Dicetak 9 Maret 2026,,,
"""

TWO_HEADERS = """No,Nomor Berkas,Tanggal,,
,,Masuk,Verifikasi,Selesai
(1),(2),(3),(4),(5)
1,B-1,2026-03-02,2026-03-03,2026-03-05
2,B-2,2026-03-03,2026-03-04,2026-03-06
"""

MERGED = """sep=;
Nomor Tiket;Tahap;Waktu
T-1;Periksa;2026-03-02 08:30
;Cetak;2026-03-02 09:30
T-2;Periksa;2026-03-03 08:30
;Cetak;2026-03-03 09:30
;Ditolak;2026-03-04 09:30
T-3;Periksa;2026-03-05 08:30
;Batal;2026-03-05 10:30
"""

REPEATED = """Nomor Kasus|Kegiatan|Waktu
K-1|Periksa|2026-03-02 08:30
Nomor Kasus|Kegiatan|Waktu
K-1|Selesai|2026-03-02 09:30
Nomor Kasus|Kegiatan|Waktu
K-2|Periksa|2026-03-03 08:30
"""

TWO_COLUMNS = """kasus,kegiatan,tanggal,jam
K-1,Periksa,2026-03-02,08:30
K-1,Selesai,2026-03-02,09:45
K-2,Periksa,2026-03-03,10:00
"""

START_AND_END = """case id,activity,start time,end time
A,Check,2026-03-02 08:00,2026-03-02 08:30
A,Print,2026-03-02 09:00,
B,Check,2026-03-03 08:00,2026-03-03 09:00
B,Print,2026-03-03 10:00,2026-03-03 11:00
"""

TRANSITIONS = """case,activity,transition,timestamp
A,Check,SCHEDULE,2026-03-02 08:00
A,Check,START,2026-03-02 09:00
A,Check,COMPLETE,2026-03-02 10:00
B,Check,START,2026-03-03 08:00
B,Check,ABORT,2026-03-03 09:00
"""

LAPOR = """_id,TrackingID,TanggalLaporanMasuk,TanggalDisposisi,TanggalLaporanDitutup,status
1,5001,2026-03-02 08:00,2026-03-02 09:00,2026-03-05 10:00,Selesai
2,5002,2026-03-03 08:00,2026-03-03 09:00,2026-03-06 10:00,Ditolak
3,5003,2026-03-04 08:00,2026-03-04 09:00,,Proses
"""

PERSONS = """nik,nama_pemohon,tanggal_lahir,nomor_permohonan,tanggal_masuk,tanggal_terbit,berlaku_sampai
3374014101900001,Siti Contoh,1990-01-01,P-1,2026-03-02,2026-03-05,2031-03-05
3374015505850002,Budi Contoh,1985-05-15,P-2,2026-03-03,2026-03-06,2031-03-06
"""

MIDNIGHTS = """case,activity,timestamp
S1,Create,2026-01-15T00:00:00+01:00
S1,Send,2026-07-15T00:00:00+02:00
S2,Create,2026-12-31T00:00:00+01:00
"""

CODES = """case,activity,activity name,timestamp,updated_at
A,01_H_010,Register the application,2026-03-02 08:00,2026-05-01 08:00
A,01_H_020,Send the answer,2026-03-03 08:00,2026-05-01 08:00
B,01_H_010,Register the application,2026-03-04 08:00,2026-05-02 08:00
"""

LAYOUTS: dict[str, tuple[str, dict[str, list[str]]]] = {
    "a history table with an id of its own": (
        HISTORY,
        {
            "70": [
                "submitted 2026-03-02 08:30",
                "stage-completed diajukan 2026-03-02 08:30",
                "stage-completed diverifikasi 2026-03-03 10:00",
                "concluded 2026-03-05 12:15",
            ],
            "71": [
                "submitted 2026-03-02 09:10",
                "stage-completed diajukan 2026-03-02 09:10",
                "stage-completed diverifikasi 2026-03-04 11:00",
                "rejected 2026-03-06 13:20",
            ],
        },
    ),
    "title rows and a footer": (
        TITLES,
        {
            "P-1": [
                "submitted 2026-03-02 (day)",
                "stage-completed tanggal-verifikasi 2026-03-03 (day)",
                "concluded 2026-03-05 (day)",
            ],
            "P-2": ["submitted 2026-03-03 (day)", "stage-completed tanggal-verifikasi 2026-03-04 (day)"],
        },
    ),
    "two header rows and numbered columns": (
        TWO_HEADERS,
        {
            case: [
                f"submitted 2026-03-0{day} (day)",
                f"stage-completed tanggal-verifikasi 2026-03-0{day + 1} (day)",
                f"concluded 2026-03-0{day + 3} (day)",
            ]
            for case, day in (("B-1", 2), ("B-2", 3))
        },
    ),
    "merged cells, and Excel's line about the delimiter": (
        MERGED,
        {
            "T-1": [
                "submitted 2026-03-02 08:30",
                "stage-completed periksa 2026-03-02 08:30",
                "stage-completed cetak 2026-03-02 09:30",
            ],
            "T-2": [
                "submitted 2026-03-03 08:30",
                "stage-completed periksa 2026-03-03 08:30",
                "stage-completed cetak 2026-03-03 09:30",
                "rejected 2026-03-04 09:30",
            ],
            "T-3": [
                "submitted 2026-03-05 08:30",
                "stage-completed periksa 2026-03-05 08:30",
                "cancelled 2026-03-05 10:30",
            ],
        },
    ),
    "a header on each page": (
        REPEATED,
        {
            "K-1": [
                "submitted 2026-03-02 08:30",
                "stage-completed periksa 2026-03-02 08:30",
                "concluded 2026-03-02 09:30",
            ],
            "K-2": ["submitted 2026-03-03 08:30", "stage-completed periksa 2026-03-03 08:30"],
        },
    ),
    "date and time of day in two columns": (
        TWO_COLUMNS,
        {
            "K-1": [
                "submitted 2026-03-02 08:30",
                "stage-completed periksa 2026-03-02 08:30",
                "concluded 2026-03-02 09:45",
            ],
            "K-2": ["submitted 2026-03-03 10:00", "stage-completed periksa 2026-03-03 10:00"],
        },
    ),
    "start and end of each activity": (
        START_AND_END,
        {
            "A": [
                "submitted 2026-03-02 08:00",
                "stage-entered check 2026-03-02 08:00",
                "stage-completed check 2026-03-02 08:30",
                "stage-entered print 2026-03-02 09:00",
            ],
            "B": [
                "submitted 2026-03-03 08:00",
                "stage-entered check 2026-03-03 08:00",
                "stage-completed check 2026-03-03 09:00",
                "stage-entered print 2026-03-03 10:00",
                "stage-completed print 2026-03-03 11:00",
            ],
        },
    ),
    "transitions": (
        TRANSITIONS,
        {
            "A": [
                "submitted 2026-03-02 08:00",
                "stage-planned check 2026-03-02 08:00",
                "stage-entered check 2026-03-02 09:00",
                "stage-completed check 2026-03-02 10:00",
            ],
            "B": [
                "submitted 2026-03-03 08:00",
                "stage-entered check 2026-03-03 08:00",
                "stage-ended check 2026-03-03 09:00",
            ],
        },
    ),
    "a table of cases with a row number, and how each case ended": (
        LAPOR,
        {
            "5001": [
                "submitted 2026-03-02 08:00",
                "stage-completed tanggaldisposisi 2026-03-02 09:00",
                "concluded 2026-03-05 10:00",
            ],
            "5002": [
                "submitted 2026-03-03 08:00",
                "stage-completed tanggaldisposisi 2026-03-03 09:00",
                "rejected 2026-03-06 10:00",
            ],
            "5003": ["submitted 2026-03-04 08:00", "stage-completed tanggaldisposisi 2026-03-04 09:00"],
        },
    ),
    "persons, and the validity of the product": (
        PERSONS,
        {
            "P-1": ["submitted 2026-03-02 (day)", "issued 2026-03-05 (day)"],
            "P-2": ["submitted 2026-03-03 (day)", "issued 2026-03-06 (day)"],
        },
    ),
    "midnights at an offset": (
        MIDNIGHTS,
        {
            "S1": [
                "submitted 2026-01-15 (day)",
                "stage-completed create 2026-01-15 (day)",
                "stage-completed send 2026-07-15 (day)",
            ],
            "S2": ["submitted 2026-12-31 (day)", "stage-completed create 2026-12-31 (day)"],
        },
    ),
    "codes with names, and a time of the last change": (
        CODES,
        {
            "A": [
                "submitted 2026-03-02 08:00",
                "stage-completed 01-h-010 2026-03-02 08:00",
                "stage-completed 01-h-020 2026-03-03 08:00",
            ],
            "B": ["submitted 2026-03-04 08:00", "stage-completed 01-h-010 2026-03-04 08:00"],
        },
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_draft_of_a_layout_imports_it_unedited(layout: str) -> None:
    content, expected = LAYOUTS[layout]
    draft = draft_of(content)
    assert draft.cases == expected, draft.text
    assert draft.summary.rejected.total() == 0
