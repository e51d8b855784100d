"""The same log in another format is the same history: it adds nothing."""

import asyncio
import csv
from pathlib import Path

from tests.conftest import Fresh
from tests.feeds.history.formats.test_drafts import LOG
from tests.feeds.history.formats.writing import SQL, WRITERS
from tests.infra.imports.bringing import bring_all, counts, faults, project

MAPPING = """
source = "pintu"
zone = "Asia/Jakarta"
case = "nomor_permohonan"
[service]
code = "pintu-layanan"
id = "Layanan uji"
en = "Tested service"
[offices]
agency = "pintu"
default = { code = "pintu-kantor", id = "Kantor", en = "Office" }
[channels]
column = "kanal"
values = { "loket" = "counter" }
[events]
activity = "tahap"
at = "waktu"
[activities]
"Terima" = "received"
"Periksa" = "stage"
"Selesai" = "concluded"
"""


def test_a_log_adds_nothing_in_any_other_format(fresh: Fresh, tmp_path: Path) -> None:
    plain = tmp_path / "log.csv"
    with plain.open("w", newline="") as stream:
        csv.writer(stream).writerows(LOG)
    files = [(plain, tmp_path / "log.toml")]
    files[0][1].write_text(MAPPING)
    for name, (file_name, write) in WRITERS.items():
        folder = tmp_path / name
        folder.mkdir()
        file, mapping = folder / file_name, folder / "log.toml"
        write(file, LOG)
        mapping.write_text(('table = "riwayat"\n' if name in SQL else "") + MAPPING)
        files.append((file, mapping))
    first, *others = asyncio.run(bring_all(fresh, *files))
    events = 4 * 29
    assert counts(first) == (events, 0, 0)
    assert {counts(other) for other in others} == {(0, events, 0)}
    project(fresh)
    assert not faults(fresh)
