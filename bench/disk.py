"""`disk`: measures how many bytes an event and an application take on disk, table by table and index by index.

The log contains the first events of simulated applications, sorted by time. The projector and the outbox read the log
in pages of 1,000 events. So, as in production, most events change a row that is already stored. `VACUUM` runs before
the tables are measured. `python -m bench.disk APPLICATIONS` writes the table of docs/disk.md.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import psycopg

from bench.rig.filling import append, keep_keys
from bench.rig.installed import Installed, installed, say, undistributed
from bench.rig.lives import Stream, plan, steps_as_saves
from bench.rig.report import Measured
from bench.rig.size import Size
from feeds.agencies.topics_file import read_topics
from infra.eventstore.recorder import Save
from infra.keys.key_folder import KeyFolder
from infra.postgres.databases import Databases
from infra.projector.outbox import Outbox
from infra.projector.runner import projecting, wait_until_caught_up
from infra.settings import PROJECT

EVENTS_EACH = 4
MOST = 1800
"""The highest allowed number of bytes for one event, with everything that belongs to the event."""
PAGE_BYTES = 8192
DOCUMENT = PROJECT / "docs" / "disk.md"
HEAD = "| relation | bytes an application | bytes an event | share |"
SIZES = """
SELECT n.nspname || '.' || c.relname, '',
    pg_table_size(c.oid) - pg_relation_size(c.oid, 'fsm') - pg_relation_size(c.oid, 'vm')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = ANY (%(schemas)s)
UNION ALL
SELECT n.nspname || '.' || c.relname, i.indexrelid::regclass::text, pg_relation_size(i.indexrelid)
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = ANY (%(schemas)s)
ORDER BY 1, 2
"""
"""The free space map and the visibility map are left out: in a small table they take more space than the rows."""
SCHEMAS = ["public", "feeds", "views"]


class Relation(NamedTuple):
    """A table together with its TOAST table, or an index. `part` is the name of the index, and is empty for a table."""

    table: str
    part: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Disk:
    """The sizes of an installation.

    `empty` holds the sizes that the same tables and indexes had before the first application.
    """

    applications: int
    events: int
    relations: list[Relation]
    empty: dict[tuple[str, str], int]

    def grown(self, relation: Relation) -> int:
        return relation.bytes - self.empty.get(relation[:2], 0)

    @property
    def grown_bytes(self) -> int:
        return sum(map(self.grown, self.relations))

    @property
    def per_event(self) -> float:
        return self.grown_bytes / self.events

    def groups(self) -> dict[str, float]:
        """Returns, for each schema, the number of bytes per application."""
        sums: Counter[str] = Counter()
        for relation in self.relations:
            sums[relation.table.split(".")[0]] += self.grown(relation)
        return {name: round(size / self.applications, 1) for name, size in sums.items()}

    def table(self) -> str:
        """Returns the sizes as a Markdown table. Relations that grew by less than ten pages are left out."""
        lines = [HEAD, "|---|---:|---:|---:|"]
        for relation in self.relations:
            if (size := self.grown(relation)) >= 10 * PAGE_BYTES:
                name = f"index `{relation.part.split('.')[-1]}`" if relation.part else f"**`{relation.table}`**"
                lines.append(self._line(name, size))
        return "\n".join([*lines, self._line("sum", self.grown_bytes), ""])

    def _line(self, name: str, size: int) -> str:
        share = f"{100 * size / self.grown_bytes:.1f} %"
        return f"| {name} | {size / self.applications:,.0f} | {size / self.events:,.0f} | {share} |"


def run(*, size: Size, names: frozenset[str]) -> Iterator[Measured]:  # noqa: ARG001 - all benches have the same arguments
    with installed() as where:
        disk = filled(where, size.pick(2_000, 20_000))
        yield Measured(
            bench="disk",
            value=disk.per_event,
            unit="bytes an event",
            most={"bytes_an_event": MOST},
            rows={"events": disk.events, "applications": disk.applications},
            on=("every agency of feeds/topics.toml", "all views", "dossier keys"),
            more={"bytes_an_event": round(disk.per_event, 1), "bytes_an_application": disk.groups()},
            postgres=where.postgres,
        )


def filled(where: Installed, applications: int, events_each: int = EVENTS_EACH) -> Disk:
    """Fills a new installation with applications, and measures how much its tables and indexes have grown."""
    before = {relation[:2]: relation.bytes for relation in sizes(where.databases)}
    events = fill(where, applications, events_each)
    say(f"disk: projecting {events:,} events")
    outbox = Outbox(where.databases.serving, read_topics())
    outbox.start()
    try:
        with projecting(where.databases.serving):
            wait_until_caught_up(where.databases.serving)
            while undistributed(where):
                outbox.stopping.wait(0.1)
    finally:
        outbox.stop()
    for conninfo in (where.databases.owner, where.databases.keys):
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
    return Disk(applications, events, sizes(where.databases), before)


def fill(where: Installed, applications: int, events_each: int) -> int:
    """Appends the first events of each application, sorted by time. Returns the number of events."""
    streams: dict[object, Stream] = {}
    events = 0

    def saves() -> Iterator[Save]:
        nonlocal events
        for stream, save in steps_as_saves(plan(where.registry, applications).steps()):
            if stream.version <= events_each:
                streams[stream.id] = stream
                events += len(save.events)
                yield save

    append(where.databases.serving, saves())
    keep_keys(where.databases.keys, KeyFolder(where.settings.key_dir), streams.values())
    return events


def sizes(databases: Databases) -> list[Relation]:
    found = []
    for conninfo in (databases.owner, databases.keys):
        with psycopg.connect(conninfo) as connection:
            found += [Relation(*row) for row in connection.execute(SIZES, {"schemas": SCHEMAS}).fetchall()]
    return found


if __name__ == "__main__":
    with installed() as made:
        measured = filled(made, int(sys.argv[1]))
    DOCUMENT.write_text(DOCUMENT.read_text().partition(HEAD)[0] + measured.table())
