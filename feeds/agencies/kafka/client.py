"""Clients of kafka-python that leave nothing behind where they do not come to be.

One that does not find the brokers raises, and its thread and sockets live on: with a relay that tries again for as long
as Kafka is away, they would pile up.
"""

from collections.abc import Callable
from typing import Any

from kafka.net.compat import KafkaNetClient

BOOTSTRAP_MILLISECONDS = 4_000


def opened(kind: Callable[..., Any], **options: Any) -> Any:  # noqa: ANN401 - the clients have no types
    """A KafkaProducer or a KafkaConsumer. Raises KafkaTimeoutError where no broker answers in four seconds."""
    begun: list[Any] = []

    def net(**settings: Any) -> Any:  # noqa: ANN401 - as above
        begun.append(KafkaNetClient(**settings))
        return begun[-1]

    try:
        return kind(**options, kafka_client=net, bootstrap_timeout_ms=BOOTSTRAP_MILLISECONDS)
    except BaseException:
        for each in begun:
            each.close()
        raise
