"""An import case contains the records of one application in a source. An import can store each record in the log as an
event.
"""

from collections import Counter
from dataclasses import dataclass, field

from domain.application.admit import SourceRecord

Content = dict[str, str]
"""The content of a record: it maps the name of each column to the value in this column."""


@dataclass(frozen=True, slots=True)
class ImportItem:
    """A record and its identity. If the record has an `own_id`, the identity is `own_id`. Otherwise, the identity is
    the content of the record together with `ordinal`. `ordinal` distinguishes records with equal content: the first of
    these records has the ordinal 1, and the second has the ordinal 2.
    """

    record: SourceRecord
    content: Content
    own_id: str | None = None
    ordinal: int = 1


@dataclass(frozen=True, slots=True)
class ImportCase:
    """`key` is the case's id in the source. The first item is the submission.

    `left_out` counts the events that the mapping leaves out: each key is a reason, and the value is the number of
    events. If there are no items, the whole case is left out.
    """

    key: str
    items: list[ImportItem]
    left_out: Counter[str] = field(default_factory=Counter)
