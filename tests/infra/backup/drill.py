"""A restore drill: an installation in its own processes, a key of GnuPG, and a backup folder.

The server and what receives the write-ahead log are processes. All other verbs run in the process of the test, because
the start of an interpreter takes longer than most verbs.
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from tests.api.installation import LICENSING, furnish
from tests.conftest import PROJECT
from tests.running import JEJAK, Jejak, SameProcess, free_port, jejak

SITI = {"name": "Siti Contoh", "nik": "3374014101900001"}


@dataclass(slots=True)
class Drill:
    """`submitted` names the applications with the instant after which each was certainly stored."""

    running: Jejak
    target: Path
    submitted: list[tuple[datetime, str]] = field(default_factory=list)

    def verb(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.running.command(*arguments, check=check)

    def submit(self) -> str:
        bearer = self.running.officer(LICENSING)
        given = self.running.submit(bearer, service="nib", applicant=SITI)
        self.submitted.append((datetime.now(UTC), given["application_id"]))
        return str(given["application_id"])

    def receive(self, application: str) -> None:
        """The second event of an application."""
        reply = self.running.ask(self.running.officer(LICENSING), application, "receive", 1)
        assert reply.status == 200, reply.body

    @contextmanager
    def load(self) -> Iterator[None]:
        """Submits without a pause."""
        stopping = Event()

        def work() -> None:
            while not stopping.is_set():
                self.submit()

        worker = Thread(target=work)
        worker.start()
        try:
            yield
        finally:
            stopping.set()
            worker.join()

    @contextmanager
    def following(self) -> Iterator[None]:
        """Stores the write-ahead log meanwhile."""
        command = [*JEJAK, "backup", "--follow", "--interval", "0.2"]
        process = subprocess.Popen(command, env=self.running.environment(), cwd=PROJECT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.terminate()
            assert process.wait(60) == 0
            process.stdout.close()

    def stored(self) -> set[str]:
        """The names of the stored segments of the write-ahead log."""
        return {file.name.removesuffix(".gpg") for file in (self.target / "log/wal").glob("*.gpg")}

    def destroy(self) -> None:
        """Loses the cluster and the key folder."""
        assert self.running.process is not None
        self.running.stop()
        deadline = time.monotonic() + 20
        while (self.running.folder / "run").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        shutil.rmtree(self.running.folder / "pg18")
        shutil.rmtree(self.running.folder / "keys")
        shutil.rmtree(self.running.folder / "keys-epoch")
        (self.running.folder / "keys").mkdir(mode=0o700)

    def serve(self) -> None:
        self.running.start(port=free_port())

    def opened(self, application: str) -> Any:
        """The sealed parts of an application, as its office opens them."""
        bearer = self.running.officer(LICENSING)
        path = f"/v1/applications/{application}/open-dossier"
        reply = self.running.request("POST", path, {"purpose": "process-application"}, token=bearer)
        return [part.get("content") for part in reply.json()["items"]] if reply.status == 200 else reply.status

    def fault_of_relay(self, agency: str) -> str:
        """The fault that the details of /readyz name, or nothing."""
        ready = self.running.request("GET", "/readyz", port=self.running.ops_port).json()
        return next((str(each["fault"]) for each in ready["relays"] if each["agency"] == agency), "")


@contextmanager
def drill(monkeypatch: pytest.MonkeyPatch) -> Iterator[Drill]:
    with backup_folder(monkeypatch) as target, jejak(kind=SameProcess) as running:
        asyncio.run(furnish(running, publish=True))
        yield Drill(running, target)


@contextmanager
def backup_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for backups and a new key of GnuPG, both named in the environment."""
    if shutil.which("gpg") is None:
        pytest.skip("GnuPG is not installed")
    home = Path(tempfile.mkdtemp(prefix="jejak-drill-", dir="/tmp"))
    gnupg, target, recipient = home / "gnupg", home / "backup", home / "key.asc"
    gnupg.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(gnupg))
    made = ["--passphrase", "", "--quick-generate-key", "backup@jejak", "default", "default", "never"]
    subprocess.run(["gpg", "--batch", "--quiet", *made], check=True, capture_output=True)
    with recipient.open("wb") as file:
        subprocess.run(["gpg", "--batch", "--armor", "--export", "backup@jejak"], stdout=file, check=True)
    monkeypatch.setattr("tests.running.START_SECONDS", 600)  # a slow machine is no fault of the drill
    monkeypatch.setenv("JEJAK_BACKUP_DIR", str(target))
    monkeypatch.setenv("JEJAK_BACKUP_RECIPIENT", str(recipient))
    try:
        yield target
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], check=False, env={**os.environ, "GNUPGHOME": str(gnupg)})
        shutil.rmtree(home)
