"""`jejak mapping` and then `jejak import`, with nothing edited between."""

from pathlib import Path

import pytest

from tests.conftest import PROJECT, Fresh, shared
from tests.infra.imports.bringing import faults, project, told
from tests.infra.imports.conftest import Run

BOUND = "# replaced_at_most = "
ODD = '''\
\ufeffNomor Zaak|Kegiatan "utama"|Waktu|Waktu||Catatan
A-1|Terima; periksa|2026-03-02 09:00|x||"baris
baru"
A-1|Terima; periksa|2026-03-02 09:00|x||"baris
baru"
|審査|2026-03-03T10:00:00+07:00|||
A-2|審 査|||y|"kata ""kutip"""
A-2||11/06/2011 01:30|||
|審査|2026-03-03T10:00:00+07:00|||
A-3|*|N/A|||Siti
'''


def drafted(run: Run, file: Path, mapping: Path) -> tuple[int, str, str]:
    code, out, err = run("mapping", file, "--output", mapping)
    assert (code, out) == (0, "")
    assert f"next: read {mapping}, then run `jejak import {file} --mapping {mapping} --dry-run`" in err
    draft = mapping.read_text()
    if BOUND in draft:  # more than 1 % of the rows have no time of their own: a person must agree
        code, out, err = run("import", file, "--mapping", mapping)
        assert (code, out) == (2, "")
        assert "replaced_at_most = " in err
        mapping.write_text(draft.replace(BOUND, BOUND.removeprefix("# ")))
    return run("import", file, "--mapping", mapping)


@pytest.mark.parametrize("name", ["small.xes", "small.csv"])
def test_the_drafts_of_the_small_examples_import_them(run: Run, tmp_path: Path, name: str) -> None:
    code, out, _ = drafted(run, PROJECT / "examples" / name, tmp_path / "draft.toml")
    events = {"small.xes": 13, "small.csv": 11}[name]
    assert (code, told(out)["new_events"], told(out)["rejected"]) == (0, events, 0)


def test_the_draft_of_an_odd_table_keeps_every_row_once(fresh: Fresh, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "Ekspor (2).CSV"
    file.write_text(ODD, encoding="utf-8")
    code, out, _ = drafted(run, file, tmp_path / "draft.toml")
    assert (code, told(out)["applications"], told(out)["new_events"], told(out)["rejected"]) == (0, 5, 12, 0)
    again = told(run("import", file, "--mapping", tmp_path / "draft.toml")[1])
    assert (again["new_events"], again["duplicates"]) == (0, 12)
    assert "Siti" not in (tmp_path / "draft.toml").read_text()
    project(fresh)
    assert not faults(fresh)


def test_the_draft_of_a_real_log_imports_it(run: Run, tmp_path: Path) -> None:
    code, out, _ = drafted(run, shared("receipt.xes.gz"), tmp_path / "draft.toml")
    assert (code, told(out)["new_events"], told(out)["rejected"]) == (0, 11_340, 0)


def test_a_draft_goes_to_stdout_and_never_over_a_file(run: Run, tmp_path: Path) -> None:
    small = PROJECT / "examples" / "small.csv"
    code, out, err = run("mapping", small)
    assert (code, out.splitlines()[1]) == (0, 'source = "small"')
    assert "next: save the draft as MAP.toml" in err
    taken = tmp_path / "taken.toml"
    taken.write_text("mine")
    code, out, err = run("mapping", small, "--output", taken)
    assert (code, out, taken.read_text()) == (2, "", "mine")
    assert "name a new file" in err


def test_what_cannot_be_drafted_is_told(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    for content, wrong in (("a,b\nSiti,2\n", "no column contains times"), ('a,b\nSiti,"2\n', "line 2: ")):
        file.write_text(content)
        code, out, err = run("mapping", file)
        assert (code, out) == (2, "")
        assert wrong in err
        assert "Siti" not in err
    assert run("mapping", tmp_path / "absent.csv")[0] == 2
