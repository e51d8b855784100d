"""How far the relays are behind, as they say in `feeds.relays`: for who watches; they themselves never read it back."""

from math import ceil
from typing import Any, NamedTuple

from infra.metrics import RELAY_BEHIND, RELAY_OLDEST

RELAYS = """
SELECT agency, following.behind, extract(epoch FROM clock_timestamp() - following.oldest)::float8, fault
FROM feeds.relays, LATERAL (
    SELECT count(*), min(recorded_at) FROM (
        SELECT recorded_at FROM feeds.messages
        WHERE messages.agency = relays.agency AND messages.position > relays.position
        ORDER BY messages.position LIMIT 10001
    ) AS counted
) AS following (behind, oldest)
ORDER BY agency
"""
"""Ten thousand messages are counted; where there are more it is one more than that."""


class Behind(NamedTuple):
    """`messages` not published yet; how long ago the oldest was recorded; what keeps the relay, else empty."""

    agency: str
    messages: int
    oldest_seconds: float
    fault: str

    @classmethod
    def of(cls, agency: str, messages: int, oldest_seconds: float | None, fault: str) -> "Behind":
        return cls(agency, messages, max(0.0, oldest_seconds or 0.0), fault)

    def measure(self) -> None:
        RELAY_BEHIND.labels(self.agency).set(self.messages)
        RELAY_OLDEST.labels(self.agency).set(self.oldest_seconds)

    def told(self) -> dict[str, Any]:
        """For everybody: without the number, which would count what an agency is told."""
        return {"agency": self.agency, "oldest_seconds": ceil(10 * self.oldest_seconds) / 10, "fault": self.fault}
