"""A draft is a mapping that imports the log it was made from, unedited, and keeps every row."""

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest

from domain.registry.registry import Registry
from feeds.history.draft import drafted
from feeds.history.mapping import Mapping
from feeds.history.mapping_file import read_mapping
from feeds.history.source import SourceError, silent
from infra.imports.check import Summary, check
from tests.conftest import PROJECT, shared

ZONE = "Asia/Jakarta"


def draft(file: Path) -> tuple[Mapping, Summary]:
    """The mapping that was drafted, and what an import by it would bring."""
    toml = file.with_name("draft.toml")
    toml.write_text(drafted(file, silent, ZONE), encoding="utf-8")
    mapping = read_mapping(toml)
    return mapping, check(file, msgspec.structs.replace(mapping, replaced_at_most=1.0), Registry(), silent)


def drafted_from(content: bytes, name: str = "catatan.csv") -> tuple[Mapping, Summary]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        return draft(file)


def table(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def test_words_in_three_languages_tell_what_a_column_is() -> None:
    for header in ("Case ID;Activity;Timestamp", "nomor_kasus;kegiatan;waktu", "zaaknummer;activiteit;tijdstip"):
        rows = [f"{case};{what};2026-03-0{day} 09:00" for case in "AB" for day, what in enumerate(["x", "y", "z"], 1)]
        mapping, summary = drafted_from(table(header, *rows))
        assert (mapping.csv.shape, mapping.csv.delimiter) == ("event", ";")
        assert [mapping.case, mapping.events.activity, mapping.events.at] == header.split(";")
        assert (summary.applications, summary.events) == (2, 8)


def test_without_telling_names_the_content_tells() -> None:
    rows = [
        f"k{case},{what},2026-03-0{day} 09:00,{case}{day}" for case in range(9) for day, what in enumerate("xyz", 1)
    ]
    mapping, summary = drafted_from(table("q,r,s,t", *rows))
    assert (mapping.csv.shape, mapping.case, mapping.events.activity, mapping.events.at) == ("event", "q", "r", "s")
    assert (summary.applications, summary.events) == (9, 9 + 27)


def test_a_table_of_cases_shows_itself_by_its_unique_number_and_its_dates() -> None:
    rows = [f"{n},2026-03-0{n},2026-03-1{n},2026-04-0{n},{n % 2}" for n in range(1, 9)]
    mapping, summary = drafted_from(
        table("TrackingID,TanggalLaporanMasuk,TanggalDisposisi,TanggalDitutup,status", *rows)
    )
    assert (mapping.csv.shape, mapping.case) == ("case", "TrackingID")
    assert mapping.submitted is not None
    assert mapping.concluded is not None
    assert (mapping.submitted.column, mapping.concluded.column) == ("TanggalLaporanMasuk", "TanggalDitutup")
    assert [times.column for times in mapping.times] == ["TanggalDisposisi"]
    assert (summary.applications, summary.events) == (8, 24)


def test_day_and_month_are_told_apart_by_all_of_the_column() -> None:
    for day, month in (("dmy", ["01/02/2026", "13/02/2026"]), ("mdy", ["01/02/2026", "02/13/2026"])):
        mapping, _ = drafted_from(table("case,activity,time", *(f"{n},x,{text}" for n, text in enumerate(month * 2))))
        assert mapping.events.formats == [day]
    mapping, _ = drafted_from(table("case,activity,time", "1,x,1767225600", "1,y,1767225601", "2,x,1767225602"))
    assert mapping.events.formats == ["epoch"]


def test_of_too_many_activities_the_rest_is_one_stage() -> None:
    rows = [f"{n // 3},kata {n},2026-03-02" for n in range(600)]
    mapping, summary = drafted_from(table("case,activity,time", *rows))
    assert len(mapping.activities) == 501
    assert summary.events == 600 + 200


def test_an_encoding_that_is_not_utf_8_is_found() -> None:
    text = "case,activity,time\n1,Prüfung,2026-03-02\n1,Prüfung,2026-03-03\n2,Käse,2026-03-03"
    for encoding in ("windows-1252", "utf-16", "utf-8-sig", "utf-8"):
        mapping, _ = drafted_from(text.encode(encoding))
        assert "Prüfung" in mapping.activities


def test_a_file_without_any_time_has_no_draft() -> None:
    with pytest.raises(SourceError, match="no column contains times"):
        drafted_from(table("case,activity", "1,x", "2,y"))
    with pytest.raises(SourceError, match="no column contains times"):
        drafted_from(table("case,pin,version", "1,20260302,1.2.11", "2,20260303,1.2.12"))


def test_of_the_values_of_a_file_only_activities_stand_in_its_draft(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    rows = [
        f"{case},{what},2026-03-02,Siti {case},Dinas {case % 2}" for case in range(9) for what in ("Terima", "Cetak")
    ]
    file.write_bytes(table("case,activity,time,officer,department", *rows))
    draft = drafted(file, silent, ZONE)
    assert "Terima" in draft
    assert "Siti" not in draft
    assert "Dinas" not in draft
    assert 'column = "department"  # 2 different values' in draft


def test_the_same_file_gives_the_same_draft(tmp_path: Path) -> None:
    small = PROJECT / "examples" / "small.csv"
    assert drafted(small, silent, ZONE) == drafted(small, silent, ZONE)
    copy = tmp_path / "2026 (3).csv"
    copy.write_bytes(small.read_bytes())
    assert 'source = "log-2026-3"' in drafted(copy, silent, ZONE)


@pytest.mark.parametrize(
    ("name", "applications", "events"),
    [
        ("receipt.xes.gz", 1_434, 1_434 + 8_577 + 1_329),
        ("boston311_2011H2_redacted.csv.gz", 58_251, 58_251 + 54_570),
        ("us_permit_timelines_4cities.csv.gz", 64_427, 64_427 + 49_407),
    ],
)
def test_the_drafts_for_real_logs_keep_every_row(tmp_path: Path, name: str, applications: int, events: int) -> None:
    file = tmp_path / name
    file.symlink_to(shared(name))
    _, summary = draft(file)
    assert (summary.applications, summary.events, summary.rejected.total()) == (applications, events, 0)
