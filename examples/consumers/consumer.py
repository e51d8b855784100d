"""A consumer of an agency's events in Python, to begin from. Needs kafka-python 3.0.12.

    python consumer.py --agency pln --bootstrap kafka.example.go.id:9093 --password-file pln.password --ca-file ca.pem

What it shows: read_committed; the offset is committed after the work is done; an event that comes again changes
nothing; a gap in an application's events is noticed; a type that it does not know is passed over; a clean stop.
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
"""Of what this system makes use of. All others are counted and passed over: new ones come without notice."""


def main() -> int:
    options = parsed()
    stopping = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.append(True))
    consumer = KafkaConsumer(
        f"jejak.agency.{options.agency}.events.v1",
        bootstrap_servers=options.bootstrap.split(","),
        group_id=f"{options.agency}.example-python",  # a group's name begins with the agency's id and a dot
        isolation_level="read_committed",  # else what was taken back shows, too
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
        store.keep()  # first what we did, then that we did it: a crash in between brings events again, and loses none
        consumer.commit()
    consumer.close()
    print(json.dumps({"gaps": gaps, "events": sum(totals.values()), "by_type": dict(sorted(totals.items()))}))
    return 1 if gaps else 0


class Store:
    """What this system made of the events: of each application the newest version and, if its type is known, the
    status. One place for both the result and the version makes it idempotent: `ce_id` is application and version.
    """

    def __init__(self, file: str) -> None:
        self.database = sqlite3.connect(file, isolation_level=None)
        self.database.execute(
            "CREATE TABLE IF NOT EXISTS seen (application TEXT PRIMARY KEY, version INT, status TEXT)"
        )
        self.database.execute("BEGIN")

    def take(self, headers: dict[str, str], value: bytes) -> str:
        """What became of the event: new, again (it was here), or gap (new, but one before it is missing)."""
        application, _, version = headers["ce_id"].rpartition(":")
        row = self.database.execute("SELECT version FROM seen WHERE application = ?", (application,)).fetchone()
        newest = row[0] if row else 0
        if int(version) <= newest:
            return "again"
        status = json.loads(value)["status"] if headers["ce_type"] in KNOWN else None
        self.database.execute(
            "INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT (application) DO UPDATE SET version = excluded.version,"
            " status = coalesce(excluded.status, status)",
            (application, int(version), status),
        )
        return "new" if int(headers["ce_previous"]) == newest else "gap"

    def keep(self) -> None:
        self.database.execute("COMMIT")
        self.database.execute("BEGIN")


def login(options: argparse.Namespace) -> dict[str, object]:
    found: dict[str, object] = {
        "security_protocol": "SASL_SSL" if options.ca_file else "SASL_PLAINTEXT",  # the second for tests alone
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": options.agency,
        "sasl_plain_password": Path(options.password_file).read_text(encoding="ascii").strip(),
    }
    return {**found, "ssl_cafile": options.ca_file} if options.ca_file else found


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Reads an agency's events; prints how many of each type.")
    parser.add_argument("--agency", required=True)
    parser.add_argument("--bootstrap", required=True, help="host:port, or several with commas between")
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--ca-file", help="PEM, of who signed the brokers' certificates")
    parser.add_argument("--database", default="consumer.sqlite", help="where it keeps what it did")
    parser.add_argument("--until-idle", type=float, metavar="SECONDS", help="stop when nothing came for so long")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
