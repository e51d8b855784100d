"""The names of the Kafka topics.

No agency's id contains a dot, and all prefixes end with a dot. So a right on an agency's prefix covers only the topics
of that agency.
"""

ALL = "jejak."
AGENCIES = "jejak.agency."
POSITIONS = "jejak.relay."
HEARTBEAT = "jejak.heartbeat.v1"
RELEASES = "jejak.releases.v1"


def agency_prefix(agency: str) -> str:
    return f"{AGENCIES}{agency}."


def events(agency: str) -> str:
    return f"{AGENCIES}{agency}.events.v1"


def status(agency: str) -> str:
    return f"{AGENCIES}{agency}.status.v1"


def commands(agency: str) -> str:
    return f"{AGENCIES}{agency}.commands.v1"


def replies(agency: str) -> str:
    return f"{AGENCIES}{agency}.replies.v1"


def dead_letters(agency: str) -> str:
    return f"{AGENCIES}{agency}.dlq.v1"


def position(agency: str) -> str:
    return f"{POSITIONS}{agency}.position"
