"""The services of docker-compose.yml as processes of this machine: the same commands, environments and mounts.

A path inside a container becomes a path of a scratch folder, but only if the service mounts that path. So a process
that needs a secret or a volume that its service does not have fails here too.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import PROJECT
from tests.deploy.building import DOCKERFILE, instructions
from tests.running import JEJAK, free_port

FILE = PROJECT / "docker-compose.yml"
PATIENCE_SECONDS = 90
NOWHERE = "/nonexistent"


def read() -> dict[str, Any]:
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", FILE.read_text())
    read: dict[str, Any] = yaml.safe_load(text)
    return read


def ours(compose: Mapping[str, Any]) -> dict[str, Any]:
    """The services that run Jejak's image."""
    return {name: service for name, service in compose["services"].items() if "build" in service}


def image_environment() -> dict[str, str]:
    """What the image itself sets."""
    last = [rest for name, rest in instructions(DOCKERFILE.read_text()) if name == "ENV"][-1]
    return dict(pair.split("=", 1) for pair in last.split() if pair.startswith("JEJAK_"))


@dataclass
class Containers:
    """`hosts`: where each host of the compose file is here; `mounts`: which file or folder stands for a volume."""

    folder: Path
    hosts: dict[str, str]
    mounts: dict[str, Path]
    compose: dict[str, Any] = field(default_factory=read)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    ops: dict[str, int] = field(default_factory=dict)

    def environment(self, name: str) -> dict[str, str]:
        service = self.compose["services"][name]
        given = {**image_environment(), **service.get("environment", {})}
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("JEJAK_", "PG"))}
        here = {key: self._here(service, name, value) for key, value in given.items()}
        if "JEJAK_OPS_PORT" in here:  # here all processes share one network
            self.ops.setdefault(name, free_port())
            here |= {"JEJAK_OPS_HOST": "127.0.0.1", "JEJAK_OPS_PORT": str(self.ops[name])}
        return {**kept, "PORT": "8000", **here}

    def _here(self, service: Mapping[str, Any], name: str, value: str) -> str:
        if at := re.fullmatch(r"(postgresql://\w+@)(\w+)(/\w+)", value):
            return at[1] + at[3] + self.hosts[at[2]]
        if value in self.hosts:
            return self.hosts[value]
        if secret := re.fullmatch("/run/secrets/(.+)", value):
            granted = secret[1] in service.get("secrets", ())
            return str(self.mounts["secrets"] / secret[1]) if granted else f"{NOWHERE}/{secret[1]}"
        for mount in sorted(service.get("volumes", ()), key=len, reverse=True):
            source, target = mount.split(":")[:2]
            if value == target or value.startswith(f"{target}/"):
                return str(self.mounts[source]) + value.removeprefix(target)
        if value == image_environment()["JEJAK_DATA_DIR"]:
            return str(self._data_folder(service, name, value))
        return f"{NOWHERE}{value}" if value.startswith("/") else value

    def _data_folder(self, service: Mapping[str, Any], name: str, inside: str) -> Path:
        """A folder that no other service has, with the volumes that the service mounts below it."""
        own = self.folder / name
        own.mkdir(exist_ok=True)
        for source, target in (mount.split(":")[:2] for mount in service.get("volumes", ())):
            below = own / target.removeprefix(f"{inside}/")
            if target.startswith(f"{inside}/") and not below.exists():
                below.symlink_to(self.mounts[source])
        return own

    def command(self, name: str) -> list[str]:
        command = [word.replace("0.0.0.0", "127.0.0.1") for word in self.compose["services"][name]["command"]]
        if name == "api":
            self.ports[name] = free_port()
            command += ["--port", str(self.ports[name])]
        return [*JEJAK, *command]

    def run(self, name: str, arguments: Sequence[str] = ()) -> str:
        """Like `docker compose run --rm`."""
        command = [*JEJAK, *arguments] if arguments else self.command(name)
        more = ["--yes"] if name == "topics" else []  # there is no terminal to ask at
        done = subprocess.run(
            [*command, *more], env=self.environment(name), cwd=PROJECT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{name}: {done.stderr}"
        return done.stdout

    def up(self, *names: str) -> None:
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    self.command(name), env=self.environment(name), cwd=PROJECT, stdout=log, stderr=log
                )

    def down(self) -> dict[str, int]:
        """Ends all processes as `docker compose down` does, and returns their exit codes."""
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        try:
            return {name: process.wait(30) for name, process in self.running.items()}
        finally:
            for process in self.running.values():
                process.kill()
                process.wait()
            self.running.clear()

    def end(self, name: str) -> None:
        process = self.running.pop(name)
        process.terminate()
        assert process.wait(30) == 0, self.logs()

    def logs(self) -> str:
        return "\n".join(f"{file.name}: {file.read_text()[-2000:]}" for file in self.folder.glob("*.log"))

    def until(self, done: Any, what: str) -> Any:
        """Waits until the function returns something true, and returns this."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := done()):
            ended = {name: process.poll() for name, process in self.running.items() if process.poll() is not None}
            assert time.monotonic() < deadline and not ended, f"{what}: ended {ended}\n{self.logs()}"  # noqa: PT018
            time.sleep(0.2)
        return found
