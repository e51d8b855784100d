"""The proof of a draft: a second pass over the file checks the choice of columns in each case. The second pass also
counts the cases for which the draft needs a policy.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date

from feeds.history.case_grouping import TooManyRows
from feeds.history.draft.choice import Choice
from feeds.history.draft.column import EMPTY
from feeds.history.draft.survey import Survey
from feeds.history.file_format import read_cases
from feeds.history.mapping import Csv, Events, MappedService, Mapping, Offices, SourceOffice, Spelling
from feeds.history.source import SourceCase
from feeds.history.time_parsing import TimeReader, TimeUnclear

ZONE = "UTC"


@dataclass(slots=True)
class Proof:
    """`nameless` is the number of cases without a case id. `undated` is the number of cases without a time.
    `unsubmitted` is the number of cases that have a time, but no time of submission.

    `first` is the day (UTC) of the earliest time in the file.
    """

    nameless: int = 0
    undated: int = 0
    unsubmitted: int = 0
    first: date | None = None


def prove(survey: Survey, choice: Choice, progress: Callable[[int], None]) -> tuple[Choice, Proof]:
    """Returns two values: the corrected choice, and the proof. The corrected choice lacks the columns that the second
    pass found wrong. Raises SourceError.
    """
    try:
        return _proven(survey, choice, progress)
    except TooManyRows:
        return _proven(survey, replace(choice, key=[]), progress)


def _proven(survey: Survey, choice: Choice, progress: Callable[[int], None]) -> tuple[Choice, Proof]:
    mapping, proof = _mapping(survey, choice), Proof()
    varying: set[str] = set()
    clocks = {column.name: TimeReader(mapping, Spelling(formats=column.formats)) for column in choice.dating}
    for case in read_cases(survey.file, mapping, progress=progress):
        proof.nameless += all(case.attributes.get(column, "") in EMPTY for column in choice.key)
        days = list(_days(case, clocks))
        proof.undated += not days
        if days and choice.submitted:
            stated = {choice.submitted.name: clocks[choice.submitted.name]}
            proof.unsubmitted += not any(_days(SourceCase(case.attributes, [], case.line), stated))
        proof.first = min([*days, proof.first] if proof.first else days, default=None)
        if survey.table:
            varying |= _varying(case, choice)
    return _without(choice, varying), proof


def _mapping(survey: Survey, choice: Choice) -> Mapping:
    """Returns a minimal mapping with which the cases can be read."""
    written = survey.table or Csv()
    return Mapping(
        source="draft",
        zone=ZONE,
        case=choice.key,
        csv=Csv(shape=choice.shape, delimiter=written.delimiter, encoding=written.encoding),
        service=MappedService(code="draft", id="draft", en="draft"),
        offices=Offices(agency="draft", default=SourceOffice(code="draft", id="draft", en="draft")),
        events=Events(
            activity=choice.activity.name if choice.activity else "concept:name",
            at=choice.at.name if choice.at else "time:timestamp",
        ),
    )


def _days(case: SourceCase, clocks: dict[str, TimeReader]) -> Iterator[date]:
    """Yields the day of each readable time of a case."""
    for attributes in (case.attributes, *(row.attributes for row in (*case.rows, *case.events))):
        for name, clock in clocks.items():
            if text := attributes.get(name):
                with suppress(TimeUnclear):
                    if read := clock.read(text):
                        yield read[0].date()


def _varying(case: SourceCase, choice: Choice) -> set[str]:
    """Returns the columns that were wrongly chosen for a time of the case. A column is wrong if the rows of the case
    contain different values in this column.

    In a table of cases, a case may have several rows. Then the submission column counts as wrong, and the draft makes
    an event from every time in this column.
    """
    if case.rows:
        return {choice.submitted.name} if choice.submitted and len(case.rows) > 1 else set()
    return {column.name for column in choice.moments if len(_values(case, column.name)) > 1}


def _values(case: SourceCase, column: str) -> set[str]:
    """Returns the values of a column in the rows of a case. Empty cells and empty words are no values."""
    return {text for row in case.events if (text := row.attributes.get(column, "")) not in EMPTY}


def _without(choice: Choice, varying: set[str]) -> Choice:
    submitted, deadline, concluded = (
        None if column and column.name in varying else column
        for column in (choice.submitted, choice.deadline, choice.concluded)
    )
    again = [choice.submitted] if choice.submitted and not submitted and choice.shape == "case" else []
    return replace(choice, submitted=submitted, deadline=deadline, concluded=concluded, times=[*again, *choice.times])
