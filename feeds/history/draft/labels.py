"""Labels: if the activities of a log are codes, a column beside them may have their names. The draft offers these names
as the names of the stages.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from feeds.history.draft import role
from feeds.history.draft.choice import Choice
from feeds.history.draft.column import ColumnSurvey
from feeds.history.draft.survey import Survey

MANY = 1_000


@dataclass(slots=True)
class Labels:
    """`found` maps each column that may have labels to the labels of each activity."""

    columns: tuple[str, ...] = ()
    found: dict[str, dict[str, Counter[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Counter)))

    def see(self, activity: str, row: Mapping[str, str]) -> None:
        word = row.get(activity)
        for column in self.columns if word else ():
            if word and (label := row.get(column)) and len(self.found[column]) < MANY:
                self.found[column][word][label] += 1

    def of(self, words: Iterable[str]) -> dict[str, str]:
        """Returns the label of each word. Returns no label if an activity has several labels."""
        for column in self.columns:
            labels = self.found[column]
            one_each = all(len(counted) == 1 for counted in labels.values())
            texts = {word: next(iter(labels[word])) for word in words if word in labels}
            if one_each and texts and len({*texts.values()}) * 2 > len(texts):
                return texts
        return {}


def label_columns(survey: Survey, choice: Choice) -> tuple[str, ...]:
    """Returns the columns that may have the names of the activities, if the activities look like codes."""
    activity = choice.activity
    if choice.shape != "event" or not activity or not _are_codes(activity):
        return ()
    return tuple(
        column.name for column in survey.rows.values() if column is not activity and _may_label(column, activity)
    )


def _are_codes(activity: ColumnSurvey) -> bool:
    codes = sum(
        " " not in word and (any(c.isdigit() or c == "_" for c in word) or word.isupper()) for word in activity.words
    )
    return codes * 2 > len(activity.words)


def _may_label(column: ColumnSurvey, activity: ColumnSurvey) -> bool:
    """Returns whether the column has a fitting name, and about as many different texts as the activity."""
    named = role.has(column.name, "label") or role.has(column.name, "activity")
    few = not column.overflowing and column.different <= activity.different
    return (
        named
        and few
        and not (column.is_time or column.numeric or column.looks_personal or column.is_free_text_by_content)
    )
