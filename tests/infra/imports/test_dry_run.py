"""A dry run says what the import would do if it ran now, and stores nothing."""

from pathlib import Path

from tests.conftest import PROJECT, Fresh
from tests.infra.imports.bringing import (
    MAPPING,
    OWN_IDS,
    SMALL,
    SMALL_MAPPING,
    bring,
    counts,
    stored,
    told,
    trace,
    written,
)
from tests.infra.imports.conftest import Run

A = trace("A", ("Terima", "2026-03-02T09:00:00"), ("Periksa", "2026-03-04T10:00:00"), masuk="2026-03-01")
MORE = trace("A", ("Terima", "2026-03-02T09:00:00"), ("Periksa", "2026-03-05T10:00:00"), masuk="2026-03-01")
B = trace("B", ("Terima", "2026-03-03T09:00:00"), masuk="2026-03-02", catatan="x")


def test_it_tells_what_would_be_new_registered_and_dropped(fresh: Fresh, run: Run) -> None:
    code, out, err = run("import", SMALL, "--mapping", SMALL_MAPPING, "--dry-run")
    assert code == 0
    assert told(out) == {
        "applications": 3,
        "events": 13,
        "new_events": 13,
        "duplicates": 0,
        "rejected": 0,
        "first": "2026-03-02T02:15:00.000000Z",
        "last": "2026-03-13T02:00:00.000000Z",
    }
    assert err.splitlines()[-5:] == [
        "would register offices: air-contoh-sambungan, air-contoh-pengaduan",
        "would publish the service air-contoh-sambungan@1 with the stages: survei-lokasi, pemasangan",
        "would store 13 new events; 0 are already stored",
        "would mark 1 of the new events as deviations from the procedure",
        "dry run: nothing was stored; run the command without --dry-run to store the events",
    ]
    assert stored(fresh.databases.auditor) == 0


def test_its_numbers_are_those_of_the_import_after_it(fresh: Fresh, run: Run, tmp_path: Path) -> None:
    bring(fresh, *written(tmp_path, [A]))
    file, mapping = written(tmp_path, [B, A, MORE, B, MORE])
    before = stored(fresh.databases.auditor)
    code, out, err = run("import", file, "--mapping", mapping, "--dry-run")
    assert (code, stored(fresh.databases.auditor)) == (0, before)
    assert "columns dropped because the mapping does not name them: catatan" in err
    assert "would register" not in err
    assert "would publish" not in err
    really = bring(fresh, file, mapping)
    assert told(out) == really.as_json()
    assert counts(really) == (3, 10, 0)


def test_what_changed_since_it_was_imported_is_told(fresh: Fresh, run: Run, tmp_path: Path) -> None:
    one = trace("A", ("Terima", "2026-03-02T09:00:00", "1"), masuk="2026-03-01")
    other = trace("A", ("Terima", "2026-03-02T09:30:00", "1"), masuk="2026-03-01")
    bring(fresh, *written(tmp_path, [one], OWN_IDS))
    file, mapping = written(tmp_path, [other], OWN_IDS)
    _, out, err = run("import", file, "--mapping", mapping, "--dry-run")
    assert (told(out)["rejected"], told(out)["duplicates"]) == (1, 1)
    assert "events left out: 1 (changed since it was imported)" in err


def test_what_a_policy_leaves_out_is_counted_by_its_reason(fresh: Fresh, run: Run, tmp_path: Path) -> None:
    weekend = trace("A", ("Terima", "2026-03-07"), ("Periksa", "N/A"), masuk="2026-03-06")
    whole = trace("C", ("Terima", "2026-03-09"), masuk="2026-03-07")
    policies = 'weekends = "leave_out"\nunreadable_time = "leave_out"\n' + MAPPING
    file, mapping = written(tmp_path, [weekend, whole, B], policies)
    for option in (["--dry-run"], []):
        code, out, err = run("import", file, "--mapping", mapping, *option)
        summary = told(out)
        assert (code, summary["applications"], summary["events"]) == (0, 3, 7)
        assert (summary["new_events"], summary["rejected"]) == (3, 4)
        assert "events left out: 3 (a date at a weekend)" in err
        assert "events left out: 1 (a time cannot be read)" in err
    again = bring(fresh, file, mapping)
    assert counts(again) == (0, 3, 4)


def test_what_the_mapping_replaces_is_counted_by_reason_with_its_places(run: Run, tmp_path: Path) -> None:
    late = trace("A", ("Terima", ""), ("Periksa", "kemarin"), ("Periksa", "2026-03-04T10:00:00"))
    policies = 'empty_time = "previous"\nunreadable_time = "empty"\nundated = 2026-01-02\n' + MAPPING
    file, mapping = written(tmp_path, [late, trace("D", masuk="NULL"), B], policies)
    for option in (["--dry-run"], []):
        code, out, err = run("import", file, "--mapping", mapping, *option)
        assert (code, told(out)["replaced"], told(out)["rejected"]) == (0, 4, 0)
        assert [line for line in err.splitlines() if line.startswith("times replaced: ")] == [
            "times replaced: 1 (no time: the time of another record of the case), for example trace 1, line 4",
            "times replaced: 1 (a time cannot be read: treated as empty), for example trace 1, line 8",
            "times replaced: 1 (no submission time: the time of the first event), for example trace 1, line 2",
            "times replaced: 1 (a case without any time: the day of `undated`), for example trace 2, line 17",
        ]
        assert "kemarin" not in out + err


def test_above_the_bound_nothing_is_stored_and_the_line_to_write_is_told(
    fresh: Fresh, run: Run, tmp_path: Path
) -> None:
    late = trace("A", ("Terima", ""), ("Periksa", "2026-03-04T10:00:00"), masuk="2026-03-01")
    strict = MAPPING.replace("replaced_at_most = 1.0\n", "")
    file, mapping = written(tmp_path, [late], 'empty_time = "previous"\n' + strict)
    for option in (["--dry-run"], []):
        code, out, err = run("import", file, "--mapping", mapping, *option)
        assert (code, out) == (2, "")
        assert "the mapping replaces 1 times in 2 rows" in err
        assert "replaced_at_most = 0.5 in the mapping" in err
    assert stored(fresh.databases.auditor) == 0


def test_the_small_table_comes_in_as_its_mapping_says(run: Run) -> None:
    small = PROJECT / "examples" / "small.csv"
    mapping = PROJECT / "examples" / "small-csv.toml"
    first = run("import", small, "--mapping", mapping)
    again = run("import", small, "--mapping", mapping)
    assert (first[0], again[0]) == (0, 0)
    assert told(first[1]) == {**told(first[1]), "applications": 3, "events": 11, "new_events": 11}
    assert told(again[1]) == {**told(first[1]), "new_events": 0, "duplicates": 11}
