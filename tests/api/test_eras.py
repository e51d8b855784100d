"""A `Sync-Token` names its era: what a restore lost is not taken for what came after."""

import asyncio
import json
from datetime import UTC, datetime

from infra.eventstore.eras import APART
from infra.keys.key_folder import KeyFolder
from infra.keys.key_store import KeyStore
from infra.keys.sync_tokens import SealedSyncTokens
from infra.postgres.databases import databases
from infra.postgres.pool import pool
from infra.settings import settings_from
from tests.api.installation import catalogued
from tests.api.lives import Arrived, arrive, done
from tests.running import Jejak, Reply


def read(running: Jejak, arrived: Arrived, token: str) -> Reply:
    return running.request(
        "GET", f"/v1/applications/{arrived.id}", token=running.officer(arrived.office), headers={"Sync-Token": token}
    )


def refused(reply: Reply) -> bool:
    return (reply.status, reply.json()["code"]) == (409, "token-ahead")


def tokens_of(running: Jejak) -> SealedSyncTokens:
    """The tokens of this installation: the test makes such as a client could have kept."""

    async def key() -> bytes:
        settings = settings_from(running.environment())
        with databases(settings) as found:
            async with pool(found.keys) as keys, KeyStore(keys, found.keys, KeyFolder(settings.key_dir)) as store:
                return (await store.named(datetime.now(UTC).date())).sync

    return SealedSyncTokens(asyncio.run(key()))


def begin(running: Jejak) -> str:
    return running.command("era", "begin", "--reason", "restored in a test").stdout


def test_a_token_of_what_was_lost_is_refused_and_one_of_what_was_kept_is_good() -> None:
    with catalogued() as running:
        arrived, key = arrive(running, "receive"), "kept-over-the-restore"
        received = done(running, arrived, "receive", **{"Idempotency-Key": key})
        kept = received.headers["Sync-Token"]
        tokens = tokens_of(running)
        opened = tokens.open(kept)
        assert opened is not None
        era, end = opened
        assert era == 1
        lost = tokens.seal(1, end + 5)

        assert refused(read(running, arrived, tokens.seal(2, 1)))
        assert refused(read(running, arrived, lost))
        said = begin(running)
        assert said.startswith(f"era 2: positions above {end + APART}, since ")
        assert running.command("era", "begin", "--reason", "again", check=False).returncode == 2

        later = arrive(running, "reset-pin")
        new = done(running, later, "reset-pin").headers["Sync-Token"]
        assert new == tokens.seal(2, end + APART + 2)
        assert read(running, later, new).json()["version"] == 2
        assert read(running, arrived, kept).json()["version"] == 2
        newest = end + APART + 2
        for era, position in ((1, newest), (2, end), (2, end + 5), (2, newest + 1), (3, newest)):
            assert refused(read(running, arrived, tokens.seal(era, position))), (era, position)
        assert refused(read(running, arrived, lost))

        again = done(running, arrived, "receive", **{"Idempotency-Key": key})
        assert again.headers["Sync-Token"] == kept, "an answer given again names the era of its event"
        listed = running.command("era", "list").stdout.splitlines()
        assert [line.partition(":")[0] for line in listed] == ["era 1", "era 2"]
        ready = running.request("GET", "/readyz", port=running.ops_port)
        assert ready.status == 200, json.loads(ready.body)
