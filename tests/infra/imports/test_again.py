"""The same past told again: in another order, in a newer export, by two traces of one case. Each fact counts once."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from domain.application.events import PinReset
from domain.codes import Channel, Role
from domain.provenance import Act
from feeds.history.records import Reader
from feeds.history.source import SourceCase
from infra.eventstore import rows
from infra.eventstore.history import STREAM, head_of, history_of
from infra.eventstore.recorder import Recorder, Save, SaveOutcome
from infra.postgres.packing import unpack
from service_layer.import_case import ImportCase
from tests.builders import MONDAY
from tests.conftest import Fresh
from tests.infra.imports.bringing import (
    MAPPING,
    OWN_IDS,
    SMALL,
    SMALL_MAPPING,
    Trace,
    bring,
    bring_all,
    command,
    counts,
    faults,
    multiset,
    project,
    stored,
    streams,
    told,
    trace,
    written,
)
from tests.running import jejak

A = trace("A", ("Terima", "2026-03-02T09:00:00", "1"), ("Periksa", "2026-03-04T10:00:00", "2"), masuk="2026-03-01")
B = trace("B", ("Terima", "2026-03-03T09:00:00", "1"), selesai="2026-03-05", unit="Utara", jalur="loket")
KEYS = ["applications", "events", "new_events", "duplicates", "rejected", "first", "last"]


def without_ids(one: Trace) -> Trace:
    return Trace(one.case, [(name, at) for name, at, *_ in one.events], one.attributes)


def test_traces_in_reversed_order_add_nothing(fresh: Fresh, tmp_path: Path) -> None:
    for mapping, traces in (
        (OWN_IDS, [A, B]),
        (OWN_IDS.replace('"nomor"', '"lain"'), [without_ids(B), without_ids(A)]),
    ):
        (tmp_path / "log.xes").unlink(missing_ok=True)
        first = bring(fresh, *written(tmp_path, traces, mapping.replace('"uji"', f'"uji-{len(mapping)}"')))
        again = bring(fresh, *written(tmp_path, traces[::-1], mapping.replace('"uji"', f'"uji-{len(mapping)}"')))
        assert (counts(first), counts(again)) == ((6, 0, 0), (0, 6, 0))


def test_events_of_a_trace_in_reversed_order_add_nothing(fresh: Fresh, tmp_path: Path) -> None:
    events = [("Terima", "2026-03-02T09:00:00"), ("Periksa", "2026-03-02T09:00:00"), ("Periksa", "2026-03-02T09:00:00")]
    first = bring(fresh, *written(tmp_path, [trace("A", *events, masuk="2026-03-01")]))
    again = bring(fresh, *written(tmp_path, [trace("A", *events[::-1], masuk="2026-03-01")]))
    assert (counts(first), counts(again)) == ((4, 0, 0), (0, 4, 0))


def test_two_traces_with_one_case_id_become_one_application(fresh: Fresh, tmp_path: Path) -> None:
    other = trace("A", ("Periksa", "2026-03-05T10:00:00", "3"), masuk="2026-03-01")
    summary = bring(fresh, *written(tmp_path, [A, B, other], OWN_IDS))
    assert counts(summary) == (7, 1, 0)
    assert len(streams(fresh.databases.auditor)) == summary.applications == 2


def test_a_case_id_of_another_source_is_another_application(fresh: Fresh, tmp_path: Path) -> None:
    bring(fresh, *written(tmp_path, [A], OWN_IDS))
    other = bring(fresh, *written(tmp_path, [A], OWN_IDS.replace('source = "uji"', 'source = "lain"')))
    assert counts(other) == (3, 0, 0)
    assert len(streams(fresh.databases.auditor)) == 2


def test_true_duplicates_without_ids_stay_two_events(fresh: Fresh, tmp_path: Path) -> None:
    twice = trace("A", ("Periksa", "2026-03-04T10:00:00"), ("Periksa", "2026-03-04T10:00:00"), masuk="2026-03-01")
    assert counts(bring(fresh, *written(tmp_path, [twice]))) == (3, 0, 0)
    assert counts(bring(fresh, *written(tmp_path, [twice]))) == (0, 3, 0)


def test_an_event_added_in_a_newer_export_is_the_one_new_event(fresh: Fresh, tmp_path: Path) -> None:
    bring(fresh, *written(tmp_path, [A, B], OWN_IDS))
    project(fresh)
    early = ("Periksa", "2026-03-01T15:00:00", "3")
    grown = Trace("A", [*A.events, early], A.attributes)
    assert counts(bring(fresh, *written(tmp_path, [grown, B], OWN_IDS))) == (1, 6, 0)
    project(fresh)
    assert not faults(fresh)
    [timeline] = [
        body["timeline"]
        for [body] in rows_of(fresh)
        if len(body["timeline"]) == 4 and body["timeline"][1]["version"] == 4
    ]
    assert [entry["version"] for entry in timeline] == [1, 4, 2, 3]


def rows_of(fresh: Fresh) -> list[tuple[dict[str, list[dict[str, int]]]]]:
    with psycopg.connect(fresh.databases.auditor) as connection:
        rows = connection.execute("SELECT body FROM views.progress").fetchall()
    return [(json.loads(unpack(body)),) for (body,) in rows]


def test_an_end_added_in_a_newer_export_is_the_one_new_event(fresh: Fresh, tmp_path: Path) -> None:
    bring(fresh, *written(tmp_path, [A], OWN_IDS))
    ended = Trace("A", A.events, (*A.attributes, ("selesai", "2026-03-09")))
    assert counts(bring(fresh, *written(tmp_path, [ended], OWN_IDS))) == (1, 3, 0)


def test_what_was_changed_under_the_same_id_is_left_out_and_counted(fresh: Fresh, tmp_path: Path) -> None:
    bring(fresh, *written(tmp_path, [A, B], OWN_IDS))
    before = multiset(fresh.databases.auditor)
    moved = Trace("A", [A.events[0], ("Periksa", "2026-03-04T11:00:00", "2")], (("masuk", "2026-02-28"),))
    file, toml = written(tmp_path, [moved, B], OWN_IDS)
    done = command(fresh, "import", file, "--mapping", toml)
    said = told(done.stdout)
    assert (said["new_events"], said["duplicates"], said["rejected"], said["events"]) == (0, 4, 2, 6)
    assert "events left out: 2 (changed since it was imported)" in done.stderr
    assert multiset(fresh.databases.auditor) == before


def test_the_last_line_is_for_programs_and_dropped_columns_are_named(fresh: Fresh, tmp_path: Path) -> None:
    more = Trace("A", without_ids(A).events, (*A.attributes, ("warna", "biru"), ("org:group", "x")))
    file, toml = written(tmp_path, [more, A])
    done = command(fresh, "import", file, "--mapping", toml)
    assert done.returncode == 0
    assert list(told(done.stdout)) == KEYS
    assert "columns dropped because the mapping does not name them: nomor, org:group, warna" in done.stderr
    assert told(done.stdout)["first"] == "2026-02-28T17:00:00.000000Z"
    assert "biru" not in done.stdout + done.stderr


def test_one_batch_after_another_of_many_cases_and_of_a_long_one(fresh: Fresh, tmp_path: Path) -> None:
    long = trace("long", *(("Periksa", f"2026-03-02T09:00:00.{n:06}") for n in range(1_203)))
    many = [trace(f"case {n}", ("Terima", "2026-03-02T09:00:00")) for n in range(204)]
    files = written(tmp_path, [*many[:150], long, *many[150:]])
    first, again = asyncio.run(bring_all(fresh, files, files))
    assert (counts(first), counts(again)) == ((1_612, 0, 0), (0, 1_612, 0))
    assert len(streams(fresh.databases.auditor)) == 205


def respelled(text: str) -> str:
    """The same log in other words: no seconds, a space, an offset, capitals."""
    for spelling, other in (("T09:00:00", " 02:00Z"), ("T10:00:00", " 10.00 WIB"), ("Terima", "TERIMA")):
        assert spelling in text
        text = text.replace(spelling, other)
    return text


OTHER_WORDS = OWN_IDS.replace("[events]", '"TERIMA" = "received"\n[events]')


@pytest.mark.parametrize("mapping", [OTHER_WORDS, OTHER_WORDS.replace('"nomor"', '"lain"')])
def test_another_spelling_of_the_same_log_adds_nothing(fresh: Fresh, tmp_path: Path, mapping: str) -> None:
    file, toml = written(tmp_path, [A, B], mapping)
    assert counts(bring(fresh, file, toml)) == (6, 0, 0)
    file.write_text(respelled(file.read_text()))
    assert counts(bring(fresh, file, toml)) == (0, 6, 0)


def test_the_same_log_as_a_table_adds_nothing(fresh: Fresh, tmp_path: Path) -> None:
    file, toml = written(tmp_path, [A, B], OWN_IDS)
    assert counts(bring(fresh, file, toml)) == (6, 0, 0)
    table = tmp_path / "log.csv"
    table.write_text(
        "concept:name,kegiatan,time:timestamp,nomor,masuk,selesai,unit,jalur,tenggat\n"
        "A,Terima,2 Maret 2026 09.00,1,2026-03-01,NULL,,,-\n"
        "B,Terima,2026-03-03 09:00 WIB,1,0000-00-00,5/3/2026,Utara,loket,-\n"
        "A,Periksa,20260304100000,2,2026-03-01,NULL,,,-\n"
    )
    columns = 'id = "nomor"\nactivity = "kegiatan"'
    days = 'column = "selesai"\nformats = ["dmy", "iso"]'
    toml.write_text(OWN_IDS.replace('id = "nomor"', columns).replace('column = "selesai"', days))
    assert counts(bring(fresh, table, toml)) == (0, 6, 0)


@pytest.mark.parametrize("ids", [True, False])
def test_what_an_earlier_release_imported_is_known_by_its_spelling(
    fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, ids: bool
) -> None:
    """Earlier releases identified an event by the texts of the file."""
    same = ("Periksa", "2026-03-04T10:00:00"), ("Periksa", "2026-03-04T10:00:00")
    nameless = [without_ids(A), trace("C", *same, masuk="2026-03-01"), trace("", *same)]
    files = written(tmp_path, [A, B] if ids else nameless, 'empty_case = "each"\n' + (OWN_IDS if ids else MAPPING))
    with monkeypatch.context() as earlier:
        read = Reader.case

        def as_spelled(self: Reader, source: SourceCase) -> ImportCase:
            case = read(self, source)
            items = [item.as_spelled() or item for item in case.items]
            return replace(case, key=case.spelled_key or case.key, items=items, spelled_key=None)

        earlier.setattr(Reader, "case", as_spelled)
        before = counts(bring(fresh, *files))
    assert before[1:] == (0, 0)
    assert counts(bring(fresh, *files)) == (0, before[0], 0)
    if ids:
        moved = Trace("A", [A.events[0], ("Periksa", "2026-03-04T11:00:00", "2")], A.attributes)
        assert counts(bring(fresh, *written(tmp_path, [moved, B], OWN_IDS))) == (0, 5, 1)


def test_an_import_joins_a_jejak_that_serves() -> None:
    with jejak() as running:
        said = told(running.command("import", str(SMALL), "--mapping", str(SMALL_MAPPING)).stdout)
        assert (said["events"], said["new_events"]) == (13, 13)
        assert running.process is not None
        assert running.process.poll() is None
        services = running.request("GET", "/v1/services").json()
        assert "air-contoh-sambungan" in str(services)


def test_offices_and_the_service_are_registered_once_and_marked(fresh: Fresh, tmp_path: Path) -> None:
    files = written(tmp_path, [A], OWN_IDS)
    for _ in range(2):
        bring(fresh, *files)
        assert stored(fresh.databases.auditor) == 3 + 4
    with psycopg.connect(fresh.databases.auditor) as connection:
        marked = connection.execute(
            "SELECT count(*) FROM events WHERE topic NOT LIKE 'application.%' AND (state->'data'->>'imported')::bool"
        ).fetchone()
    assert marked == (4,)


def test_somebody_else_who_writes_in_between_breaks_no_chain(
    fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log takes an event of a stream after the importer has read it, and before it appends."""
    bring(fresh, *written(tmp_path, [A], OWN_IDS))
    grown = Trace(
        "A", [*A.events, ("Periksa", "2026-03-05T10:00:00", "3"), ("Periksa", "2026-03-06T10:00:00", "4")], A.attributes
    )
    append, rivals = Recorder.append, iter([True])

    def after_a_rival(self: Recorder, saves: Sequence[Save]) -> list[SaveOutcome]:
        if saves[0].events[0].topic.startswith("application.") and next(rivals, False):
            with psycopg.connect(fresh.databases.auditor) as connection:
                stored = connection.execute(STREAM, (saves[0].events[0].originator_id,)).fetchall()
            history = history_of(UUID(str(saves[0].events[0].originator_id)), stored)
            act = Act(at=MONDAY, by=Role.SYSTEM, channel=Channel.INTERNAL)
            reset, _ = rows.rows_of(
                history.application_id, len(stored), head_of(history), [PinReset()], act, command=UUID(int=1), digest=""
            )
            assert append(self, [Save(tuple(reset))])[0].stored
        return append(self, saves)

    monkeypatch.setattr(Recorder, "append", after_a_rival)
    assert counts(bring(fresh, *written(tmp_path, [grown], OWN_IDS))) == (2, 3, 0)
    project(fresh)
    assert faults(fresh) == []
