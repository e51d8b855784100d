"""This module writes the text of a draft as TOML. The activities become stages. The draft also contains the earliest
date of the file if a case has no time. It contains no other values of the file.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from feeds.history.draft.choice import Choice
from feeds.history.draft.proof import Proof
from feeds.history.draft.survey import Survey
from feeds.history.vocabulary import slug, toml_text

SOURCE_LONGEST = 40
OTHER = "other"
UNNAMED = "unnamed"
MANY = 200
ALLOWED = 0.01


def source_of(file: Path) -> str:
    """Returns the name of the source. The name is a slug of the file's name, and contains at least one letter."""
    stem = file.name.removesuffix(".gz").rpartition(".")[0] or file.name
    code = slug(stem, SOURCE_LONGEST)
    return code if any(c.isalpha() for c in code) else f"log-{code}".strip("-")


def draft_text(survey: Survey, choice: Choice, proof: Proof) -> str:
    parts = (_head(survey, choice), _policies(survey, choice, proof), _written(survey, choice), _names(survey))
    tables = (_moments(choice), _events(choice), _activities(survey, choice))
    lines = [line for part in (*parts, _candidates(survey, choice), *tables) for line in part]
    return "\n".join(lines).rstrip("\n") + "\n"


def _head(survey: Survey, choice: Choice) -> Iterator[str]:
    offsets = all(column.offsets == column.filled - column.unread for column in choice.dating)
    check = (
        "  # CHECK: no date shows which comes first: dmy (the day) or mdy (the month)" if column.is_ambiguous else ""
    )
    if column.formats != ["iso"]:
        yield f"formats = {_strings(column.formats)}{check}"


def _strings(texts: Iterable[str]) -> str:
    return "[" + ", ".join(map(toml_text, texts)) + "]"


def _escaped(delimiter: str) -> str:
    return r'"\t"' if delimiter == "\t" else f'"{delimiter}"'
