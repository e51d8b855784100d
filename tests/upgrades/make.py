"""Makes the archive of a release: `python -m tests.upgrades.make NAME [FOLDER]`.

FOLDER is a checkout of the release. Without FOLDER, the code of this checkout makes the archive. The release itself
makes the installation: it plays a small simulation, and its projector makes the views. NAME names the schema of the
release, for example `schema-0014`.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.conftest import PROJECT, new_folder
from tests.upgrades.archive import FOLDER, pack

SIMULATION = ("simulate", "--applications", "40", "--days", "20", "--seed", "16", "--until", "2026-11-20")


def make(name: str, release: Path) -> Path:
    archive, data = FOLDER / f"{name}.tar.gz", new_folder()
    script: str = tomllib.loads((release / "pyproject.toml").read_text())["project"]["scripts"]["jejak"]
    module, _, function = script.partition(":")
    program = f"import sys; from {module} import {function}; sys.exit({function}())"
    environment = {**os.environ, "JEJAK_DATA_DIR": str(data), "JEJAK_KEY_DIR": str(data / "keys")}
    try:
        subprocess.run([sys.executable, "-c", program, *SIMULATION], cwd=release, env=environment, check=True)
        pack(data, archive)
    finally:
        shutil.rmtree(data, ignore_errors=True)
    return archive


if __name__ == "__main__":
    name, *folder = sys.argv[1:]
    print(make(name, Path(folder[0]) if folder else PROJECT))
