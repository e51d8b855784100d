"""Release: makes the files of a release from the last commit. The same commit gives the same bytes on every machine.

A release has five kinds of files: the wheel, the archive from which the image is built, the software bill of materials
(SBOM, CycloneDX), the list of licences with their texts, and the checksums of these files. `make release` runs this
module.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
NO_TEXT = "The package contains no licence text."


def release(out: Path) -> list[Path]:
    """Writes the files of the release into the folder `out`, and returns them."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="jejak-release-") as name:
        scratch = Path(name)
        source = scratch / "source"
        archive = _git("archive", "--format=tar", "HEAD")
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extraction_filter = getattr(tarfile, "data_filter", None)  # ignored by Python before 3.11.4
            tar.extractall(source)  # noqa: S202 - the archive is made here
        time_of_commit = _git("log", "-1", "--format=%ct", "HEAD").decode().strip()
        project = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        stem = f"{project['name']}-{project['version']}"
        tools = _environment(scratch / "tools", source / "requirements-release.lock")
        packages = _environment(scratch / "packages", source / "requirements-run.lock")
        made = [
            _wheel(source, tools, time_of_commit, out),
            _image_inputs(source, out / f"{stem}-image.tar.gz", int(time_of_commit)),
            _bill(source, tools, packages, time_of_commit, out / f"{stem}.cdx.json"),
        ]
        made.append(_licences(made[-1], packages, out / f"{stem}-licences.txt"))
    sums = out / "SHA256SUMS"
    lines = (f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(made))
    sums.write_text("".join(lines), encoding="ascii")
    return [*made, sums]


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=PROJECT, check=True, capture_output=True).stdout  # noqa: S607


def _run(*command: Path | str, cwd: Path, **more: str) -> None:
    subprocess.run([str(word) for word in command], cwd=cwd, env={**os.environ, **more}, check=True)


def _environment(folder: Path, lock: Path) -> Path:
    """Makes a virtual environment with exactly the packages of a lock file. Returns the folder of its programs."""
    _run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=lock.parent)
    pip: list[Path | str] = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--python",
        folder / "bin/python",
    ]
    _run(*pip, "install", "--quiet", "--no-compile", "--require-hashes", "-r", lock, cwd=lock.parent)
    return folder / "bin"


def _wheel(source: Path, tools: Path, time_of_commit: str, out: Path) -> Path:
    building = "import sys, uv_build; uv_build.build_wheel(sys.argv[1])"
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    for old in out.glob("*.whl"):
        old.unlink()
    _run(tools / "python", "-c", building, out, cwd=source, PATH=path, SOURCE_DATE_EPOCH=time_of_commit)
    [wheel] = out.glob("*.whl")
    return wheel


def _image_inputs(source: Path, file: Path, time_of_commit: int) -> Path:
    """Makes the archive that contains all inputs of `docker build`. To build the image, run `docker build - <FILE`."""
    dockerfile = (source / "Dockerfile").read_text(encoding="utf-8")
    copied = [words.split()[:-1] for words in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, flags=re.MULTILINE)]
    names = ["Dockerfile", ".dockerignore", *(name for group in copied for name in group)]
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(names):
            for path in sorted([source / name, *(source / name).rglob("*")]):
                tar.add(path, path.relative_to(source).as_posix(), recursive=False, filter=_nobodys(time_of_commit))
    file.write_bytes(gzip.compress(content.getvalue(), mtime=0))
    return file


def _nobodys(time_of_commit: int) -> Any:  # noqa: ANN401 - tarfile's type of a filter has no name
    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = time_of_commit
        entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
        return entry

    return plain


def _bill(source: Path, tools: Path, packages: Path, time_of_commit: str, file: Path) -> Path:
    """Writes the SBOM of the run-time dependencies. The tool checks the SBOM against the schema of CycloneDX."""
    asking: list[Path | str] = [
        tools / "cyclonedx-py",
        "environment",
        "--pyproject",
        "pyproject.toml",
        "--output-reproducible",
    ]
    _run(*asking, "--of", "JSON", "-o", file, packages / "python", cwd=source, SOURCE_DATE_EPOCH=time_of_commit)
    return file


def _licences(bill: Path, packages: Path, file: Path) -> Path:
    """Writes the list of licences from the SBOM, and then the text of each licence from the installed packages."""
    [installed] = packages.parent.glob("lib/python3.*/site-packages")
    components = sorted(json.loads(bill.read_text(encoding="utf-8"))["components"], key=lambda each: str(each["name"]))
    table = [f"{each['name']} {each['version']}: {_names(each) or 'see the text'}" for each in components]
    texts = []
    for each in components:
        title = f"{each['name']} {each['version']}"
        normal = re.sub(r"[-_.]+", "_", str(each["name"])).lower()
        folders = [one for one in installed.glob("*.dist-info") if one.name.lower().startswith(f"{normal}-")]
        found = [text for folder in folders for text in _texts(folder)]
        texts += [f"\n\n{'=' * 100}\n{title}\n{'=' * 100}\n", "\n\n".join(found) or NO_TEXT]
    file.write_text("\n".join([*table, *texts]) + "\n", encoding="utf-8")
    return file


def _names(component: dict[str, Any]) -> str:
    choices = component.get("licenses", [])
    names = {each.get("expression") or each["license"].get("id") or each["license"].get("name") for each in choices}
    return ", ".join(sorted({name.splitlines()[0].rpartition(" :: ")[2] for name in names}))


def _texts(folder: Path) -> list[str]:
    named = re.compile(r"(licen[cs]e|copying|notice|authors)", re.IGNORECASE)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and named.match(path.name)]
    return [path.read_text(encoding="utf-8", errors="replace") for path in files]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Makes the files of a release from the last commit.")
    parser.add_argument("out", type=Path, nargs="?", default=PROJECT / "dist")
    if _git("status", "--porcelain"):
        print("release: changes that are not committed are not in the release", file=sys.stderr)
    for made in release(parser.parse_args().out.resolve()):
        print(made)
