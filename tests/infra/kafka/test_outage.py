"""Kafka stopped while commands come: they do not notice, how far it is behind is told, and then it is made up for."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from infra.postgres.databases import databases
from infra.settings import settings_from
from tests.infra.kafka.broker import broker
from tests.infra.kafka.judge import dumped
from tests.infra.kafka.logins import set_up
from tests.running import Jejak, jejak

AGENCY, OFFICE = "pemda-3374", "pemda-3374-dpmptsp"
REST_SECONDS = 0.1
PATIENCE_SECONDS = 240
TOLD = """
SELECT originator_id::text, originator_version FROM feeds.messages JOIN stored_events ON notification_id = position
WHERE agency = %s AND kind = 'event' ORDER BY position
"""


@dataclass
class Load:
    """Submissions over HTTP, one after the other, and how each was answered."""

    running: Jejak
    statuses: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @contextmanager
    def coming(self) -> Iterator[None]:
        ending = threading.Event()
        token = self.running.officer(OFFICE)

        def submit() -> None:
            while not ending.wait(REST_SECONDS):
                begun = time.monotonic()
                headers = {"Idempotency-Key": str(uuid4())}
                body = {"service": "nib", "applicant": {"name": "Siti Contoh"}}
                reply = self.running.request("POST", "/v1/applications", body, token=token, headers=headers)
                self.statuses.append(reply.status)
                self.seconds.append(time.monotonic() - begun)

        thread = threading.Thread(target=submit)
        thread.start()
        try:
            yield
        finally:
            ending.set()
            thread.join()


def ready(running: Jejak) -> dict[str, Any]:
    found: dict[str, Any] = running.request("GET", "/readyz", port=running.ops_port).json()
    return found


def relay(running: Jejak) -> dict[str, Any]:
    """What /readyz says of the agency's; before it ever spoke, nothing."""
    return next((one for one in ready(running)["relays"] if one["agency"] == AGENCY), {})


def until_even(running: Jejak) -> float:
    """Returns after how many seconds all is published."""
    begun = time.monotonic()
    while relay(running).get("oldest_seconds") != 0 or relay(running)["fault"]:
        assert time.monotonic() - begun < PATIENCE_SECONDS, ready(running)
        time.sleep(0.2)
    return time.monotonic() - begun


@pytest.mark.parametrize(
    "seconds", [20, pytest.param(300, marks=[pytest.mark.prove, pytest.mark.timeout(1_200)])], ids=["short", "long"]
)
def test_while_kafka_is_away_commands_go_on_and_all_of_it_is_made_up_for(
    seconds: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with broker() as own, jejak(start=False) as running:
        cluster = set_up(own, tmp_path, AGENCY)
        for name, value in cluster.environment.items():
            monkeypatch.setenv(name, value)
        running.command("relay", "--begin", AGENCY)
        running.start("--examples")
        until_even(running)
        load = Load(running)
        with load.coming():
            own.stop()
            time.sleep(seconds)
            behind = relay(running)
            metrics = running.request("GET", "/metrics", port=running.ops_port).body.decode()
            assert ready(running)["status"] == "ok"
            own.start()
            caught_up = until_even(running)
        until_even(running)
        print(f"away {seconds} s: {behind}; {len(load.statuses)} commands, the slowest {max(load.seconds):.2f} s")
        print(f"caught up {caught_up:.1f} s after the broker served again")
        assert set(load.statuses) == {201}
        assert behind["oldest_seconds"] > seconds / 2
        assert f'jejak_relay_behind_messages{{agency="{AGENCY}",process="' in metrics
        records = dumped(own, f"jejak.agency.{AGENCY}.events.v1", tmp_path)
        with databases(settings_from(running.environment())) as found, psycopg.connect(found.auditor) as connection:
            told = connection.execute(TOLD, (AGENCY,)).fetchall()
        assert sorted((key, int(headers["ce_sequence"])) for key, headers, _ in records) == sorted(told)
