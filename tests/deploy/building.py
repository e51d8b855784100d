"""A small builder of images: it runs the steps of the Dockerfile in a scratch folder, without a container engine.

Instead of the image that FROM names, a stage begins with an overlay of this machine's own files, so what a step writes
is written to the scratch folder only. Packages come from the ordinary pip client.
"""

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import PROJECT

STEP_SECONDS = 600
INTERPRETER = "/usr/bin/python3"
"""Debian's. The interpreter of the tests may be in a folder that only root can enter."""
HIDDEN = ("var/lib/jejak", "var/lib/jejak-backup", "var/lib/jejak-keys", "var/lib/jejak-keys-epoch", "work")
"""What this machine may have, and the base image has not."""
ENTER = """
set -e
folder=$1 workdir=$2 user=$3 volumes=$4
shift 4
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
mount --rbind /dev "$folder/root/dev"
mount -t proc proc "$folder/root/proc"
"""
AS_CONTAINER = """
for volume in $volumes; do
    kept=$folder/volumes$volume
    [ -e "$kept" ] || { mkdir -p "${kept%/*}"; cp -a "$folder/root$volume" "$kept"; }
    mount --bind "$kept" "$folder/root$volume"
done
ip link set lo up
mount -t tmpfs -o mode=1777 tmpfs "$folder/root/tmp"
mount -o remount,ro "$folder/root"
"""
CHROOT = """
exec chroot --userspec="$user" "$folder/root" env -i -C "$workdir" "$@"
"""


def possible() -> str | None:
    """Why no image can be built here, or None."""
    if os.geteuid() != 0:
        return "only root can mount an overlay"
    if not Path(INTERPRETER).exists():
        return f"no {INTERPRETER}"
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return "mounts are not allowed here" if tried.returncode else None


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, each as its name and the rest of its line."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def travels(name: str, rules: list[str]) -> bool:
    """Whether a file of the project is sent to the builder. The last rule of .dockerignore that fits decides."""
    sent = True
    for rule in rules:
        pattern = re.escape(rule.removeprefix("!")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if re.fullmatch(f"{pattern}(?:/.*)?", name):
            sent = rule.startswith("!")
    return sent


def rules_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@dataclass(slots=True)
class Stage:
    """One stage of the build, and at the end the image: its files and its settings."""

    folder: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin"})
    arguments: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "root"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("upper/usr/local/bin", "work", "root"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "upper/usr/local/bin/python").symlink_to(INTERPRETER)
        for name in HIDDEN:
            hidden = self.folder / "upper" / name
            hidden.parent.mkdir(parents=True, exist_ok=True)
            os.mknod(hidden, stat.S_IFCHR, os.makedev(0, 0))  # a whiteout

    def at(self, path: str) -> Path:
        """A path of the image, where the scratch folder has it."""
        return self.folder / "upper" / (Path(self.workdir) / path).relative_to("/")

    def entering(self, *command: str, volumes: Sequence[str] = (), container: bool = False) -> list[str]:
        """The command line that runs a command in this stage.

        A container has a read-only root, a network of its own, and volumes that keep what the image has in them.
        """
        pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        given = [f"{name}={value}" for name, value in {**pip, **self.environment}.items()]
        script = ENTER + (AS_CONTAINER if container else "") + CHROOT
        return [
            *("unshare", "--mount", "--pid", "--fork", "--kill-child", *(["--net"] if container else [])),
            *("sh", "-c", script, "sh", str(self.folder), self.workdir, self.user, " ".join(volumes)),
            *(*given, *command),
        ]

    def run(self, line: str) -> None:
        if line.startswith("apt-get"):  # the packages of the base image are those of this machine
            [packages] = re.findall(r"apt-get install (?:--\S+ )*(.+?) &&", line)
            missing = [each for each in packages.split() if not Path("/var/lib/dpkg/info", f"{each}.list").exists()]
            assert not missing, f"apt-get install {' '.join(missing)}"
            return
        done = subprocess.run(
            self.entering("sh", "-ec", line), capture_output=True, text=True, timeout=STEP_SECONDS, check=False
        )
        assert done.returncode == 0, f"RUN {line}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"


def substituted(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}|\$(\w+)", lambda match: values.get(match[1] or match[2], ""), text)


@dataclass(frozen=True, slots=True)
class Building:
    """What a step may read: the files of the project that are sent, and the stages before."""

    context: Path
    rules: list[str]
    stages: dict[str, Stage] = field(default_factory=dict)

    def step(self, stage: Stage, name: str, rest: str) -> None:
        known = {**stage.arguments, **stage.environment}
        match name:
            case "ARG":
                key, _, value = rest.partition("=")
                stage.arguments[key] = value
            case "ENV":
                pairs = dict(pair.split("=", 1) for pair in shlex.split(rest))
                stage.environment.update({key: substituted(value, known) for key, value in pairs.items()})
            case "WORKDIR":
                stage.workdir = rest
                stage.at(".").mkdir(parents=True, exist_ok=True)
            case "USER":
                stage.user = rest
            case "RUN":
                stage.run(rest)
            case "COPY":
                self._copy(stage, shlex.split(rest))
            case "ENTRYPOINT":
                stage.entrypoint = json.loads(rest)
            case "CMD":
                stage.command = json.loads(rest)
            case "HEALTHCHECK":
                stage.healthcheck = json.loads(rest.partition("CMD ")[2])
            case "EXPOSE":
                pass
            case _:
                raise AssertionError(f"the builder of the tests does not know {name}")

    def _copy(self, stage: Stage, words: list[str]) -> None:
        *sources, target = words
        whole = sources[0].startswith("--from=")
        origin = self.stages[sources.pop(0).removeprefix("--from=")].folder / "upper" if whole else self.context

        def kept_back(folder: str, names: list[str]) -> list[str]:
            here = Path(folder).relative_to(origin)
            return [] if whole else [each for each in names if not travels((here / each).as_posix(), self.rules)]

        for source in sources:
            found, to = origin / source.lstrip("/"), stage.at(target)
            if found.is_file():
                assert whole or travels(source, self.rules), f".dockerignore keeps {source} back"
                to.mkdir(parents=True, exist_ok=True)
                shutil.copy2(found, to)
                continue
            assert found.is_dir(), f"COPY: no {source}"
            shutil.copytree(found, to, ignore=kept_back, symlinks=True, dirs_exist_ok=True)


def build(dockerfile: Path, scratch: Path) -> Stage:
    """Runs every step, and returns the last stage."""
    building = Building(dockerfile.parent, rules_of((dockerfile.parent / ".dockerignore").read_text()))
    defaults: dict[str, str] = {}
    stage: Stage | None = None
    for name, rest in instructions(dockerfile.read_text()):
        if name == "FROM":
            image, _, called = substituted(rest, defaults).partition(" AS ")
            print(f"FROM {image}: this machine's own files")
            called = called or str(len(building.stages))
            stage = building.stages[called] = Stage(scratch / called)
        elif stage is None:
            assert name == "ARG", f"{name} before FROM"
            key, _, value = rest.partition("=")
            defaults[key] = value
        else:
            building.step(stage, name, rest)
    assert stage is not None
    return stage


DOCKERFILE = PROJECT / "Dockerfile"
