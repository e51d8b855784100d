"""Jejak is stopped in all ways, and goes on where it was."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from tests.api.installation import LICENSING
from tests.running import Jejak, Reply

SAMPLE = ("sample number", "sample PIN")
BODY = {"service": "nib", "applicant": {"name": "Siti Contoh"}}
STOP_SECONDS = 10


def processes_of(folder: Path) -> list[int]:
    """The database's processes in this data folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str((process / "cwd").readlink()).startswith(f"{folder}/pg18"):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def submit(running: Jejak, key: str) -> Reply:
    token, headers = running.officer(LICENSING), {"Idempotency-Key": key}
    return running.request("POST", "/v1/applications", BODY, token=token, headers=headers)


def test_killed_with_all_its_processes_it_goes_on_with_the_same_sample_and_the_same_answers(running: Jejak) -> None:
    sample = {name: running.printed[name] for name in SAMPLE}
    key = str(uuid4())
    first = submit(running, key)
    assert running.process is not None
    assert processes_of(running.folder)

    for process in (running.process.pid, *processes_of(running.folder)):
        os.kill(process, signal.SIGKILL)
    assert running.stop(how=signal.SIGKILL) == -signal.SIGKILL
    running.printed.clear()
    running.start("--examples")

    assert {name: running.printed[name] for name in SAMPLE} == sample
    again = submit(running, key)
    assert (again.status, again.body) == (201, first.body)
    sync = {"Sync-Token": first.headers["Sync-Token"]}
    path, token = first.headers["Location"], running.officer(LICENSING)
    eventually(lambda: running.request("GET", path, token=token, headers=sync).status == 200)


def projector_of(server: int) -> int | None:
    """The process that projects for this server."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == server and b"\0project\0" in (process / "cmdline").read_bytes():
                return int(process.name)
    return None


def eventually(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_process_that_projects_is_replaced_and_does_not_outlive_its_server(running: Jejak) -> None:
    assert running.process is not None
    server = running.process.pid
    first = projector_of(server)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    eventually(lambda: projector_of(server) not in (None, first))

    written = submit(running, str(uuid4()))
    sync, token = {"Sync-Token": written.headers["Sync-Token"]}, running.officer(LICENSING)
    eventually(lambda: running.request("GET", written.headers["Location"], token=token, headers=sync).status == 200)

    second = projector_of(server)
    assert running.stop(how=signal.SIGKILL) == -signal.SIGKILL
    eventually(lambda: not Path(f"/proc/{second}/cwd").exists())
    running.start("--examples")


def test_an_interrupt_ends_it_in_time_and_leaves_no_database_behind(running: Jejak) -> None:
    key = str(uuid4())
    first = submit(running, key)
    begun = time.monotonic()
    code = running.stop(how=signal.SIGINT)
    took = time.monotonic() - begun
    left = processes_of(running.folder)
    running.start("--examples")

    assert (code, left) == (0, [])
    assert took < STOP_SECONDS
    assert submit(running, key).body == first.body


def test_a_port_that_is_taken_is_named_with_a_way_out(running: Jejak) -> None:
    refused = running.command("serve", "--port", str(running.port), check=False)
    assert refused.returncode == 2
    assert f"cannot listen on 127.0.0.1:{running.port}" in refused.stderr
    assert "choose another port" in refused.stderr
    assert "Traceback" not in refused.stderr
