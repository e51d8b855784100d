"""A file or a mapping that is not sound: exit 2, the place named, its values not repeated, and nothing stored of it."""

import gzip
from pathlib import Path

import pytest

from tests.conftest import Fresh
from tests.infra.imports.bringing import (
    MAPPING,
    OWN_IDS,
    SMALL,
    SMALL_MAPPING,
    bring,
    command,
    stored,
    trace,
    written,
    xes,
)
from tests.infra.imports.conftest import Run

SECRET = "Siti Contoh 3374014101900001"
LOG = xes(
    [
        trace("A", ("Terima", "2026-03-02T09:00:00+07:00"), ("Periksa", "2026-03-02T10:00:00+07:00")),
        trace("B", ("Terima", "2026-03-03T09:00:00+07:00"), unit="Utara"),
    ]
)

HALF = gzip.compress(LOG.encode())[:-20]
BOMB = '<!DOCTYPE log [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'

LOGS: dict[str, tuple[str, bytes, str]] = {
    "truncated XML": ("log.xes", LOG[: LOG.index("Periksa")].encode(), "trace 1, line 9: malformed XML"),
    "truncated gzip": ("log.xes.gz", HALF, f"byte {len(HALF)}: the gzip data ends too early"),
    "an entity bomb": ("log.xes", f"{BOMB}\n{LOG}".encode(), "line 1: a document type"),
    "an empty file": ("log.xes", b"", "line 1: the file is empty"),
    "no XML at all": ("log.xes", SECRET.encode(), "line 1: malformed XML"),
    "a bad time": ("log.xes", LOG.replace("2026-03-03T09", "2026-13-03T09").encode(), "trace 2, line 16: a time"),
    "words for a time": ("log.xes", LOG.replace("2026-03-03T09:00:00+07:00", SECRET).encode(), "trace 2, line 16"),
    "a bad time of a case": (
        "log.xes",
        xes([trace("A", ("Terima", "2026-03-02"), masuk=SECRET)]).encode(),
        "trace 1, line 2: a time cannot be read",
    ),
    "an event without a time": (
        "log.xes",
        LOG.replace('key="time:timestamp" value="2026-03-03', 'key="x" value="2026-03-03').encode(),
        "trace 2, line 16: an event has no time:timestamp",
    ),
    "an event without an activity": (
        "log.xes",
        LOG.replace('"Periksa"', '""').encode(),
        "trace 1, line 8: an event has no concept:name",
    ),
    "a case without an id": ("log.xes", LOG.replace('"B"', '""').encode(), "trace 2, line 13: the case has no"),
    "a case without any time": ("log.xes", xes([trace("A")]).encode(), "trace 1, line 2: the case has neither"),
}


@pytest.mark.parametrize("name", LOGS)
def test_a_file_that_is_not_sound_is_refused_whole(fresh: Fresh, run: Run, tmp_path: Path, name: str) -> None:
    file_name, content, place = LOGS[name]
    file, mapping = tmp_path / file_name, tmp_path / "log.toml"
    file.write_bytes(content)
    mapping.write_text(MAPPING)
    bring(fresh, SMALL, SMALL_MAPPING)
    before = stored(fresh.databases.auditor)
    code, out, err = run("import", file, "--mapping", mapping)
    assert (code, out) == (2, "")
    assert f"{file}, {place}" in err
    assert "Siti" not in err
    assert stored(fresh.databases.auditor) == before


MAPPINGS: dict[str, tuple[str, str]] = {
    "an unknown key": (MAPPING + "\n[tambahan]\nx = 1\n", "unknown field `tambahan`"),
    "an unknown key of a table": (MAPPING.replace("[deadline]", '[deadline]\nkolom = "x"'), "unknown field `kolom`"),
    "no TOML": ("zone = ", "Invalid value"),
    "no service": (MAPPING.replace("[service]", "[layanan]"), "`layanan`"),
    "an unknown zone": (MAPPING.replace("Asia/Jakarta", "Asia/Atlantis"), "an IANA name"),
    "an unknown event": (MAPPING.replace('"Terima" = "received"', '"Terima" = "terima"'), "event must be one of"),
}


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_mapping_that_is_not_sound_is_refused(fresh: Fresh, run: Run, tmp_path: Path, name: str) -> None:
    mapping, wrong = MAPPINGS[name]
    file, toml = written(tmp_path, [trace("A", ("Terima", "2026-03-02"))], mapping)
    code, out, err = run("import", file, "--mapping", toml)
    assert (code, out) == (2, "")
    assert str(toml) in err
    assert wrong in err
    assert stored(fresh.databases.auditor) == 0


def test_words_that_the_mapping_lacks_are_told_as_lines_to_add(fresh: Fresh, run: Run, tmp_path: Path) -> None:
    seldom, often = ("Arsip", "2026-03-02T09:00:00"), ('Cetak "kartu"', "2026-03-02T09:00:00")
    traces = [trace("A", seldom, often, unit="Barat", jalur="merpati"), trace("B", often, ("Terima", "2026-03-02"))]
    file, toml = written(tmp_path, traces)
    code, out, err = run("import", file, "--mapping", toml)
    assert (code, out) == (2, "")
    assert err.splitlines()[-7:] == [
        "[activities]",
        r'"Cetak \"kartu\"" = "stage"  # 2',
        '"Arsip" = "stage"  # 1',
        "[offices.values]",
        '"Barat" = { code = "uji-…", id = "…", en = "…" }  # 1',
        "[channels.values]",
        '"merpati" = "unknown"  # 1',
    ]
    assert stored(fresh.databases.auditor) == 0


def test_two_events_of_a_case_with_one_id_are_refused_before_anything_is_stored(
    fresh: Fresh, run: Run, tmp_path: Path
) -> None:
    traces = [
        trace("A", ("Terima", "2026-03-02", "1")),
        trace("B", ("Terima", "2026-03-02", "1"), ("Periksa", "2026-03-03", "1")),
    ]
    file, toml = written(tmp_path, traces, OWN_IDS)
    code, _, err = run("import", file, "--mapping", toml)
    assert code == 2
    assert f"{file}, trace 2, line 10: two events of the case have one id" in err
    assert stored(fresh.databases.auditor) == 0


def test_a_missing_file_is_named(fresh: Fresh, run: Run, tmp_path: Path) -> None:
    for arguments in ((tmp_path / "absent.xes", SMALL_MAPPING), (SMALL, tmp_path / "absent.toml")):
        code, out, err = run("import", arguments[0], "--mapping", arguments[1])
        assert (code, out) == (2, "")
        assert str(tmp_path / "absent") in err
    assert stored(fresh.databases.auditor) == 0


def test_the_program_itself_exits_with_2(fresh: Fresh, tmp_path: Path) -> None:
    file = tmp_path / "half.xes"
    file.write_text(LOG[:300])
    done = command(fresh, "import", file, "--mapping", SMALL_MAPPING)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"jejak: {file}, trace 1, line ")
