"""A `Sync-Token` names its era: what a restore lost is not taken for what came after."""

import json

from infra.eventstore.eras import APART
from tests.api.installation import catalogued
from tests.api.lives import Arrived, arrive, done
from tests.running import Jejak, Reply


def read(running: Jejak, arrived: Arrived, token: str) -> Reply:
    return running.request(
        "GET", f"/v1/applications/{arrived.id}", token=running.officer(arrived.office), headers={"Sync-Token": token}
    )


def refused(reply: Reply) -> bool:
    return (reply.status, reply.json()["code"]) == (409, "token-ahead")


def position_of(token: str) -> int:
    return int(token.rpartition(".")[2])


def begin(running: Jejak) -> str:
    return running.command("era", "begin", "--reason", "restored in a test").stdout


def test_a_token_of_what_was_lost_is_refused_and_one_of_what_was_kept_is_good() -> None:
    with catalogued() as running:
        arrived, key = arrive(running, "receive"), "kept-over-the-restore"
        received = done(running, arrived, "receive", **{"Idempotency-Key": key})
        kept = received.headers["Sync-Token"]
        end = position_of(kept)
        lost = f"applications=1.{end + 5}"

        assert refused(read(running, arrived, "applications=2.1"))
        assert refused(read(running, arrived, lost))
        said = begin(running)
        assert said.startswith(f"era 2: positions above {end + APART}, since ")
        assert running.command("era", "begin", "--reason", "again", check=False).returncode == 2

        later = arrive(running, "reset-pin")
        new = done(running, later, "reset-pin").headers["Sync-Token"]
        assert new == f"applications=2.{end + APART + 2}"
        assert read(running, later, new).json()["version"] == 2
        assert read(running, arrived, kept).json()["version"] == 2
        newest = position_of(new)
        for era, position in ((1, newest), (2, end), (2, end + 5), (2, newest + 1), (3, newest)):
            assert refused(read(running, arrived, f"applications={era}.{position}")), (era, position)
        assert refused(read(running, arrived, lost))

        again = done(running, arrived, "receive", **{"Idempotency-Key": key})
        assert again.headers["Sync-Token"] == kept, "an answer given again names the era of its event"
        listed = running.command("era", "list").stdout.splitlines()
        assert [line.partition(":")[0] for line in listed] == ["era 1", "era 2"]
        ready = running.request("GET", "/readyz")
        assert ready.status == 200, json.loads(ready.body)
