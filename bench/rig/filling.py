"""Filling: fills a log quickly with many events. The rows look like the rows of real commands."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import as_completed
from itertools import cycle, islice
from pathlib import Path
from uuid import uuid4

import psycopg

from bench.rig.appending import processes
from bench.rig.installed import Installed, say
from bench.rig.lives import Pattern, Stream, patterns, plan, steps_as_saves
from infra.demo.ordered_batches import joint
from infra.eventstore.recorder import Datastore, Recorder, Save
from infra.keys.key_folder import KeyFolder
from infra.postgres.databases import Databases

SAVES_A_CALL = 400
COPY = "COPY dossier_keys (key, application_id, person, role, bucket, wrapped) FROM STDIN"
SIDE_BY_SIDE = 50
"""The number of applications in a group. The events of the applications of a group alternate in the log.

The log has the first event of each application of the group, then the second event of each application, and so on.
"""
SHARE = 2_000
"""The number of applications that one call of `fill_part` adds to the log."""
SAY_SECONDS = 10.0


def append_plan(where: Installed, *, applications: int) -> None:
    """Appends all events of simulated applications. The dossier keys are not stored.

    So the sealed parts of these applications cannot be opened, and are shown as redacted.
    """
    saves = (save for _, save in steps_as_saves(plan(where.registry, applications).steps()))
    append(where.databases.serving, saves)


def fill(where: Installed, applications: int) -> None:
    """Adds applications to the log from several processes. Each application has eight events and a dossier key."""
    known = patterns(where.registry)
    sizes = [min(SHARE, applications - begun) for begun in range(0, applications, SHARE)]
    done, reported_at = 0, time.monotonic()
    with processes() as pool:
        parts = {pool.submit(fill_part, where.databases, where.settings.key_dir, known, size): size for size in sizes}
        for part in as_completed(parts):
            part.result()
            done += parts[part]
            if time.monotonic() - reported_at > SAY_SECONDS or done == applications:
                say(f"filling: {done:,} of {applications:,} applications")
                reported_at = time.monotonic()


def fill_part(found: Databases, key_dir: Path, known: list[Pattern], applications: int) -> None:
    """Adds applications to the log. This function runs in one process of the pool."""
    streams: list[Stream] = []
    append(found.serving, _side_by_side(islice(cycle(known), applications), streams))
    keep_keys(found.keys, KeyFolder(key_dir), streams)


def _side_by_side(lives: Iterable[Pattern], streams: list[Stream]) -> Iterator[Save]:
    left = iter(lives)
    while group := [pattern.saves() for pattern in islice(left, SIDE_BY_SIDE)]:
        for together in zip(*group, strict=True):
            yield from (save for _, save in together)
        streams += [stream for stream, _ in together]


def append(conninfo: str, saves: Iterable[Save]) -> None:
    """Appends the events of `saves` to the log in their order.

    The events are appended in batches. Each call of the recorder appends one batch.
    """
    datastore = Datastore(conninfo, pool_size=1)
    try:
        recorder, left = Recorder(datastore), iter(saves)
        while batch := list(islice(left, SAVES_A_CALL)):
            # A batch may have several `Save` objects of one stream, so all objects of the batch are joined.
            [outcome] = recorder.append([joint(batch)])
            if not outcome.stored:
                raise AssertionError(f"an append without a conflict was {outcome.kind}")
    finally:
        datastore.close()


def keep_keys(conninfo: str, folder: KeyFolder, streams: Iterable[Stream]) -> None:
    with psycopg.connect(conninfo) as connection, connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for stream in streams:
            key, bucket = stream.key, stream.key.key_id.bytes[0]
            copy.write_row((key.key_id, stream.id, uuid4(), key.role, bucket, folder.wrap(bucket, key.key)))
