"""An import that is taken back is gone from every figure, and an import again leaves the views as they were."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import pytest

from domain.import_runs import RunCompleted, RunEvent
from feeds.agencies.topics_file import AgencyTable, Topics
from feeds.history.source import silent
from infra.cli.main import all_verbs, disagreement, make_parser
from infra.composition import erasing_of, installation
from infra.imports.listing import as_json, table
from infra.imports.runs import NoSuchRun, Runs
from infra.imports.undo import undo
from infra.keys.erasure_list import Erasure
from infra.postgres.packing import unpack
from infra.projector.outbox import Outbox
from infra.projector.views import VIEWS
from tests.conftest import Fresh
from tests.infra.imports.bringing import (
    MAPPING,
    bring,
    command,
    counts,
    faults,
    project,
    stored,
    told,
    trace,
    written,
)

A = trace("A", ("Terima", "2026-03-02T09:00:00"), ("Periksa", "2026-03-04T10:00:00"), masuk="2026-03-01")
B = trace("B", ("Terima", "2026-03-03T09:00:00"), selesai="2026-03-05", unit="Utara", jalur="loket", masuk="2026-03-02")
LATER_A = trace("A", *A.events, ("Saran", "2026-03-09T10:00:00"), masuk="2026-03-01")


def views(fresh: Fresh) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all views, without the stream versions."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with psycopg.connect(fresh.databases.auditor) as connection:
        for view in VIEWS.values():
            rows = connection.execute(f"SELECT {view.names} FROM views.{view.name} ORDER BY 1").fetchall()
            found[view.name] = [tuple(map(_plain, zip(view.columns, row, strict=True))) for row in rows]
    return found


def _plain(cell: tuple[str, Any]) -> Any:
    name, value = cell
    if name == "version":
        return None
    if isinstance(value, bytes):
        read = json.loads(unpack(value))
        return {**read, "version": None} if name == "body" else read
    return value


R = TypeVar("R")


def with_runs(fresh: Fresh, work: Callable[[Runs], R]) -> R:
    async def working() -> R:
        async with installation(fresh.settings, fresh.databases) as made:
            return await asyncio.to_thread(work, Runs(fresh.databases.serving, made.recorder, made.named.imports))

    return asyncio.run(working())


def take_back(fresh: Fresh, run: str) -> tuple[int, int, int]:
    """The applications, the events, and the applications that somebody has worked on."""
    done = with_runs(fresh, lambda runs: undo(runs.named(run), runs, silent))
    project(fresh)
    return done.applications, done.events, done.worked_on


def listed(fresh: Fresh) -> list[dict[str, Any]]:
    return list(map(as_json, with_runs(fresh, Runs.listed)))


def figures(fresh: Fresh) -> int:
    with psycopg.connect(fresh.databases.auditor) as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM views.statistics WHERE submitted_at IS NOT NULL")
    return int(count)


def test_an_import_again_after_an_undo_leaves_the_views_as_they_were(fresh: Fresh, tmp_path: Path) -> None:
    files = written(tmp_path, [A, B])
    assert counts(bring(fresh, *files)) == (6, 0, 0)
    project(fresh)
    before, log = views(fresh), stored(fresh.databases.auditor)
    [run] = listed(fresh)
    assert (run["state"], run["applications"], run["events"], run["source"]) == ("completed", 2, 6, "uji")

    assert take_back(fresh, run["run"][:8]) == (2, 6, 0)
    assert figures(fresh) == 0
    with psycopg.connect(fresh.databases.auditor) as connection:
        assert connection.execute("SELECT DISTINCT status, open FROM views.desk").fetchall() == [
            ("import_undone", False)
        ]
    assert faults(fresh) == []
    assert [each["state"] for each in listed(fresh)] == ["undone"]

    again = bring(fresh, *files)
    assert (counts(again), again.restored) == ((0, 6, 0), 6)
    project(fresh)
    assert views(fresh) == before
    assert faults(fresh) == []
    [run] = listed(fresh)
    assert (run["state"], run["applications"], run["events"]) == ("completed", 2, 6)
    assert stored(fresh.databases.auditor) == log + 2 + 2  # nothing was deleted


def test_a_corrected_mapping_after_an_undo_brings_the_application_again(fresh: Fresh, tmp_path: Path) -> None:
    """The times were in another zone: so the events are new, but the application and its number are the same."""
    bring(fresh, *written(tmp_path, [A, B]))
    [wrong] = listed(fresh)
    take_back(fresh, wrong["run"])
    corrected = written(tmp_path, [A, B], MAPPING.replace("Asia/Jakarta", "Asia/Makassar"))
    again = bring(fresh, *corrected)
    assert (counts(again), again.restored) == ((6, 0, 0), 0)
    project(fresh)
    assert figures(fresh) == 2
    assert faults(fresh) == []
    with psycopg.connect(fresh.databases.auditor) as connection:
        times = connection.execute("SELECT received_at::text FROM views.statistics ORDER BY 1").fetchall()
        numbers = connection.execute(
            "SELECT count(DISTINCT state -> 'data' ->> 'number'), count(*) FROM events"
            " WHERE topic = 'application.submitted.v1'"
        ).fetchone()
    assert times == [("2026-03-02 01:00:00+00",), ("2026-03-03 01:00:00+00",)]
    assert numbers == (2, 4)
    assert [(each["state"], each["events"]) for each in listed(fresh)] == [("undone", 6), ("completed", 6)]


def test_a_run_that_added_events_to_an_older_application_takes_only_these_along(fresh: Fresh, tmp_path: Path) -> None:
    bring(fresh, *written(tmp_path, [A]))
    project(fresh)
    before = views(fresh)
    assert counts(bring(fresh, *written(tmp_path, [LATER_A, B]))) == (4, 3, 0)
    _, second = listed(fresh)
    assert (second["applications"], second["events"]) == (1, 4)
    assert take_back(fresh, second["run"]) == (2, 4, 0)
    after = views(fresh)
    number = [row[1] for row in before["progress"]]
    assert [row for row in after["progress"] if row[1] in number] == before["progress"]
    assert [row for row in after["statistics"] if row[12] is not None] == before["statistics"]
    assert faults(fresh) == []


def test_a_second_run_and_a_run_that_was_killed_are_no_new_runs(fresh: Fresh, tmp_path: Path) -> None:
    files = written(tmp_path, [A, B])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Runs, "append", killed_at_the_end(Runs.append))
        with pytest.raises(KeyboardInterrupt):
            bring(fresh, *files)
    assert [each["state"] for each in listed(fresh)] == ["started"]
    assert counts(bring(fresh, *files)) == (0, 6, 0)
    assert [(each["state"], each["events"]) for each in listed(fresh)] == [("completed", 6)]
    log = stored(fresh.databases.auditor)
    assert counts(bring(fresh, *files)) == (0, 6, 0)
    assert (len(listed(fresh)), stored(fresh.databases.auditor)) == (1, log)


def killed_at_the_end(append: Callable[[Runs, UUID, RunEvent], None]) -> Callable[[Runs, UUID, RunEvent], None]:
    def appended(runs: Runs, run: UUID, event: RunEvent) -> None:
        if isinstance(event, RunCompleted):
            raise KeyboardInterrupt
        append(runs, run, event)

    return appended


def test_an_import_tells_of_events_that_the_file_does_not_have_any_more(fresh: Fresh, tmp_path: Path) -> None:
    bring(fresh, *written(tmp_path, [LATER_A, B]))
    summary = bring(fresh, *written(tmp_path, [A]))
    assert (summary.missing.count, len(summary.missing.examples)) == (4, 3)  # one of A, and all three of B
    assert "referral-answered 2026-03-09T03:00:00.000000Z" in summary.missing.examples[0]
    assert bring(fresh, *written(tmp_path, [LATER_A, B])).missing.count == 0
    two = [trace("A", *LATER_A.events[:2], masuk="2026-03-01"), trace("A", LATER_A.events[2], masuk="2026-03-01"), B]
    assert bring(fresh, *written(tmp_path, two)).missing.count == 0


def test_the_feeds_tell_the_undo_and_the_return(fresh: Fresh, tmp_path: Path) -> None:
    topics = Topics(agencies={"uji": AgencyTable()})
    files = written(tmp_path, [A])
    bring(fresh, *files)
    take_back(fresh, listed(fresh)[0]["run"])
    bring(fresh, *files)
    outbox = Outbox(fresh.databases.serving, topics)
    with psycopg.connect(fresh.databases.serving, autocommit=True) as connection:
        outbox.agencies = replace(outbox.agencies, offices=outbox._begin(connection))
        while outbox.step(connection):
            pass
        found = connection.execute(
            "SELECT originator_version, topic FROM feeds.messages JOIN stored_events ON notification_id = position"
            " ORDER BY position"
        ).fetchall()
    assert found[-2:] == [(4, "application.import-undone.v1"), (5, "application.import-restored.v1")]


def test_a_run_is_named_by_the_beginning_of_its_id(fresh: Fresh, tmp_path: Path) -> None:
    bring(fresh, *written(tmp_path, [A]))
    with pytest.raises(NoSuchRun, match="jejak import --list"):
        with_runs(fresh, lambda runs: runs.named("zz"))
    [run] = listed(fresh)
    done = with_runs(fresh, lambda runs: undo(runs.named(run["run"][:8].upper()), runs, silent, dry=True))
    assert (done.events, listed(fresh)) == (3, [run])
    assert table([run])[1].startswith(f"{run['run'][:8]}  uji     completed")


def test_the_program_takes_a_run_back_and_lists_it(fresh: Fresh, tmp_path: Path) -> None:
    bring(fresh, *written(tmp_path, [A]))
    [run] = listed(fresh)
    done = command(fresh, "import", "--undo", run["run"][:8])
    assert told(done.stdout) == {"run": run["run"], "applications": 1, "events": 3, "worked_on": 0}, done.stderr
    shown = command(fresh, "import", "--list", "--json")
    assert json.loads(shown.stdout) == {**listed(fresh)[0], "state": "undone"}


@pytest.mark.parametrize("arguments", [(), ("log.xes",), ("--list", "--undo", "a"), ("--json", "--undo", "a")])
def test_options_that_do_not_fit_are_refused(arguments: tuple[str, ...]) -> None:
    assert disagreement(make_parser(all_verbs()).parse_args(["import", *arguments]))


def test_a_person_who_was_erased_stays_erased(fresh: Fresh, tmp_path: Path) -> None:
    """Also if the import was taken back before, and another mapping brings the case again."""
    named = trace("A", *A.events, masuk="2026-03-01", nama="Siti Contoh")
    mapping = MAPPING.replace("[submitted]", '[applicant]\nname = "nama"\n[submitted]')
    bring(fresh, *written(tmp_path, [named], mapping))
    take_back(fresh, listed(fresh)[0]["run"])
    with psycopg.connect(fresh.databases.auditor) as connection:
        [(stream,)] = connection.execute(
            "SELECT originator_id FROM events WHERE topic = 'application.submitted.v1'"
        ).fetchall()
    erasing = erasing_of(fresh.settings, fresh.databases)
    assert erasing.erase(Erasure(stream, None)) == [stream]
    again = bring(fresh, *written(tmp_path, [named], mapping.replace("Asia/Jakarta", "Asia/Makassar")))
    assert counts(again) == (3, 0, 0)
    with psycopg.connect(fresh.databases.auditor) as connection:
        sealed = connection.execute(
            "SELECT jsonb_array_length(state -> 'sealed') FROM events"
            " WHERE topic = 'application.submitted.v1' ORDER BY 1"
        ).fetchall()
    assert sealed == [(0,), (1,)]
