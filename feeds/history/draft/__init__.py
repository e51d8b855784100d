"""This package drafts a mapping for a file without a mapping. An import can use the draft without edits. The draft
leaves out no row.
"""

from collections.abc import Callable
from pathlib import Path

from feeds.history.draft.choice import choose
from feeds.history.draft.proof import prove
from feeds.history.draft.survey import survey
from feeds.history.draft.text import draft_text

PASSES = 2
"""The file is read twice, so the progress counts each byte twice."""


def drafted(file: Path, progress: Callable[[int], None], zone: str) -> str:
    """Returns the mapping as TOML. `zone` is the zone of the installation. Raises SourceError if the file is damaged,
    or if no column contains times.
    """
    seen = survey(file, progress)
    choice, proof = prove(seen, choose(seen), zone, progress)
    return draft_text(seen, choice, proof)
