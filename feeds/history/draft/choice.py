"""The choice of columns: this module gives a role to each column of a log. It looks at the name and the content of the
column.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from feeds.history.draft import role
from feeds.history.draft.column import ColumnSurvey
from feeds.history.draft.survey import Columns, Survey
from feeds.history.source import SourceError

FEW, SELDOM = 100, 5
"""A column may hold activities even if its name gives no hint. Such a column must have at most FEW different texts, and
each text must occur at least SELDOM times on average.
"""


@dataclass(slots=True)
class Choice:
    """The chosen columns. `key` is empty if each row is a separate case.

    If `by_content` is true, the activity column was chosen by its content. Otherwise it was chosen by its name.
    """

    shape: Literal["event", "case"]
    key: list[str] = field(default_factory=list)
    activity: ColumnSurvey | None = None
    at: ColumnSurvey | None = None
    by_content: bool = False
    submitted: ColumnSurvey | None = None
    deadline: ColumnSurvey | None = None
    concluded: ColumnSurvey | None = None
    times: list[ColumnSurvey] = field(default_factory=list)

    @property
    def moments(self) -> list[ColumnSurvey]:
        return [column for column in (self.submitted, self.deadline, self.concluded) if column]

    @property
    def dating(self) -> list[ColumnSurvey]:
        """Returns the columns that contain times of events."""
        return [column for column in (self.submitted, self.concluded, self.at, *self.times) if column]


def choose(survey: Survey) -> Choice:
    """Chooses the columns. Raises SourceError if no column contains times."""
    if not any(column.is_time for column in (*survey.cases.values(), *survey.rows.values())):
        raise SourceError(
            survey.file, "the file", "no column contains times", "a log, with at least one column of times"
        )
    return _of_table(survey) if survey.table else _of_log(survey)


def _of_log(survey: Survey) -> Choice:
    choice = Choice("event")
    if "concept:name" in survey.cases:
        choice.key = ["concept:name"]
    else:
        keys = _keys(survey.cases, 0)
        choice.key = [keys[0].name] if keys else []
    choice.activity = survey.rows.get("concept:name") or _named_activity(survey.rows)
    stamp = survey.rows.get("time:timestamp")
    choice.at = stamp if stamp and stamp.is_time else _event_time(survey.rows.values()) or stamp
    rest = _take_moments(choice, [column for column in survey.cases.values() if column.is_time])
    if not choice.at or not choice.at.is_time:
        choice.times = rest
    return choice


def _of_table(survey: Survey) -> Choice:
    columns = survey.rows
    times = [column for column in columns.values() if column.is_time]
    choice = _parted(columns, len(times), survey.count)
    if choice.shape == "event":
        choice.at = _event_time(times)
        _take_moments(choice, [column for column in times if column is not choice.at])
    else:
        choice.times = _take_moments(choice, times)
    return choice


def _parted(columns: Columns, times: int, rows: int) -> Choice:
    """Decides whether a row is an event or a case, and chooses the columns for the case id and the activity."""
    keys = _keys(columns, rows / 2)
    unique, repeating = _first(keys, lambda key: key.unique), _first(keys, lambda key: not key.unique)
    activity = _named_activity(columns)
    better = unique and (not repeating or role.case_rank(unique.name) > role.case_rank(repeating.name))
    if activity and repeating and not (better and times > 1):
        return Choice("event", [repeating.name], activity)
    if unique and activity and times == 1 and role.case_rank(unique.name) > 1:
        return Choice("event", [unique.name], activity)
    if unique:
        return Choice("case", [unique.name])
    state = _best(columns.values(), "state")
    if repeating:
        event = state if times == 1 else None
        return Choice("event" if event else "case", [repeating.name], event)
    return _by_content(columns, activity, times, rows)


def _by_content(columns: Columns, activity: ColumnSurvey | None, times: int, rows: int) -> Choice:
    """Returns the choice for a table in which no column name suggests a case id. If one column holds the activities, a
    column with repeated texts may be the case id. Some of these tables also have no column name that suggests
    activities. If exactly one column of such a table has few different texts, and the table has one time column, the
    column with few texts holds the activities.
    """
    texts = [column for column in columns.values() if not column.is_time and column is not activity]
    few = [
        column
        for column in texts
        if not column.overflowing and not column.numeric and 1 < column.different <= min(FEW, rows / SELDOM)
    ]
    chosen = activity or (few[0] if len(few) == 1 and times == 1 else None)
    full = [column for column in texts if column is not chosen and column.filled == rows]
    repeating = [column for column in full if not column.unique and column.different > rows / FEW]
    if chosen:
        key = max(repeating, key=lambda column: column.different, default=None)
        if key or activity:
            return Choice("event", [key.name] if key else [], chosen, by_content=chosen is not activity)
    unique = _first(full, lambda column: column.unique)
    return Choice("case", [unique.name] if unique else [])


def _keys(columns: Columns, filled: float) -> list[ColumnSurvey]:
    """Returns the columns that may be the case id. The most likely column comes first."""
    named = [
        column
        for column in columns.values()
        if role.case_rank(column.name) and not column.is_time and column.filled >= filled and column.different > 1
    ]
    return sorted(named, key=lambda column: (-role.case_rank(column.name), -column.different))


def _named_activity(columns: Columns) -> ColumnSurvey | None:
    return _best((column for column in columns.values() if not column.is_time), "activity")


def _event_time(times: Iterable[ColumnSurvey]) -> ColumnSurvey | None:
    """Returns the time column whose name fits the times of events best. If no name fits, returns the column with the
    most filled cells. A column is considered only if it has many filled cells: at least half as many as the fullest
    time column.
    """
    candidates = [column for column in times if column.is_time]
    fullest = max((column.filled for column in candidates), default=0)
    full = [column for column in candidates if column.filled >= fullest / 2]
    return _best(full, "event_time") or max(full, key=lambda column: column.filled, default=None)


def _take_moments(choice: Choice, times: list[ColumnSurvey]) -> list[ColumnSurvey]:
    """Chooses up to three columns by their names: the columns with the deadline, the submission and the end of the
    case. Returns the other columns.

    If the log has only one time column, this column is never chosen as the deadline. A case needs at least one time
    that is not its deadline.
    """
    left = list(times)
    for name in ("deadline", "submitted", "concluded"):
        column = _best(left, name)
        dated = len(times) > 1 or (choice.at and choice.at.is_time)
        if column and (dated or name != "deadline"):
            setattr(choice, name, column)
            left.remove(column)
    return left


def _best(columns: Iterable[ColumnSurvey], wanted: str) -> ColumnSurvey | None:
    """Returns the column with the name that fits the role best. Returns None if no name fits."""
    placed = [(place, column) for column in columns if (place := role.place(column.name, wanted)) is not None]
    return min(placed, key=lambda one: one[0])[1] if placed else None


def _first(columns: Iterable[ColumnSurvey], wanted: Callable[[ColumnSurvey], bool]) -> ColumnSurvey | None:
    return next(filter(wanted, columns), None)
