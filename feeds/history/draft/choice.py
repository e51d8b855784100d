"""The choice of columns: this module gives a role to each column of a log. It looks at the name and the content of the
column.
"""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from typing import Literal

from feeds.history.draft import role
from feeds.history.draft.column import ColumnSurvey
from feeds.history.draft.outcomes import outcome
from feeds.history.draft.survey import Columns, Survey
from feeds.history.source import SourceError

FEW, SELDOM = 100, 5
"""A column may hold activities even if its name gives no hint. Such a column must have at most FEW different texts, and
each text must occur at least SELDOM times on average.
"""
CASES_MIN = 5
"""If a time never varies in so many cases with several rows, the time is not the time of an event."""
SURE_RANK = 2
MOMENTS = ("submitted", "deadline", "concluded")
BIRTH_SPAN, BIRTH_BEFORE = 20, 15  # years


@dataclass(slots=True)
class Choice:
    """The chosen columns. `key` is empty if each row is a separate case.

    If `by_content` is true, the activity column was chosen by its content. Otherwise it was chosen by its name. If the
    rows of a log have two times, `started` is the column with the start. `state` is the column that says how a case
    ended. `rivals` holds the columns that could also be the case id. `lifecycle` is the column that says whether an
    activity was started or completed. `unused` maps a column with times that are no steps to the reason.
    """

    shape: Literal["event", "case"]
    key: list[str] = field(default_factory=list)
    activity: ColumnSurvey | None = None
    at: ColumnSurvey | None = None
    by_content: bool = False
    started: ColumnSurvey | None = None
    lifecycle: ColumnSurvey | None = None
    submitted: ColumnSurvey | None = None
    deadline: ColumnSurvey | None = None
    concluded: ColumnSurvey | None = None
    state: ColumnSurvey | None = None
    times: list[ColumnSurvey] = field(default_factory=list)
    rivals: list[ColumnSurvey] = field(default_factory=list)
    unused: dict[str, str] = field(default_factory=dict)

    @property
    def moments(self) -> list[ColumnSurvey]:
        return [column for column in (self.submitted, self.deadline, self.concluded) if column]

    @property
    def dating(self) -> list[ColumnSurvey]:
        """Returns the columns that contain times of events."""
        return [column for column in (self.submitted, self.concluded, self.started, self.at, *self.times) if column]


def choose(survey: Survey) -> Choice:
    """Chooses the columns. Raises SourceError if no column contains times."""
    columns = [*survey.cases.values(), *survey.rows.values()]
    births = _births([column for column in columns if column.is_step])
    unused = {column.name: column.no_step for column in columns if column.is_time and column.no_step}
    unused |= {column.name: "looks like dates of births" for column in births}
    if survey.table:
        unused |= {part: "is joined" for parts in survey.table.join.values() for part in parts}
    if not any(column.is_time and column.name not in unused for column in columns):
        raise SourceError(
            survey.file, "the file", "no column contains times", "a log, with at least one column of times of events"
        )
    choice = _of_table(survey, unused) if survey.table else _of_log(survey, unused)
    choice.unused = {name: why for name, why in unused.items() if why and why != "is joined"}
    return choice


def _births(times: list[ColumnSurvey]) -> list[ColumnSurvey]:
    """Returns the columns that look like dates of births by their content: dates without times of day, over many years,
    and long before the other times.
    """
    dated = [column for column in times if column.moments.years]
    newest = max((column.moments.typical_year for column in dated), default=0)
    return [
        column
        for column in dated
        if not column.moments.has_clocks
        and column.moments.span_of_years >= BIRTH_SPAN
        and column.moments.typical_year <= newest - BIRTH_BEFORE
    ]


def _of_log(survey: Survey, unused: dict[str, str]) -> Choice:
    choice = Choice("event")
    if "concept:name" in survey.cases:
        choice.key = ["concept:name"]
    else:
        keys = _keys(survey.cases, 0)
        choice.key = [keys[0].name] if keys else []
    choice.activity = survey.rows.get("concept:name") or _named_activity(survey.rows)
    choice.lifecycle = survey.rows.get("lifecycle:transition")
    stamp = survey.rows.get("time:timestamp")
    rows = [column for column in survey.rows.values() if column.name not in unused]
    choice.at = stamp if stamp and stamp.is_time else _event_time(rows) or stamp
    rest = [column for column in survey.cases.values() if column.is_time and column.name not in unused]
    rest = _take_moments(choice, rest)
    if not choice.at or not choice.at.is_time:
        choice.times = rest
    return choice


def _of_list(survey: Survey, unused: Container[str]) -> Choice | None:
    """Returns the choice for records with a list, for example requests with notes. Each element of the list is an event
    of its record. Returns None if the table has no such list.
    """
    within = {name: column for name, column in survey.rows.items() if name.startswith(f"{survey.marker}.")}
    times = [column for column in within.values() if column.is_time and column.name not in unused]
    if not survey.marker or not times:
        return None
    about = {name: column for name, column in survey.rows.items() if name not in within and name != survey.marker}
    keys = _keys(about, 0)
    words = [
        column
        for column in within.values()
        if not (column.is_time or column.is_free_text_by_content or column.is_personal)
        and not (column.overflowing or column.numeric)
    ]
    named = _best(words, "activity") or _best(words, "state")
    activity = named or min(words, key=lambda column: (-column.filled, column.different), default=None)
    choice = Choice("event", [keys[0].name] if keys else [], activity, by_content=activity is not named)
    choice.at = _event_time(times)
    _take_moments(choice, [column for column in about.values() if column.is_time and column.name not in unused])
    choice.rivals = keys[1:]
    return choice


def _of_table(survey: Survey, unused: dict[str, str]) -> Choice:
    if choice := _of_list(survey, unused):
        return choice
    columns = survey.rows
    times = [column for column in columns.values() if column.is_time and column.name not in unused]
    choice = _parted(survey, times)
    if choice.shape == "event":
        _take_event_times(survey, choice, times)
        taken = (choice.at, choice.started)
        _take_moments(choice, [column for column in times if column not in taken])
        choice.lifecycle = next((column for column in columns.values() if _is_lifecycle(column)), None)
    else:
        choice.times = _take_moments(choice, times)
        _take_end(choice, columns)
    choice.rivals = [column for column in _keys(columns, survey.count / 2) if column.name not in choice.key]
    return choice


def _is_lifecycle(column: ColumnSurvey) -> bool:
    return role.has(column.name, "lifecycle") and not column.overflowing


def _take_event_times(survey: Survey, choice: Choice, times: list[ColumnSurvey]) -> None:
    """Chooses the time of the event, and the time of its start if the rows have both. A time that never varies within a
    case is not chosen if another time varies.
    """
    sample = survey.samples.get(choice.key[0]) if choice.key else None
    varying = [column for column in times if sample and sample.varying(survey.place(column))]
    choice.at = _event_time(varying or times)
    done, begun = _best(varying, "done"), _best(varying, "begun")
    if done and begun and done is not begun:
        choice.at, choice.started = done, begun


def _take_end(choice: Choice, columns: Columns) -> None:
    """Chooses the column that says how a case ended. If no column dates the end of a case, but a column has the state
    of the case, the time of the last change dates this state.
    """
    changed = _best(choice.times, "changed")
    states = _states(columns)
    if choice.concluded:
        precise = {column.name: sum(_outcomes(column, "concluded").values()) for column in states}
        states = [column for column in states if precise[column.name]]
        choice.state = max(states, key=lambda column: precise[column.name], default=None)
        return
    choice.state = _first(states, lambda column: bool(_outcomes(column)))
    if choice.state and changed:
        choice.concluded = changed
        choice.times.remove(changed)


def _outcomes(column: ColumnSurvey, *but: str) -> dict[str, int]:
    """Returns the words of a column that have a fixed meaning, with their counts."""
    return {word: count for word, count in column.words.items() if outcome(word) and outcome(word) not in but}


def _parted(survey: Survey, times: list[ColumnSurvey]) -> Choice:
    """Decides whether a row is an event or a case, and chooses the columns for the case id and the activity."""
    columns, rows = survey.rows, survey.count
    keys = _keys(columns, rows / 2)
    unique, repeating = _first(keys, lambda key: key.unique), _first(keys, lambda key: not key.unique)
    activity = _named_activity(columns)
    state = next(iter(_states(columns)), None)
    better = unique and (not repeating or role.case_rank(unique.name) > role.case_rank(repeating.name))
    if repeating and not better and _same_in_each_case(survey, repeating, times):
        return Choice("case", [repeating.name])
    if activity and repeating and not (better and len(times) > 1):
        return Choice("event", [repeating.name], activity)
    if unique and activity and len(times) == 1 and role.case_rank(unique.name) > 1:
        return Choice("event", [unique.name], activity)
    if repeating and state and not better and role.case_rank(repeating.name) >= SURE_RANK:
        return Choice("event", [repeating.name], state)
    if unique:
        return Choice("case", [unique.name])
    if repeating:
        event = state if len(times) == 1 else None
        return Choice("event" if event else "case", [repeating.name], event)
    return _by_content(columns, activity, len(times), rows)


def _same_in_each_case(survey: Survey, key: ColumnSurvey, times: list[ColumnSurvey]) -> bool:
    """Returns whether each time column is named after a moment of the case, and has one text for all rows of a case."""
    sample = survey.samples.get(key.name)
    return (
        sample is not None
        and all(any(role.has(column.name, moment) for moment in MOMENTS) for column in times)
        and len(sample.several) >= CASES_MIN
        and not any(sample.varying(survey.place(column)) for column in times)
    )


def _by_content(columns: Columns, activity: ColumnSurvey | None, times: int, rows: int) -> Choice:
    """Returns the choice for a table in which no column name suggests a case id. If one column holds the activities, a
    column with repeated texts may be the case id. Some of these tables also have no column name that suggests
    activities. If exactly one column of such a table has few different texts, and the table has one time column, the
    column with few texts holds the activities.
    """
    texts = [
        column
        for column in columns.values()
        if not (column.is_time or column.is_clock or column is activity or column.is_row_number)
        and not (column.is_personal or column.is_free_text)
    ]
    few = [
        column
        for column in texts
        if not column.overflowing and not column.numeric and 1 < column.different <= min(FEW, rows / SELDOM)
    ]
    chosen = activity or (few[0] if len(few) == 1 and times == 1 else None)
    full = [column for column in texts if column is not chosen and column.filled >= rows]
    repeating = [column for column in full if not column.unique and column.different > rows / FEW]
    if chosen:
        key = max(repeating, key=lambda column: column.different, default=None)
        if key or activity:
            return Choice("event", [key.name] if key else [], chosen, by_content=chosen is not activity)
    unique = _first(full, lambda column: column.unique)
    return Choice("case", [unique.name] if unique else [])


def _keys(columns: Columns, filled: float) -> list[ColumnSurvey]:
    """Returns the columns that may be the case id. The most likely column comes first. Row numbers, free text and
    columns about persons are no case ids.
    """
    named = [
        column
        for column in columns.values()
        if role.case_rank(column.name)
        and not (column.is_time or column.is_row_number or column.is_free_text or column.is_personal)
        and (column.filled >= filled or column.filled_down)
        and column.different > 1
    ]
    return sorted(named, key=lambda column: (-role.case_rank(column.name), -column.different))


def _named_activity(columns: Columns) -> ColumnSurvey | None:
    words = (c for c in columns.values() if not (c.is_time or c.is_free_text or c.looks_personal))
    return _best(words, "activity")


def _states(columns: Columns) -> list[ColumnSurvey]:
    """Returns the columns that may have the state of the case. The most likely column comes first."""
    words = [c for c in columns.values() if not (c.is_time or c.is_free_text or c.is_personal or c.overflowing)]
    placed = [(place, column.name) for column in words if (place := role.place(column.name, "state")) is not None]
    return [columns[name] for _, name in sorted(placed)]


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
