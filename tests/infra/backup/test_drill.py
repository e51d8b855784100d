"""The restore drill: a backup under load, everything destroyed, and back at an instant; then the same without keys."""

import shutil
import time
from datetime import UTC, datetime

import pytest

from tests.infra.backup.drill import SITI, Drill, drill


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seconds", [0.5, pytest.param(60, marks=pytest.mark.prove)])
def test_backed_up_under_load_destroyed_and_restored_to_an_instant(
    monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    with drill(monkeypatch) as running:
        early = running.submit()
        with running.following():
            with running.load():
                assert "/log/" in running.verb("backup").stdout
                time.sleep(seconds)
            erased = running.submit()
            time.sleep(0.1)
            until = datetime.now(UTC)
            time.sleep(0.1)
            late = running.submit()
            # The erasure is later than the instant. The restore must keep it, and all other keys.
            running.verb("erase", erased, "--yes")
        assert "exists: stop every process" in running.verb("restore", check=False).stderr
        running.destroy()
        none = running.verb("restore", "--until", "2020-01-01T00:00:00Z", check=False)
        assert "has no copy from before 2020-01-01" in none.stderr

        done = running.verb("restore", "--until", until.isoformat(), "--reason", "drill").stdout
        assert "era 2 begins" in done
        assert "1 erasures are in the list" in done
        assert "the newest key store replaced the restored one" in done
        assert "no faults found" in done
        running.serve()
        before = [application for at, application in running.submitted if at < until]
        assert late not in before
        for application in (early, before[len(before) // 2]):
            assert running.opened(application) == [SITI]
        assert running.opened(late) == 404
        assert running.opened(erased) == [None]
        running.submit()
        sound(running)
        follow_on(running)
        lose_the_keys(running)


def sound(running: Drill) -> None:
    """`jejak doctor` has nothing to say that is not true of every test: a key folder inside the data folder."""
    shown = running.verb("doctor", check=False).stdout
    assert "ok    keys            a key of each bucket opens" in shown, shown
    wrong = [line for line in shown.splitlines() if line.startswith("WRONG")]
    assert {line[6:22].strip() for line in wrong} <= {"key folder", "descriptors", "backup, log"}, shown


def follow_on(running: Drill) -> None:
    """The write-ahead log of the restored cluster has a timeline of its own, and is stored as before."""
    before = running.stored()
    with running.following():
        deadline = time.monotonic() + 60
        while not any(name.startswith("00000002") for name in running.stored() - before):
            assert time.monotonic() < deadline, running.stored() - before
            time.sleep(0.1)


def lose_the_keys(running: Drill) -> None:
    """What cannot be opened is said, by `restore`, `fsck` and `doctor`; the log is back all the same."""
    shutil.rmtree(running.target / "key-folder")
    running.destroy()
    done = running.verb("restore", check=False)
    assert done.returncode == 1
    assert "era 3 begins" in done.stdout
    assert "no copy of the key folder was found: no sealed part can be opened" in done.stdout
    assert "1 erasures are in the list" in done.stdout, "the list of the log's database is adopted"
    checked = running.verb("fsck", check=False)
    assert checked.returncode == 1
    for said in (done.stdout, checked.stdout):
        assert "key store: dossier_keys: the keys of" in said
        assert [line for line in said.splitlines() if line.startswith(("event", "view"))] == []
    shown = running.verb("doctor", check=False).stdout
    assert "WRONG keys            key store: dossier_keys: the keys of" in shown, shown
