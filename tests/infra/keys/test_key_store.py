"""The key store: what several processes make at once is one key for all of them; nothing of it lies there in clear."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from infra.keys.key_folder import KeyFolder
from infra.keys.key_store import ONCE, KeyStore
from infra.keys.wrapping_key import KeysUnreadable
from infra.postgres.pool import pool
from tests.conftest import Fresh

pytestmark = pytest.mark.anyio

TODAY = datetime.now(UTC).date()


async def test_all_who_start_at_once_hold_the_same_keys(fresh: Fresh) -> None:
    async with pool(fresh.databases.keys) as connections:
        stores = [KeyStore(connections, fresh.databases.keys, KeyFolder(fresh.settings.key_dir)) for _ in range(6)]
        first, *others = await asyncio.gather(*(store.named(TODAY) for store in stores))
        assert all(other == first for other in others)
        assert {len(key) for key in first.commands} == {32}
        assert (len(first.pin), len(first.qr)) == (ONCE["pin"], ONCE["qr"])


async def test_no_key_lies_in_the_database_in_clear(fresh: Fresh) -> None:
    application = uuid4()
    async with (
        pool(fresh.databases.keys) as connections,
        KeyStore(connections, fresh.databases.keys, KeyFolder(fresh.settings.key_dir)) as store,
    ):
        named = await store.named(TODAY)
        [made] = await store.new_dossier_keys(application, ["applicant"])
        assert await store.dossier_keys(application) == {"applicant": made}
    with psycopg.connect(fresh.databases.keys_owner) as connection:
        wrapped = [
            bytes(row[0])
            for table in ("dossier_keys", "named_keys")
            for row in connection.execute(f"SELECT wrapped FROM {table}".encode())
        ]
    for key in (made.key, named.pin, named.qr, named.imports, *named.commands):
        assert not any(key[:16] in stored for stored in wrapped)


async def test_a_key_store_without_its_key_folder_is_unreadable(fresh: Fresh) -> None:
    async with pool(fresh.databases.keys) as connections:
        await KeyStore(connections, fresh.databases.keys, KeyFolder(fresh.settings.key_dir)).named(TODAY)
        with pytest.raises(KeysUnreadable, match="another installation"):
            await KeyStore(connections, fresh.databases.keys, KeyFolder(fresh.settings.data_dir / "other")).named(TODAY)
