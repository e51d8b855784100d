"""One case as records: what happened, each with its identity, and what was left out or not understood."""

from collections import Counter
from dataclasses import dataclass, field

from domain.application.admit import SourceRecord

Content = dict[str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """A record and what identifies it: `own_id`, or else its content and its place among equals (from 1)."""

    record: SourceRecord
    content: Content
    own_id: str | None = None
    ordinal: int = 1


@dataclass(frozen=True, slots=True)
class ImportCase:
    """`key` is the case id of the source; the first item is the submission.

    `left_out`: events that a policy of the mapping leaves out, by its reason. Without items it is the whole case.
    """

    key: str
    items: list[Item]
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Unknown:
    """Words of the source that the mapping does not know, with their counts; those of times by their column."""

    activities: Counter[str] = field(default_factory=Counter)
    offices: Counter[str] = field(default_factory=Counter)
    channels: Counter[str] = field(default_factory=Counter)
    times: dict[str, Counter[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any((self.activities, self.offices, self.channels, self.times))
