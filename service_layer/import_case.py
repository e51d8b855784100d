"""An import case: the records of one application in a source. The records can be admitted to the log."""

from collections import Counter
from dataclasses import dataclass, field

from domain.application.admit import SourceRecord

Content = dict[str, str]
"""Maps the name of each column to the value from which the record was read."""


@dataclass(frozen=True, slots=True)
class ImportItem:
    """A record and its identity. The identity is `own_id`. Without `own_id`, the identity is the content of the record
    and its ordinal among equal records, from 1.
    """

    record: SourceRecord
    content: Content
    own_id: str | None = None
    ordinal: int = 1


@dataclass(frozen=True, slots=True)
class ImportCase:
    """`key` is the case's id in the source. The first item is the submission.

    `left_out` counts the events that a policy of the mapping leaves out, by the policy's reason. If there are no items,
    the whole case is left out.
    """

    key: str
    items: list[ImportItem]
    left_out: Counter[str] = field(default_factory=Counter)
