"""Composition: builds the objects of a process and connects the packages. Only this module connects packages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from infra.eventstore.editions import Editions
from infra.eventstore.group_commit import GroupCommit
from infra.eventstore.recorder import Datastore, Recorder
from infra.eventstore.store import PostgresEventStore
from infra.eventstore.stream_reader import Streams
from infra.keys.key_folder import KeyFolder
from infra.keys.key_store import KeyStore, NamedKeys
from infra.keys.receipt_codes import ReceiptCodes
from infra.postgres.clock import DatabaseClock
from infra.postgres.databases import Databases
from infra.postgres.pool import Pool, borrowed, pool
from infra.settings import Settings
from service_layer.handlers.commands import CommandHandler


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The objects of one process: settings, databases, keys, event store and command handler."""

    settings: Settings
    databases: Databases
    pool: Pool
    clock: DatabaseClock
    keys: KeyStore
    named: NamedKeys
    receipt_codes: ReceiptCodes
    streams: Streams
    editions: Editions
    recorder: Recorder
    writer: GroupCommit
    store: PostgresEventStore
    commands: CommandHandler


@asynccontextmanager
async def installation(settings: Settings, databases: Databases) -> AsyncIterator[Installation]:
    """Opens an installation. On exit, stores all events that still wait in memory, and closes all connections."""
    datastore = Datastore(databases.serving)
    try:
        async with (
            pool(databases.serving) as events,
            DatabaseClock(events) as clock,
            pool(databases.keys, "keys") as keys_pool,
            KeyStore(keys_pool, databases.keys, KeyFolder(settings.key_dir)) as keys,
            Streams(databases.serving) as streams,
            GroupCommit(databases.serving) as writer,
        ):
            named = await keys.named(datetime.now(UTC).date())
            await reapply_erasures(events, keys)
            receipt_codes = ReceiptCodes(instance=settings.instance, pin_key=named.pin, qr_key=named.qr)
            store = PostgresEventStore(
                pool=events, streams=streams, writer=writer, keys=keys, named=named, receipt_codes=receipt_codes
            )
            yield Installation(
                settings=settings,
                databases=databases,
                pool=events,
                clock=clock,
                keys=keys,
                named=named,
                receipt_codes=receipt_codes,
                streams=streams,
                editions=Editions(streams),
                recorder=Recorder(datastore),
                writer=writer,
                store=store,
                commands=CommandHandler(store, clock.now),
            )
    finally:
        datastore.close()


async def reapply_erasures(events: Pool, keys: KeyStore) -> None:
    """Repeats all recorded erasures: erases the same keys again.

    A restored backup of the key store may bring back erased keys. So every start of Jejak calls this function.
    """
    async with borrowed(events) as connection:
        rows = await (await connection.execute("SELECT application_id, person FROM erasures")).fetchall()
    for application, person in rows:
        await keys.erase(application=application, person=person)
