"""Following: this module reads an agency's running database again and again, and imports what is new.

Each pass reads the cases with a row since the last pass. It reads some older rows too, and once a day it reads all
rows. An event that Jejak already has is recognised, so it is stored once, whenever a pass was killed.

The place up to which the source was read is in a file of the data folder. The file only saves work: without the file,
the next pass reads all rows.
"""

import asyncio
import fcntl
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import psycopg
import structlog

from feeds.history.mapping import Mapping
from feeds.history.source import SourceError
from infra.composition import Installation
from infra.imports.check import MappingIncomplete, Summary
from infra.imports.query import Cursor, CursorKind, SourceQuery, bare
from infra.imports.reading import case_columns, read_database
from infra.imports.run import appended, checked
from infra.imports.source_url import SourceUrl, SourceUrlWrong
from infra.progress import Advance
from infra.service import BackgroundService, ServiceLimits
from service_layer.faults import Unavailable

FULL_HOURS = 24.0
"""After this number of hours, a pass reads all rows again, and so finds a row that no earlier pass could find."""
SIGN_SECONDS = 5.0
SPARE_SECONDS = 180.0

log = structlog.get_logger("jejak.follow")


class PlaceKept(msgspec.Struct, frozen=True, kw_only=True):
    """The content of the file. `question` is a hash of the query and the mapping: after a change, all rows are read."""

    question: str
    kind: CursorKind
    value: str
    full_at: datetime
    passed_at: datetime
    interval: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A source that is followed. `url` and `query` say what is read, and `mapping` says what it means."""

    url: SourceUrl
    query: SourceQuery
    mapping: Mapping
    folder: Path
    interval: float | None = None
    full_hours: float = FULL_HOURS

    @property
    def file(self) -> Path:
        return self.folder / "follow" / f"{self.mapping.source}.json"

    @property
    def question(self) -> str:
        told = [str(self.url), bare(self.query.text), self.query.cursor, msgspec.to_builtins(self.mapping)]
        return sha256(msgspec.json.encode(told, order="sorted")).hexdigest()

    def kept(self) -> PlaceKept | None:
        """Returns the place up to which the source was read, or None if all rows must be read."""
        try:
            kept = msgspec.json.decode(self.file.read_bytes(), type=PlaceKept)
        except (OSError, msgspec.DecodeError):
            return None
        is_old = datetime.now(UTC) - kept.full_at >= timedelta(hours=self.full_hours)
        return None if is_old or kept.question != self.question else kept

    def keep(self, before: PlaceKept | None, place: Cursor, begun: datetime) -> None:
        """Stores the place of a pass that is complete. `before` is the place with which the pass began."""
        if before and before.kind == place.kind:
            place = Cursor(before.kind, before.value).joined(place.value)
        place = place.until(datetime.now(ZoneInfo(self.mapping.zone)))
        kept = PlaceKept(
            question=self.question,
            kind=place.kind,
            value=place.value,
            full_at=before.full_at if before else begun,
            passed_at=datetime.now(UTC),
            interval=self.interval,
        )
        written = self.file.with_suffix(".new")
        with written.open("wb") as stream:
            stream.write(msgspec.json.encode(kept))
            stream.flush()
            os.fsync(stream.fileno())
        written.replace(self.file)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While the context lasts, no other process on this host follows the source. Raises SourceUrlWrong."""
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.file.with_suffix(".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise SourceUrlWrong(f"another process already follows the source {self.mapping.source}") from None
            yield


async def one_pass(
    made: Installation, followed: Followed, alive: Callable[[], None] = lambda: None
) -> tuple[int, Summary | None]:
    """Reads what is new, and imports it. Returns the number of rows that were read, and the counts of the import.

    Raises SourceError, MappingIncomplete. Then nothing of the pass is stored.
    """
    begun, before = datetime.now(UTC), followed.kept()
    since = Cursor(before.kind, before.value).since() if before else None
    query = replace(followed.query, key=case_columns(followed.mapping), since=since)
    table, place = await asyncio.to_thread(read_database, followed.url, query)
    with closing(table):
        summary = None
        if len(table):
            bar = _signs_of_life(alive)
            summary = await checked(made, table, followed.mapping, 0, bar)
            await appended(made, table, followed.mapping, summary, bar)
        if place:
            followed.keep(before, place, begun)
        return len(table), summary


def _signs_of_life(alive: Callable[[], None]) -> Callable[[str, int, str], AbstractContextManager[Advance]]:
    return lambda *_: nullcontext(lambda _: alive())


async def follow(made: Installation, followed: Followed, stopping: asyncio.Event) -> None:
    """Runs one pass after another until `stopping` is set. Raises SourceUrlWrong."""
    interval = followed.interval or 1.0
    limits = ServiceLimits(
        pass_seconds=followed.query.seconds + SPARE_SECONDS,
        back_off_seconds=min(interval, 5.0),
        back_off_max_seconds=max(interval, 5.0),
    )
    expected = (psycopg.Error, Unavailable, SourceError, MappingIncomplete, OSError)
    service = BackgroundService(f"follow {followed.mapping.source}", limits, expected=expected)

    async def passes() -> None:
        while not stopping.is_set():
            rows, summary = await _told(one_pass(made, followed, service.alive), followed)
            service.succeeded()
            if summary and summary.new_events:
                rejected = summary.rejected.total()
                log.info(
                    "followed", source=followed.mapping.source, rows=rows, new=summary.new_events, rejected=rejected
                )
            await _rest(interval, stopping, service.alive)

    with followed.alone():
        await service.run_async(passes, stopping)


async def _told(passing: Awaitable[tuple[int, Summary | None]], followed: Followed) -> tuple[int, Summary | None]:
    """Writes the reason of a refused pass into the log. The reason names places and columns, and no values."""
    try:
        return await passing
    except SourceError as fault:
        log.warning("refused", source=followed.mapping.source, place=fault.place, wrong=fault.wrong)
        raise
    except MappingIncomplete as fault:
        advice = "run `jejak import … --dry-run`, which shows the lines to add to the mapping"
        log.warning("refused", source=followed.mapping.source, unknown_words=len(fault.lines), advice=advice)
        raise


async def _rest(seconds: float, stopping: asyncio.Event, alive: Callable[[], None]) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while (left := end - asyncio.get_running_loop().time()) > 0 and not stopping.is_set():
        alive()
        try:
            await asyncio.wait_for(stopping.wait(), min(left, SIGN_SECONDS))
        except TimeoutError:
            continue
