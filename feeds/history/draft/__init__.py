"""This package drafts a mapping for a file without a mapping. An import can use the draft without edits. The draft
leaves out no row.
"""

from collections.abc import Callable

from feeds.history.draft.choice import Choice, choose
from feeds.history.draft.proof import prove
from feeds.history.draft.survey import survey
from feeds.history.draft.text import draft_text
from feeds.history.source import Log, SourceError

ORDERS = {"dmy": "the day before the month", "mdy": "the month before the day"}
PASSES = 2
"""The file is read twice, so the progress counts each byte twice."""


def drafted(log: Log, progress: Callable[[int], None], zone: str, part: str | None = None) -> str:
    """Returns the mapping as TOML. `zone` is the zone of the installation. `part` names one table of several.

    Raises SourceError if the source is damaged, if no column contains times, or if a column of times has day and month
    in two orders.
    """
    seen = survey(log, progress, part)
    choice, proof = prove(seen, choose(seen), zone, progress)
    _refuse_mixed(log, choice)
    return draft_text(seen, choice, proof)


def _refuse_mixed(log: Log, choice: Choice) -> None:
    for column in (*choice.dating, *choice.moments):
        if len(column.orders) > 1:
            proofs = [f"{ORDERS[order]} in line {line}" for order, line in column.orders.items()]
            wrong = f"the column {column.name!r} has {' and '.join(proofs)}"
            place = f"line {max(column.orders.values())}"
            raise SourceError(log, place, wrong, "one order of day and month in the whole column")
