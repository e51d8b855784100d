"""Brokers: this module makes the connection options for Kafka's brokers.

The module does not import kafka-python, because this import takes half a second.
"""

from typing import Any

from infra.settings import Kafka


class ClusterFault(Exception):
    """The brokers could not be reached, or did not carry out a request. The error message says what to check."""


def login(kafka: Kafka) -> dict[str, Any]:
    """Returns the connection options and the login options for any client of kafka-python. Raises ClusterFault."""
    options: dict[str, Any] = {"bootstrap_servers": kafka.bootstrap.split(",")}
    if kafka.ca_file:
        options |= {"security_protocol": "SSL", "ssl_cafile": str(kafka.ca_file)}
    if kafka.username and kafka.password_file:
        try:
            password = kafka.password_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ClusterFault(f"{kafka.password_file}: cannot be read ({error.strerror})") from error
        options |= {
            "security_protocol": "SASL_SSL" if kafka.ca_file else "SASL_PLAINTEXT",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": kafka.username,
            "sasl_plain_password": password,
        }
    return options
