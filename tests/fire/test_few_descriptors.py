"""`jejak serve` may open only a few files: it says how many clients fit, and serves them."""

import os
import signal
import socket
import time
from contextlib import ExitStack

import pytest

from tests import running as module
from tests.api.installation import furnish
from tests.fire.client import SUBMISSION
from tests.fire.served import Served
from tests.running import JEJAK, jejak

pytestmark = pytest.mark.anyio
FILES, SILENT = 128, 100


async def test_under_ulimit_128_it_serves_in_spite_of_many_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "JEJAK", ["/bin/sh", "-c", f'ulimit -n {FILES}; exec "$@"', "sh", *JEJAK])
    with jejak() as running:
        monkeypatch.setattr(module, "JEJAK", JEJAK)
        await furnish(running, publish=True)
        at = Served(running)
        with ExitStack() as silent:
            for _ in range(SILENT):
                silent.enter_context(socket.create_connection(("127.0.0.1", running.port)))
            reply = running.request("POST", "/v1/applications", SUBMISSION, token=at.token)
            assert reply.status in (400, 201), "the silent ones lose their places first"
            first, *_ = at.postgres()
            os.kill(first, signal.SIGKILL)
            killed = time.monotonic()
            healed = await at.well_again(killed)
        print(f"PostgreSQL killed under ulimit {FILES} with {SILENT} silent clients: well again after {healed:.1f} s")
        [said] = [line for line in at.log() if "ulimit" in str(line)][:1]
        assert said["level"] == "warning"
