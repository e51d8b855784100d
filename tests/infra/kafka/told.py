"""An agency that was told something: an office, applications, and its feed made from the log."""

from collections.abc import Sequence
from pathlib import Path

import psycopg
from kafka.admin import KafkaAdminClient

from feeds.agencies.kafka import topic_names as names
from feeds.agencies.messages import Message, Origin, binary, status_headers
from feeds.agencies.topics_file import AgencyTable, Topics
from infra.projector.stored_messages import STORED, message_from
from tests.builders import SEMARANG
from tests.conftest import Fresh
from tests.infra.kafka.broker import Broker
from tests.infra.kafka.logins import SetUp, environment_of
from tests.infra.logs import Writer
from tests.infra.projector.test_outbox import distributing, register, until_told

AGENCY = "disdukcapil"
"""Of the office, as tests/builders.py registers it."""
TOPICS = Topics(agencies={AGENCY: AgencyTable()})
ORIGIN = Origin("urn:gov:id:jejak:01", "http://127.0.0.1:8000")
Sent = tuple[bytes, bytes, list[tuple[str, bytes]]]
"""Key, value and headers of a record."""


EVERY = f"{STORED} ORDER BY m.position"


def told(fresh: Fresh, applications: int) -> list[Message]:
    """The feed of the agency, of so many new applications of four events each."""
    writer = Writer(fresh.databases.serving)
    try:
        register(writer, SEMARANG)
        writer.lives(applications)
    finally:
        writer.datastore.close()
    with distributing(fresh.databases.serving, TOPICS):
        until_told(fresh.databases.serving, TOPICS)
    return messages(fresh)


def messages(fresh: Fresh) -> list[Message]:
    with psycopg.connect(fresh.databases.serving) as connection:
        return [message_from(row) for row in connection.execute(EVERY).fetchall()]


def records(found: Sequence[Message]) -> list[Sent]:
    return [(message.key, message.body, list(binary(message, ORIGIN))) for message in found]


def publish(made: SetUp, agency: str, sent: Sequence[Sent], position: int, more: Sequence[Message] = ()) -> None:
    """As the relay would: the records, the status of `more`, and the position in one transaction."""
    with made.producer("jejak-relay", transactional_id=f"jejak-relay-{agency}") as producer:
        producer.init_transactions()
        producer.begin_transaction()
        futures = [producer.send(names.events(agency), key=key, value=value, headers=more) for key, value, more in sent]
        futures += [
            producer.send(
                names.status(agency), key=one.key, value=one.status, headers=list(status_headers(one, ORIGIN))
            )
            for one in more
            if one.status
        ]
        at = b'{"position": %d, "era": 1, "count": %d, "prev": 0}' % (position, max(1, len(sent)))
        futures.append(producer.send(names.position(agency), key=agency.encode(), value=at, partition=0))
        producer.flush()
        for future in futures:
            future.get(timeout=10)
        producer.commit_transaction()


def emptied(broker: Broker, folder: Path) -> SetUp:
    """Without its topics, whatever another test left in them."""
    mine = [topic(AGENCY) for topic in (names.events, names.status, names.position)]
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        if there := sorted(set(admin.list_topics()) & set(mine)):
            admin.delete_topics(there)
    return SetUp(broker, folder, environment_of(broker, folder, AGENCY))


def begun(broker: Broker, folder: Path) -> SetUp:
    """With its topics as new."""
    made = emptied(broker, folder)
    assert made.topics("apply", "--yes") == 0
    return made
