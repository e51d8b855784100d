"""Who writes reads it at once, by the `Sync-Token`, while the view is built anew all the time."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from infra.postgres.databases import EVENTS
from infra.postgres.embedded import EmbeddedPostgres
from infra.projector.views import VIEWS, rebuild
from tests.api.installation import LICENSING
from tests.fire.client import Answer, Client
from tests.running import Jejak

CLIENTS = 8
RESETS = 50
"""Of one application: a receipt counts them in a byte."""
BEHIND_MAX = 20
"""Times that one read may be asked to come back, since the machine is busy."""

pytestmark = pytest.mark.anyio


@contextmanager
def rebuilding(running: Jejak) -> Iterator[list[int]]:
    """The positions that rebuild after rebuild came to."""
    conninfo = EmbeddedPostgres(running.folder).conninfo(EVENTS, "jejak_serving")
    done, reached = threading.Event(), list[int]()

    def build() -> None:
        while not done.is_set():
            reached.append(rebuild(VIEWS["progress"], conninfo, progress_of=lambda *_: None))

    thread = threading.Thread(target=build)
    thread.start()
    try:
        yield reached
    finally:
        done.set()
        thread.join()


async def read(client: Client, application: str, token: str, told: Counter[str]) -> Answer:
    """The timeline, once the view is as far as the token."""
    for _ in range(BEHIND_MAX):
        answer = await client.ask("GET", f"/v1/applications/{application}/timeline", sync_token=token)
        if answer.status != 503:
            return answer
        told[answer.json()["code"]] += 1
        await asyncio.sleep(0.1)
    raise AssertionError(f"asked to come back {BEHIND_MAX} times: {told}")


async def write_and_read(client: Client, tries: int, told: Counter[str]) -> None:
    application, version = "", 0
    for number in range(tries):
        if number % RESETS == 0:
            written = await client.submit()
            assert written.status == 201, written.body
            application = written.json()["application_id"]
        else:
            written = await client.command(application, "reset-pin", version)
            assert written.status == 200, written.body
        version = written.json()["version"]
        seen = await read(client, application, written.headers["sync-token"], told)
        assert seen.status == 200, seen.body
        assert [item["version"] for item in seen.json()["items"]] == list(range(1, version + 1))
        told["shown"] += 1


@pytest.mark.parametrize(
    "tries",
    [
        pytest.param(304, id="304"),
        pytest.param(10_000, id="10000", marks=[pytest.mark.prove, pytest.mark.timeout(3_600)]),
    ],
)
async def test_every_write_is_shown_to_who_wrote_it(running: Jejak, tries: int) -> None:
    clients = [Client(running.port, running.officer(LICENSING)) for _ in range(CLIENTS)]
    told: Counter[str] = Counter()
    with rebuilding(running) as reached:
        async with asyncio.TaskGroup() as tasks:
            for client in clients:
                tasks.create_task(write_and_read(client, tries // CLIENTS, told))
    for client in clients:
        await client.close()
    print(f"{told['shown']} of {tries} writes shown, {len(reached)} rebuilds meanwhile; asked to come back: {told}")
    assert told["shown"] == tries
    assert len(reached) > 1
