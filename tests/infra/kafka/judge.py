"""What a topic holds as Kafka's own Java consumer reads it, compared with the log. It shares no code with `feeds/`."""

import subprocess
from collections import defaultdict
from pathlib import Path

import psycopg

from tests.infra.kafka.broker import Broker

CONSUMER = "org.apache.kafka.tools.consumer.ConsoleConsumer"
DUMP_SECONDS = 300


def dumped(broker: Broker, topic: str, folder: Path) -> list[tuple[str, dict[str, str], str]]:
    """Key, headers and value of each committed record, partition by partition in the order of their offsets."""
    settings = folder / "judge.properties"
    settings.write_text("isolation.level=read_committed\nauto.offset.reset=earliest\ngroup.id=judge\n")
    file = folder / f"{topic}.dump"
    arguments = ["--bootstrap-server", broker.bootstrap, "--topic", topic, "--from-beginning", "--timeout-ms", "8000"]
    arguments += ["--command-config", str(settings)]
    for name in ("print.key=true", "print.headers=true", "key.separator=\t", "headers.separator=|"):
        arguments += ["--formatter-property", name]
    with file.open("wb") as out:
        subprocess.run(
            broker.java(CONSUMER, *arguments), stdout=out, stderr=subprocess.DEVNULL, timeout=DUMP_SECONDS, check=True
        )
    found = []
    for line in file.read_text().splitlines():
        headers, key, value = line.split("\t", 2)
        found.append((key, dict(one.split(":", 1) for one in headers.split("|")), value))
    return found


def faults(conninfo: str, records: list[tuple[str, dict[str, str], str]]) -> list[str]:
    """What is wrong with a topic that should hold every event of every application, once and in order."""
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(
            "SELECT originator_id::text, originator_version FROM stored_events WHERE topic LIKE 'application.%'"
            " ORDER BY originator_id, originator_version"
        ).fetchall()
    wanted: dict[str, list[int]] = defaultdict(list)
    for application, version in rows:
        wanted[application].append(version)
    seen: dict[str, list[int]] = defaultdict(list)
    for key, headers, _ in records:
        application, version = headers["ce_id"].split(":")
        if application != key or int(headers["ce_sequence"]) != int(version):
            return [f"{headers['ce_id']} under the key {key} as {headers['ce_sequence']}"]
        seen[application].append(int(version))
    return [
        f"{application}: {seen.get(application)} for {wanted.get(application)}"
        for application in sorted(wanted.keys() | seen.keys())
        if seen.get(application) != wanted.get(application)
    ]
