"""The restore drill: a backup under load, everything destroyed, and back at an instant; also when keys are lost."""

import shutil
import time
from datetime import UTC, datetime

import pytest

from tests.infra.backup.drill import SITI, drill


def test_backed_up_under_load_destroyed_and_restored_to_an_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    with drill(monkeypatch) as running:
        early = running.submit()
        with running.following():
            with running.load():
                assert "/log/" in running.verb("backup").stdout
                time.sleep(0.5)
            erased = running.submit()
            time.sleep(0.1)
            until = datetime.now(UTC)
            time.sleep(0.1)
            running.submit()
            # The erasure is later than the instant. The restore must keep it, and all other keys.
            running.verb("erase", erased, "--yes")
        running.destroy(keys=True)
        done = running.verb("restore", "--until", until.isoformat(), "--reason", "drill")
        assert "era 2 begins" in done.stdout
        assert "1 erasures are in the list" in done.stdout
        assert "the newest key store replaced the restored one" in done.stdout
        assert "no faults found" in done.stdout
        assert "drill" in running.verb("era", "list").stdout
        running.serve()
        before = [application for at, application in running.submitted if at < until]
        after = [application for at, application in running.submitted if at >= until]
        assert early in before
        assert len(after) == 1
        for application in (early, before[len(before) // 2]):
            assert running.opened(application) == [SITI]
        assert running.opened(after[0]) == 404
        assert running.opened(erased) == [None]
        running.submit()
        assert running.verb("fsck").returncode == 0
        doctor = running.verb("doctor", check=False).stdout
        assert "ok    keys            a key of each bucket opens" in doctor, doctor
        wrong = [line for line in doctor.splitlines() if line.startswith("WRONG")]
        assert {line.split()[1] for line in wrong} <= {"key", "descriptors", "backup,"}, doctor


def test_what_cannot_be_opened_is_said_when_the_keys_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    with drill(monkeypatch) as running:
        running.submit()
        running.verb("backup")
        shutil.rmtree(running.target / "key-folder")
        running.destroy(keys=True)
        done = running.verb("restore", check=False)
        assert done.returncode == 1
        assert "no copy of the key folder was found: no sealed part can be opened" in done.stdout
        assert "key store: " in done.stdout
        assert "cannot be opened" in done.stdout


def test_a_restore_refuses_what_it_would_overwrite_and_an_instant_without_a_copy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with drill(monkeypatch) as running:
        running.verb("backup")
        assert "exists: stop every process" in running.verb("restore", check=False).stderr
        running.destroy(keys=False)
        early = running.verb("restore", "--until", "2020-01-01T00:00:00Z", check=False)
        assert "has no copy from before 2020-01-01" in early.stderr
        late = running.verb("restore", "--until", "2099-01-01T00:00:00Z", check=False)
        assert "recovery ended before configured recovery target was reached" in late.stderr
        assert running.verb("restore").returncode == 0
