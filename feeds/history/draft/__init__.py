"""This package drafts a mapping for a file without a mapping. An import can use the draft without edits. The draft
leaves out no row.
"""

from collections.abc import Callable

from feeds.history.draft.choice import choose
from feeds.history.draft.proof import prove
from feeds.history.draft.survey import survey
from feeds.history.draft.text import draft_text
from feeds.history.source import Log

PASSES = 2
"""The file is read twice, so the progress counts each byte twice."""


def drafted(log: Log, progress: Callable[[int], None], part: str | None = None) -> str:
    """Returns the mapping as TOML. `part` names one table of several.

    Raises SourceError if the source is damaged, or if no column contains times.
    """
    seen = survey(log, progress, part)
    choice, proof = prove(seen, choose(seen), progress)
    return draft_text(seen, choice, proof)
