"""An import case contains the records of one application in a source. An import can store each record in the log as an
event.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Self

from domain.application.admit import SourceRecord
from service_layer.event_store import PersonalParts

Content = dict[str, str]
"""The content of a record: it maps the name of each value to the value."""


@dataclass(frozen=True, slots=True)
class ImportItem:
    """A record and its identity. If the record has an `own_id`, the identity is `own_id`. Otherwise, the identity is
    the content of the record together with `ordinal`. `ordinal` distinguishes records with equal content: the first of
    these records has the ordinal 1, and the second has the ordinal 2.

    `content` has the values that were read. `spelled` has the same values as the source spells them, and
    `spelled_ordinal` counts the records with equal spellings. Earlier releases used the spelling as the identity.

    `personal` is the personal data for the sealed part of the event.
    """

    record: SourceRecord
    content: Content
    own_id: str | None = None
    ordinal: int = 1
    spelled_ordinal: int = 1
    spelled: Content = field(default_factory=dict)
    personal: PersonalParts = field(default_factory=dict)

    def as_spelled(self) -> Self | None:
        """Returns the record with the identity that earlier releases gave to it. Returns None if both are the same."""
        if not self.spelled or self.spelled == self.content:
            return None
        return replace(self, content=self.spelled, ordinal=self.spelled_ordinal)


@dataclass(frozen=True, slots=True)
class ImportCase:
    """`key` is the case's id in the source. The first item is the submission.

    `left_out` counts the events that the mapping leaves out: each key is a reason, and the value is the number of
    events. If there are no items, the whole case is left out.

    `spelled_key` is the key that earlier releases gave to a case without an id.
    """

    key: str
    items: list[ImportItem]
    left_out: Counter[str] = field(default_factory=Counter)
    spelled_key: str | None = None
