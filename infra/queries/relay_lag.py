"""Relay lag: this module measures how far each relay is behind its feed. `Views.relays` and the metrics use the result.

The relays write their positions to the table `feeds.relays` for monitoring. A relay never reads a position from this
table.
"""

from math import ceil
from typing import Any, NamedTuple

from infra.metrics import RELAY_BEHIND, RELAY_OLDEST

RELAYS = """
SELECT agency, following.behind, extract(epoch FROM clock_timestamp() - (
    SELECT recorded_at FROM stored_events WHERE notification_id = following.first
))::float8, fault
FROM feeds.relays, LATERAL (
    SELECT count(*), min(position) FROM (
        SELECT position FROM feeds.messages
        WHERE messages.agency = relays.agency AND messages.position > relays.position
        ORDER BY messages.position LIMIT 10001
    ) AS counted
) AS following (behind, first)
ORDER BY agency
"""
"""Unpublished messages are counted only up to 10,001. This number means that there are more than ten thousand messages.
"""


class Behind(NamedTuple):
    """The lag of one relay.

    `messages` is the number of messages that are not published yet, at most 10,001. `oldest_seconds` is the age of the
    oldest of these messages. `fault` names the fault that stops the relay. `fault` is empty if no fault stops the
    relay.
    """

    agency: str
    messages: int
    oldest_seconds: float
    fault: str

    @classmethod
    def of(cls, agency: str, messages: int, oldest_seconds: float | None, fault: str) -> "Behind":
        return cls(agency, messages, max(0.0, oldest_seconds or 0.0), fault)

    def measure(self) -> None:
        """Sets the metrics of this relay."""
        RELAY_BEHIND.labels(self.agency).set(self.messages)
        RELAY_OLDEST.labels(self.agency).set(self.oldest_seconds)

    def public_fields(self) -> dict[str, Any]:
        """Returns the fields that the public may see. `oldest_seconds` is rounded up to a tenth of a second.

        The number of unpublished messages is not public, because with this number anybody could count the messages of
        an agency.
        """
        return {"agency": self.agency, "oldest_seconds": ceil(10 * self.oldest_seconds) / 10, "fault": self.fault}
