"""An imported case: its records with their identities, and counts of events left out and of unknown words."""

from collections import Counter
from dataclasses import dataclass, field

from domain.application.admit import SourceRecord

Content = dict[str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """A record and its identity: `own_id`, or else the content and its number among equal contents (from 1)."""

    record: SourceRecord
    content: Content
    own_id: str | None = None
    ordinal: int = 1


@dataclass(frozen=True, slots=True)
class ImportCase:
    """A case. `key` is the case id of the source; the first item is the submission.

    `left_out` counts the events that a policy of the mapping leaves out, by reason. If there are no items, the whole
    case is left out.
    """

    key: str
    items: list[Item]
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Unknown:
    """Counts of the words of the source that are not in the mapping. `times` has them by column."""

    activities: Counter[str] = field(default_factory=Counter)
    offices: Counter[str] = field(default_factory=Counter)
    channels: Counter[str] = field(default_factory=Counter)
    times: dict[str, Counter[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any((self.activities, self.offices, self.channels, self.times))
