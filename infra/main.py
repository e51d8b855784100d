"""Puts the rooms together: nothing else wires, and nobody else reads the environment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from infra.database import Databases
from infra.keyfolder import KeyFolder
from infra.keys import KeyStore, NamedKeys
from infra.paper import Paper
from infra.pool import Pool, borrowed, pool
from infra.settings import Settings
from infra.store.applications import StoredApplications
from infra.store.editions import Editions
from infra.store.recorder import Datastore, Recorder
from infra.store.streams import Streams
from infra.store.writer import GroupCommit


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """All that a process needs of the world."""

    settings: Settings
    databases: Databases
    pool: Pool
    keys: KeyStore
    named: NamedKeys
    paper: Paper
    streams: Streams
    editions: Editions
    recorder: Recorder
    writer: GroupCommit
    applications: StoredApplications


@asynccontextmanager
async def installation(settings: Settings, databases: Databases) -> AsyncIterator[Installation]:
    datastore = Datastore(databases.serving)
    try:
        async with (
            pool(databases.serving) as events,
            pool(databases.keys) as keys_pool,
            KeyStore(keys_pool, databases.keys, KeyFolder(settings.key_dir)) as keys,
            Streams(databases.serving) as streams,
            GroupCommit(databases.serving) as writer,
        ):
            named = await keys.named(datetime.now(UTC).date())
            await reapply_erasures(events, keys)
            paper = Paper(instance=settings.instance, pin_key=named.pin, qr_key=named.qr)
            yield Installation(
                settings=settings,
                databases=databases,
                pool=events,
                keys=keys,
                named=named,
                paper=paper,
                streams=streams,
                editions=Editions(streams),
                recorder=Recorder(datastore),
                writer=writer,
                applications=StoredApplications(streams=streams, writer=writer, keys=keys, named=named, paper=paper),
            )
    finally:
        datastore.close()


async def reapply_erasures(events: Pool, keys: KeyStore) -> None:
    """A restored backup of the key store may bring back what was erased: it is erased again at every start."""
    async with borrowed(events) as connection:
        rows = await (await connection.execute("SELECT application_id, person FROM erasures")).fetchall()
    for application, person in rows:
        await keys.erase(application=application, person=person)
