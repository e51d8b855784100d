"""An example consumer of an agency's events, in Python. It needs kafka-python 3.0.12.

    python consumer.py --agency pln --bootstrap kafka.example.go.id:9093 --password-file pln.password --ca-file ca.pem

The example shows how a consumer does these things:

* It reads with the isolation level read_committed.
* It commits the offset after the work is done.
* It handles an event that comes again, without a second effect.
* It detects a gap in an application's events.
* It forgets events that a restore of the sender's database lost.
* It ignores unknown event types.
* It stops cleanly.
"""

import argparse
import json
import signal
import sqlite3
import sys
import time
from collections import Counter
from pathlib import Path

from kafka import KafkaConsumer

KNOWN = {"jejak.application.submitted.v1", "jejak.application.received.v1", "jejak.application.withdrawn.v1"}
"""The types that this system uses. Other types are counted and ignored, because new types can appear at any time."""


def main() -> int:
    options = parsed()
    stopping = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.append(True))
    consumer = KafkaConsumer(
        f"jejak.agency.{options.agency}.events.v1",
        bootstrap_servers=options.bootstrap.split(","),
        group_id=f"{options.agency}.example-python",  # a group's name begins with the agency's id and a dot
        isolation_level="read_committed",  # without it, records of aborted transactions are read, too
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **login(options),
    )
    store = Store(options.database)
    totals: Counter[str] = Counter()
    gaps = 0
    last = time.monotonic()
    while not stopping and not (options.until_idle and time.monotonic() - last > options.until_idle):
        if not consumer.assignment():
            last = time.monotonic()  # the group is being formed
        for records in consumer.poll(timeout_ms=500, max_records=500).values():
            for record in records:
                last = time.monotonic()
                headers = {name: value.decode() for name, value in record.headers}
                outcome = store.take(headers, record.value)
                if outcome == "gap":
                    gaps += 1
                    print(f"gap before {headers['ce_id']}: read again from an earlier offset", file=sys.stderr)
                if outcome != "again":
                    totals[headers["ce_type"]] += 1
        store.keep()  # before the offset: after a crash in between, events come again, and no event is lost
        consumer.commit()
    consumer.close()
    print(json.dumps({"gaps": gaps, "events": sum(totals.values()), "by_type": dict(sorted(totals.items()))}))
    return 1 if gaps else 0


class Store:
    """The results of this system. For each application, the store keeps the newest version with its era, and the
    status from the newest event of a known type.

    The result and the version are stored in the same transaction, so handling an event is idempotent: `ce_id` contains
    the application and the version.
    """

    def __init__(self, file: str) -> None:
        self.database = sqlite3.connect(file, isolation_level=None)
        self.database.execute(
            "CREATE TABLE IF NOT EXISTS seen (application TEXT PRIMARY KEY, version INT, era INT, status TEXT)"
        )
        self.database.execute("BEGIN")

    def take(self, headers: dict[str, str], value: bytes) -> str:
        """Stores an event. Returns "new", "again" (it was stored before), or "gap" (new, but an earlier event is
        missing).
        """
        application, _, version = headers["ce_id"].rpartition(":")
        era, previous = int(headers.get("ce_era", "1")), int(headers["ce_previous"])
        row = self.database.execute("SELECT version, era FROM seen WHERE application = ?", (application,)).fetchone()
        newest, known_era = row or (0, 1)
        if era > known_era:
            newest = min(newest, previous)  # the later versions that are stored here did not happen
        if era < known_era or int(version) <= newest:
            return "again"
        status = json.loads(value)["status"] if headers["ce_type"] in KNOWN else None
        self.database.execute(
            "INSERT INTO seen VALUES (?, ?, ?, ?) ON CONFLICT (application) DO UPDATE SET version = excluded.version,"
            " era = excluded.era, status = coalesce(excluded.status, status)",
            (application, int(version), era, status),
        )
        return "new" if previous == newest else "gap"

    def keep(self) -> None:
        self.database.execute("COMMIT")
        self.database.execute("BEGIN")


def login(options: argparse.Namespace) -> dict[str, object]:
    settings: dict[str, object] = {
        "security_protocol": "SASL_SSL" if options.ca_file else "SASL_PLAINTEXT",  # SASL_PLAINTEXT for tests only
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": options.agency,
        "sasl_plain_password": Path(options.password_file).read_text(encoding="ascii").strip(),
    }
    return {**settings, "ssl_cafile": options.ca_file} if options.ca_file else settings


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Reads an agency's events and prints the number of events of each type."
    )
    parser.add_argument("--agency", required=True)
    parser.add_argument("--bootstrap", required=True, help="host:port, or several separated by commas")
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--ca-file", help="PEM file of the CA that signed the brokers' certificates")
    parser.add_argument("--database", default="consumer.sqlite", help="the SQLite file for its results")
    parser.add_argument(
        "--until-idle", type=float, metavar="SECONDS", help="stop after so many seconds without an event"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
