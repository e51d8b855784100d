"""Drafts a mapping for a log without one. The draft can be imported without edits and keeps every row."""

from collections.abc import Callable
from pathlib import Path

from feeds.history.draft.choice import choose
from feeds.history.draft.proof import prove
from feeds.history.draft.survey import survey
from feeds.history.draft.text import draft_text

PASSES = 2
"""The file is read twice, so the progress counts each byte this many times."""


def drafted(file: Path, progress: Callable[[int], None]) -> str:
    """The mapping as TOML. Raises SourceError for a damaged file and for a file without any column of times."""
    seen = survey(file, progress)
    choice, proof = prove(seen, choose(seen), progress)
    return draft_text(seen, choice, proof)
