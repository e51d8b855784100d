"""A log that grows, its feed, and relays as processes of their own that die as a test wants."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from feeds.agencies.topics_file import read_topics
from infra.projector.outbox import Outbox
from tests.conftest import PROJECT, Fresh
from tests.infra.kafka.broker import Broker
from tests.infra.kafka.logins import SetUp, set_up
from tests.infra.logs import environment
from tests.running import JEJAK

AGENCY = "disdukcapil"
PUBLISHED = "SELECT coalesce(max(position), 0) FROM feeds.relays WHERE agency = %s"
LAST = "SELECT coalesce(max(position), 0) FROM feeds.messages WHERE agency = %s"
PATIENCE_SECONDS = 240


@dataclass
class Relaying:
    """`environment`: of a relay that logs in as one."""

    conninfo: str
    cluster: SetUp
    environment: dict[str, str]
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def begin(self, *options: str) -> int:
        command = [*JEJAK, "relay", "--begin", AGENCY, *options]
        return subprocess.run(command, env=self.environment, cwd=PROJECT, check=False).returncode

    def start(self) -> subprocess.Popen[bytes]:
        log = (self.folder / "relay.log").open("ab")
        process = subprocess.Popen(
            [*JEJAK, "relay", AGENCY], env=self.environment, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=log
        )
        log.close()
        self.processes.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> int:
        """`kill -9`; the wait status is kept for the report."""
        process.kill()
        self.statuses.append(process.wait())
        return self.statuses[-1]

    def published(self) -> int:
        return self._number(PUBLISHED)

    def left(self) -> int:
        """Positions between the last message and the last that was published, as the relay says."""
        return self._number(LAST) - self.published()

    def until_published(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.left() > 0:
            assert time.monotonic() < deadline, (self.folder / "relay.log").read_text()[-3000:]
            time.sleep(0.2)

    def _number(self, query: str) -> int:
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            row = connection.execute(query, (AGENCY,)).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def relaying(broker: Broker, fresh: Fresh, folder: Path) -> Iterator[Relaying]:
    """With the topics set up, and the feeds being made. No relay runs yet."""
    cluster = set_up(broker, folder, AGENCY)
    distributor = Outbox(fresh.databases.serving, read_topics(folder / "topics.toml"))
    distributor.start()
    made = Relaying(fresh.databases.serving, cluster, {**environment(fresh), **cluster.as_user("jejak-relay")}, folder)
    made.environment["JEJAK_DATA_DIR"] = str(fresh.settings.data_dir)
    try:
        yield made
    finally:
        for process in made.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        distributor.stop()
