"""This module opens clients of kafka-python. A failed start of a client leaves no open thread or socket.

Suppose that a kafka-python client does not find the brokers. Then its constructor raises an error, but the thread and
the sockets of the client stay open. A relay tries again and again while Kafka cannot be reached. Without this module,
each failed start would leave one more thread and more sockets.
"""

from collections.abc import Callable
from typing import Any

from kafka.net.compat import KafkaNetClient

BOOTSTRAP_MILLISECONDS, REQUEST_MILLISECONDS = 4_000, 10_000


def opened(kind: Callable[..., Any], **options: Any) -> Any:  # noqa: ANN401 - the clients have no types
    """Opens a KafkaProducer or a KafkaConsumer. Raises KafkaTimeoutError if no broker answers within four seconds.

    A request to a broker fails after REQUEST_MILLISECONDS, unless the options say otherwise.
    """
    started: list[Any] = []

    def net(**settings: Any) -> Any:  # noqa: ANN401 - the clients have no types
        started.append(KafkaNetClient(**settings))
        return started[-1]

    options = {"request_timeout_ms": REQUEST_MILLISECONDS, **options}
    try:
        return kind(**options, kafka_client=net, bootstrap_timeout_ms=BOOTSTRAP_MILLISECONDS)
    except BaseException:
        for each in started:
            each.close()
        raise
