"""A real Jejak in processes of its own, as a user would start it, and a client that speaks to it over HTTP."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from infra.cli.main import main
from tests.conftest import PROJECT, new_folder

START_SECONDS = 60
JEJAK = [sys.executable, "-m", "infra.cli"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Jejak:
    """One installation: its data folder, the port that answers, what `serve` printed, the tokens it gave."""

    folder: Path
    port: int = 0
    ops_port: int = 0
    process: subprocess.Popen[str] | None = None
    printed: dict[str, str] = field(default_factory=dict)
    tokens: dict[tuple[str, ...], str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        return {**os.environ, "JEJAK_DATA_DIR": str(self.folder)}

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*JEJAK, *arguments], env=self.environment(), cwd=PROJECT, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def start(self, *options: str, verb: str = "serve", port: int | None = None) -> subprocess.Popen[str]:
        """Starts a server and waits until it answers. What it printed is in `printed`; its log in serve.log."""
        port, ops_port = port or free_port(), free_port()
        with (self.folder / f"{verb}-{port}.log").open("a") as log:
            process = subprocess.Popen(
                [*JEJAK, verb, "--port", str(port), "--ops-port", str(ops_port), *options],
                env=self.environment(),
                cwd=PROJECT,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        if verb == "serve":  # before it answers: if it never does, it is ended with the test
            self.port, self.ops_port, self.process = port, ops_port, process
        self._wait(process, port)
        return process

    def _wait(self, process: subprocess.Popen[str], port: int) -> None:
        assert process.stdout is not None
        last = "data folder" if "serve" in process.args else "API"  # type: ignore[operator] # a list of ours
        for line in process.stdout:
            name, _, value = line.strip().partition(": ")
            self.printed[name] = value
            if name == last:
                break
        deadline = time.monotonic() + START_SECONDS  # a busy machine makes the set-up slow, so it does not count
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if self.request("GET", "/livez", port=port).status == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"no answer on port {port}; exit {process.poll()}")

    def stop(self, process: subprocess.Popen[str] | None = None, how: int = signal.SIGTERM) -> int:
        process = process or self.process
        assert process is not None
        process.send_signal(how)
        code = process.wait(timeout=30)
        assert process.stdout is not None
        process.stdout.close()
        return code

    def token(self, *options: str) -> str:
        """A bearer, as `jejak token` gives it."""
        if options not in self.tokens:
            self.tokens[options] = self.command("token", *options).stdout.strip()
        return self.tokens[options]

    def officer(self, office: str) -> str:
        return self.token("--role", "officer", "--office", office)

    def supervisor(self, office: str) -> str:
        return self.token("--role", "supervisor", "--office", office)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        port: int | None = None,
    ) -> Reply:
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if body is not None and not isinstance(body, bytes):
            sent.setdefault("Content-Type", "application/json")
        connection = HTTPConnection("127.0.0.1", port or self.port, timeout=30)
        try:
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def submit(self, token: str, **body: Any) -> dict[str, Any]:
        """Submits, waits until the view has it, and returns the answer's body."""
        headers = {"Idempotency-Key": str(uuid4()), "Prefer": "wait=10"}
        reply = self.request("POST", "/v1/applications", body, token=token, headers=headers)
        assert reply.status == 201, reply.body
        given: dict[str, Any] = reply.json()
        return given

    def ask(self, token: str, application: str, name: str, seen: int, body: Any = None, **headers: str) -> Reply:
        """A command with all the headers that it needs."""
        sent = {"Idempotency-Key": str(uuid4()), "If-Match": f'"{seen}"', "Prefer": "wait=5", **headers}
        return self.request("POST", f"/v1/applications/{application}/{name}", body or {}, token=token, headers=sent)


class SameProcess(Jejak):
    """Its verbs run in the process of the test, because an interpreter takes a second or two to start."""

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = same_process(arguments, {"JEJAK_DATA_DIR": str(self.folder)})
        assert not check or done.returncode == 0, done.stderr
        return done


def same_process(arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs a verb in this process. `environment` is set meanwhile."""
    out, err = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name, value in environment.items():
            patch.setenv(name, value)
        code = main(arguments)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


@contextmanager
def jejak(*options: str, start: bool = True, kind: type[Jejak] = Jejak) -> Iterator[Jejak]:
    """An installation of its own, gone afterwards."""
    running = kind(new_folder())
    try:
        if start:
            running.start(*options)
        yield running
        if running.process and running.process.poll() is None:
            running.stop()
    finally:
        if running.process and running.process.poll() is None:
            running.process.kill()
            running.process.wait()
        if running.process and running.process.stdout:
            running.process.stdout.close()
        shutil.rmtree(running.folder, ignore_errors=True)
