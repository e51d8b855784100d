"""Drafts a mapping for a log that nobody has described yet: one that imports unedited and keeps every row."""

from collections.abc import Callable
from pathlib import Path

from feeds.history.draft.choice import choose
from feeds.history.draft.proof import prove
from feeds.history.draft.survey import survey
from feeds.history.draft.text import draft_text

PASSES = 2
"""How often the progress tells of each byte."""


def drafted(file: Path, progress: Callable[[int], None]) -> str:
    """The mapping as TOML. Raises SourceError for a file that is not sound, or in which nothing is a time."""
    seen = survey(file, progress)
    choice, proof = prove(seen, choose(seen), progress)
    return draft_text(seen, choice, proof)
