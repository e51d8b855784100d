"""A restore drill: an installation in its own processes, a key of GnuPG, and a backup folder."""

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

from tests.api.installation import LICENSING
from tests.conftest import PROJECT
from tests.running import JEJAK, Jejak, free_port, jejak

SITI = {"name": "Siti Contoh", "nik": "3374014101900001"}


@dataclass(slots=True)
class Drill:
    """`submitted` names the applications with the instant after which each was certainly stored."""

    running: Jejak
    target: Path
    gnupg: Path
    recipient: Path
    submitted: list[tuple[datetime, str]] = field(default_factory=list)

    def verb(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.running.command(*arguments, check=check)

    def submit(self) -> str:
        bearer = self.running.officer(LICENSING)
        given = self.running.submit(bearer, service="nib", applicant=SITI)
        self.submitted.append((datetime.now(UTC), given["application_id"]))
        return str(given["application_id"])

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


@contextmanager
def drill(monkeypatch: pytest.MonkeyPatch) -> Iterator[Drill]:
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
        with jejak("--examples") as running:
            yield Drill(running, target, gnupg, recipient)
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], check=False, env={**os.environ, "GNUPGHOME": str(gnupg)})
        shutil.rmtree(home)
