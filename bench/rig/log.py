"""Import log: writes a made-up CSV log of any size, with one event per row.

The rows of a case are spread over several days, so the rows of different cases alternate in the file.
"""

import csv
import gzip
from datetime import datetime, timedelta
from pathlib import Path

EVENTS_PER_CASE = 8
ACTIVITIES = ("Diterima", "Diperiksa", "Disurvei", "Dinilai", "Ditandatangani", "Dicetak", "Siap", "Diserahkan")
FIRST = datetime(2024, 1, 1)  # noqa: DTZ001 - like many logs, this log names no time zone
MAPPING = """source = "bench"
zone = "Asia/Jakarta"
case = "nomor"
[csv]
shape = "event"
[service]
code = "bench-izin"
id = "Izin buatan"
en = "Made-up permit"
[offices]
agency = "bench"
default = { code = "bench-kantor", id = "Kantor", en = "Office" }
[events]
activity = "kegiatan"
at = "waktu"
[activities]
"""


def write_log(folder: Path, events: int) -> tuple[Path, Path]:
    """Writes a CSV log with `events` events, and the mapping for its import. Returns the paths of the two files."""
    file, mapping = folder / "bench.csv.gz", folder / "bench.toml"
    mapping.write_text(MAPPING + "".join(f'"{name}" = "stage"\n' for name in ACTIVITIES), encoding="utf-8")
    cases = events // EVENTS_PER_CASE
    with gzip.open(file, "wt", encoding="utf-8", newline="", compresslevel=1) as packed:
        writer = csv.writer(packed)
        writer.writerow(("nomor", "kegiatan", "waktu"))
        for start in range(0, cases, 100):  # the rows of these hundred cases alternate in the file
            for place, activity in enumerate(ACTIVITIES):
                for case in range(start, min(start + 100, cases)):
                    at = FIRST + timedelta(minutes=case, days=place)
                    writer.writerow((f"B-{case:07}", activity, at.isoformat(sep=" ")))
    return file, mapping
