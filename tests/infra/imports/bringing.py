"""Small logs for tests, and the ways to bring one in: through the program, or through its parts in this process."""

import asyncio
import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import psycopg
from psycopg.conninfo import conninfo_to_dict

from feeds.history.mapping_file import read_mapping
from feeds.history.source import silent
from infra.composition import installation
from infra.imports.append import Importer
from infra.imports.check import Summary, check, register
from infra.imports.person_keys import PersonKeys
from infra.imports.run import open_run
from infra.projector.fold import Shard
from infra.projector.views import VIEWS, ensure
from infra.runtime.fsck import faults_of_log, faults_of_views
from tests.conftest import PROJECT, Fresh
from tests.infra.logs import catch_up
from tests.running import JEJAK

SMALL = PROJECT / "examples" / "small.xes"
SMALL_MAPPING = PROJECT / "examples" / "small.toml"

MAPPING = """
source = "uji"
zone = "Asia/Jakarta"
empty_submission = "first_event"
replaced_at_most = 1.0
[service]
code = "uji-layanan"
id = "Layanan uji"
en = "Tested service"
[offices]
agency = "uji"
column = "unit"
default = { code = "uji-pusat", id = "Pusat", en = "Centre" }
others = [{ code = "uji-saran", id = "Pemberi saran", en = "Adviser" }]
[offices.values]
"Utara" = { code = "uji-utara", id = "Utara", en = "North" }
[channels]
column = "jalur"
[channels.values]
"loket" = "counter"
[submitted]
column = "masuk"
day_at = ["00:00:00"]
[deadline]
column = "tenggat"
[concluded]
column = "selesai"
[activities]
"Terima" = "received"
"Periksa" = "stage"
"Minta saran" = { event = "referred", to = "uji-saran" }
"Saran" = "referral_answered"
"""
"""Of the logs that `xes` makes. Its events have no ids of their own; `OWN_IDS` is for those that have."""

OWN_IDS = MAPPING + '[events]\nid = "nomor"\n'

Event = tuple[str, str] | tuple[str, str, str]
"""Activity, time, and its own id if it has one."""


@dataclass(frozen=True)
class Trace:
    case: str
    events: Sequence[Event] = ()
    attributes: tuple[tuple[str, str], ...] = ()


def trace(case: str, *events: Event, **attributes: str) -> Trace:
    return Trace(case, events, tuple(attributes.items()))


def xes(traces: Iterable[Trace]) -> str:
    """One element a line, so that a line can be named."""
    lines = ['<log xmlns="http://www.xes-standard.org/">']
    for one in traces:
        lines += ["<trace>", _attribute("concept:name", one.case)]
        lines += [_attribute(key, value) for key, value in one.attributes]
        for name, at, *own in one.events:
            lines += ["<event>", _attribute("concept:name", name), _attribute("time:timestamp", at)]
            lines += [_attribute("nomor", number) for number in own]
            lines.append("</event>")
        lines.append("</trace>")
    return "\n".join([*lines, "</log>", ""])


def _attribute(key: str, value: str) -> str:
    return f"<string key={quoteattr(key)} value={quoteattr(value)}/>"


def written(folder: Path, traces: Iterable[Trace], mapping: str = MAPPING) -> tuple[Path, Path]:
    log, toml = folder / "log.xes", folder / "log.toml"
    log.write_text(xes(traces), encoding="utf-8")
    toml.write_text(mapping, encoding="utf-8")
    return log, toml


async def bring_all(fresh: Fresh, *files: tuple[Path, Path]) -> list[Summary]:
    """As `jejak import` does it, but for the views."""
    summaries = []
    async with installation(fresh.settings, fresh.databases) as made:
        for file, mapping_file in files:
            mapping = read_mapping(mapping_file)
            summary = check(file, mapping, await made.editions.registry(), silent)
            registry = await register(mapping, made.editions, made.recorder, made.named.commands[0])
            persons = PersonKeys(made.keys, asyncio.get_running_loop())
            importer = Importer(fresh.databases.serving, made.recorder, made.named.imports, made.receipt_codes, persons)
            run = await asyncio.to_thread(open_run, made, file, mapping)
            await asyncio.to_thread(importer.append, file, mapping, registry, summary, silent, run=run)
            summaries.append(summary)
    return summaries


def bring(fresh: Fresh, file: Path, mapping: Path) -> Summary:
    [summary] = asyncio.run(bring_all(fresh, (file, mapping)))
    return summary


def counts(summary: Summary) -> tuple[int, int, int]:
    """New, duplicate, rejected; together they are always all."""
    rejected = summary.rejected.total()
    assert summary.new_events + summary.duplicates + rejected == summary.events
    return summary.new_events, summary.duplicates, rejected


def project(fresh: Fresh) -> None:
    """The views, brought up to the end of the log in this process."""
    for view in VIEWS.values():
        with psycopg.connect(fresh.databases.serving) as connection:
            ensure(view, connection)
        catch_up(Shard(view), fresh.databases.serving)


def faults(fresh: Fresh) -> list[str]:
    log = faults_of_log(fresh.databases.auditor, _unwatched)
    return [*log, *faults_of_views(fresh.databases.serving, _unwatched)]


def _unwatched(_reached: int, _total: int) -> None:
    pass


def stored(conninfo: str) -> int:
    """All that is in the log, offices and services too, but not the runs of imports."""
    with psycopg.connect(conninfo) as connection:
        row = connection.execute("SELECT count(*) FROM events WHERE topic NOT LIKE 'import.%'").fetchone()
    assert row is not None
    return int(row[0])


STREAMS = """
SELECT originator_id::text, array_agg(jsonb_build_array(originator_version, topic, state->'at', state->'at_quality',
    state->'by', state->'office', state->'channel', (state->'data') - 'number') ORDER BY originator_version)
FROM events WHERE topic LIKE 'application.%' GROUP BY originator_id
"""


def streams(conninfo: str) -> dict[str, str]:
    """Each application's events as text, without what every installation draws anew."""
    with psycopg.connect(conninfo) as connection:
        return {key: json.dumps(events, sort_keys=True) for key, events in connection.execute(STREAMS)}


def multiset(conninfo: str) -> Counter[str]:
    """To compare two installations: their ids, numbers, salts and commands differ, their applications must not."""
    return Counter(streams(conninfo).values())


def environment(fresh: Fresh) -> dict[str, str]:
    """For the program, so that it finds these databases."""
    return {
        "JEJAK_DATA_DIR": str(fresh.settings.data_dir),
        "JEJAK_DATABASE_URL": _url(fresh.databases.owner),
        "JEJAK_KEYS_DATABASE_URL": _url(fresh.databases.keys_owner),
    }


def _url(conninfo: str) -> str:
    parts = {name: str(value) for name, value in conninfo_to_dict(conninfo).items()}
    return f"postgresql://{parts['user']}@/{parts['dbname']}?host={quote(parts['host'], safe='')}&port={parts['port']}"


def command(fresh: Fresh, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The program itself, on these databases."""
    return subprocess.run(
        [*JEJAK, *map(str, arguments)],
        env={**os.environ, **environment(fresh)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def told(stdout: str) -> dict[str, Any]:
    """The last line of stdout, for programs."""
    summary: dict[str, Any] = json.loads(stdout.splitlines()[-1])
    return summary
