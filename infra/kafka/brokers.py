"""How Kafka's brokers are reached. kafka-python itself is not imported here: that takes half a second."""

from typing import Any

from infra.settings import Kafka


class ClusterFault(Exception):
    """The brokers did not do what was asked, or were not reached: says what, and what to look at."""


def login(kafka: Kafka) -> dict[str, Any]:
    """How any client of kafka-python gets in. Raises ClusterFault."""
    found: dict[str, Any] = {"bootstrap_servers": kafka.bootstrap.split(",")}
    if kafka.ca_file:
        found |= {"security_protocol": "SSL", "ssl_cafile": str(kafka.ca_file)}
    if kafka.username and kafka.password_file:
        try:
            password = kafka.password_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ClusterFault(f"{kafka.password_file}: cannot be read ({error.strerror})") from error
        found |= {
            "security_protocol": "SASL_SSL" if kafka.ca_file else "SASL_PLAINTEXT",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": kafka.username,
            "sasl_plain_password": password,
        }
    return found
