"""Composition: this module builds the objects of a process and connects the packages.

No other module connects packages.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from infra.backup.encryption import Encryption
from infra.backup.take import Backup
from infra.eventstore.editions import Editions
from infra.eventstore.erasures import erasures_in
from infra.eventstore.group_commit import GroupCommit
from infra.eventstore.recorder import Datastore, Recorder
from infra.eventstore.store import PostgresEventStore
from infra.eventstore.stream_reader import Streams
from infra.keys.erasing import Erasing
from infra.keys.key_folder import KeyFolder
from infra.keys.key_store import KeyStore, NamedKeys
from infra.keys.receipt_codes import ReceiptCodes
from infra.postgres.clock import DatabaseClock
from infra.postgres.databases import Databases
from infra.postgres.pool import Pool, pool
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
    erasing = erasing_of(settings, databases)
    await asyncio.to_thread(finish_erasures, erasing, databases)
    datastore = Datastore(databases.serving)
    try:
        async with (
            pool(databases.serving) as events,
            DatabaseClock(events) as clock,
            pool(databases.keys, "keys") as keys_pool,
            KeyStore(keys_pool, databases.keys, erasing.folder) as keys,
            Streams(databases.serving) as streams,
            GroupCommit(databases.serving) as writer,
        ):
            named = await keys.named(clock.now().date())
            receipt_codes = ReceiptCodes(instance=settings.instance, pin_key=named.pin, qr_key=named.qr)
            store = PostgresEventStore(
                pool=events,
                streams=streams,
                writer=writer,
                keys=keys,
                named=named,
                receipt_codes=receipt_codes,
                now=clock.now,
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


def erasing_of(settings: Settings, databases: Databases) -> Erasing:
    """Returns an `Erasing`.

    If a backup folder is set, an erasure copies the new keys there before it destroys old keys.
    """

    def copied() -> None:
        if settings.backup_dir and settings.backup_recipient:
            Backup(settings, databases, settings.backup_dir, Encryption(settings.backup_recipient)).keep_keys()

    return Erasing(databases.keys, KeyFolder.of(settings), copied)


def finish_erasures(erasing: Erasing, databases: Databases) -> None:
    """Ends an erasure that was interrupted, and applies the list of erasures to a key store that was restored.

    Usually there is nothing to do. Then this function reads only one row and the size of one file.
    """
    if not erasing.folder.erasures.exists():
        erasing.adopt(erasures_in(databases.auditor))
    if erasing.is_behind():
        erasing.go_on()
