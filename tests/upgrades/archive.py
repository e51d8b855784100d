"""Archives: an archive is a small installation of one release: its log, its key store, its views and its key folder.

The databases are dumped by `pg_dump`, so an archive is small. The keys were made for this archive alone.
"""

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.postgres.databases import EVENTS, KEYS, create
from infra.postgres.embedded import EmbeddedPostgres

FOLDER = Path(__file__).parent
ARCHIVES = sorted(FOLDER.glob("*.tar.gz"))
NAMES = (EVENTS, KEYS)


def pack(data: Path, archive: Path) -> None:
    """Writes the installation in the data folder into an archive."""
    with _scratch() as scratch:
        with EmbeddedPostgres(data) as postgres:
            for name in NAMES:
                (scratch / f"{name}.dump").write_bytes(
                    _run(postgres, name, "pg_dump", "--format=custom", "--compress=0")
                )
            (scratch / "roles.sql").write_bytes(_run(postgres, "postgres", "pg_dumpall", "--roles-only"))
        shutil.copytree(data / "keys", scratch / "keys")
        with tarfile.open(archive, "w:gz", compresslevel=9) as packed:
            for item in sorted(scratch.iterdir()):
                packed.add(item, item.name, filter=_anonymous)


def unpack(archive: Path, data: Path) -> None:
    """Makes the installation of an archive in an empty data folder."""
    with _scratch() as scratch:
        with tarfile.open(archive) as packed:
            packed.extraction_filter = getattr(tarfile, "data_filter", None)  # ignored by Python before 3.11.4
            packed.extractall(scratch)
        shutil.copytree(scratch / "keys", data / "keys", dirs_exist_ok=True)
        (data / "keys").chmod(0o700)
        with EmbeddedPostgres(data) as postgres:
            create(postgres, *NAMES)
            _run(postgres, "postgres", "psql", "--quiet", "--file", str(scratch / "roles.sql"))
            for name in NAMES:
                _run(postgres, name, "pg_restore", "--exit-on-error", str(scratch / f"{name}.dump"))


def _run(postgres: EmbeddedPostgres, database: str, program: str, *arguments: str) -> bytes:
    command = [str(postgres.bin / program), "--dbname", postgres.conninfo(database), *arguments]
    return subprocess.run(command, capture_output=True, check=True).stdout


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="jejak-archive-") as folder:
        yield Path(folder)


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member
