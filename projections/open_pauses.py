"""The open pauses of the legal clock, in the form that the rows of the views store."""

from datetime import datetime
from typing import TypedDict

from domain.application.events import ApplicationEvent
from domain.application.pauses import CHANGING, OpenPauses, pauses_after
from domain.json_values import instant, parse_instant
from domain.provenance import Pause


class KeptPauses(TypedDict):
    """`pausing` holds the sorted names of the open pauses.

    `paused_since` is the instant, in UTC, at which the clock stopped.
    """

    pausing: list[str]
    paused_since: str | None


def open_pauses(kept: KeptPauses) -> OpenPauses:
    since = kept["paused_since"]
    return OpenPauses(frozenset(kept["pausing"]), parse_instant(since) if since else None)


def note_pauses(kept: KeptPauses, event: ApplicationEvent, at: datetime) -> Pause | None:
    """Update the open pauses with this event. `at` is the time of the event.

    Return the closed pause if the event starts the legal clock again.
    """
    if type(event) not in CHANGING:
        return None
    known = open_pauses(kept)
    after, over = pauses_after(known, event, at)
    if after is not known:
        kept["pausing"] = sorted(after.names)
        kept["paused_since"] = instant(after.since) if after.since else None
    return over
