"""The proof of a draft: a second pass over the file checks the choice of columns in each case. The second pass also
counts the cases for which the draft needs a policy.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import msgspec

from feeds.history.case_grouping import TooManyRows
from feeds.history.draft.choice import Choice
from feeds.history.draft.column import EMPTY
from feeds.history.draft.labels import Labels, label_columns
from feeds.history.draft.moments import zone_of
from feeds.history.draft.paths import Paths
from feeds.history.draft.survey import Survey
from feeds.history.file_format import read_cases
from feeds.history.mapping import Csv, Events, MappedService, Mapping, Offices, SourceOffice, Spelling
from feeds.history.source import SourceCase, SourceEvent
from feeds.history.time_parsing import TimeReader, TimeUnclear


@dataclass(slots=True)
class Proof:
    """`nameless` is the number of cases without a case id. `undated` is the number of cases without a time.
    `unsubmitted` is the number of cases that have a time, but no time of submission.

    `first` is the day (UTC) of the earliest time in the file. `zone` is the zone of the draft. `zone_is_sure` is true
    if the offsets of the file fit this zone.
    """

    zone: str
    zone_is_sure: bool
    nameless: int = 0
    undated: int = 0
    unsubmitted: int = 0
    first: date | None = None
    paths: Paths = field(default_factory=Paths)
    labels: Labels = field(default_factory=Labels)


Told = tuple[int | None, str, datetime]
"""A time of a case: the place of its event in the case, or None; its column; and its instant."""


def prove(survey: Survey, choice: Choice, zone: str, progress: Callable[[int], None]) -> tuple[Choice, Proof]:
    """Returns two values: the corrected choice, and the proof. The corrected choice lacks the columns that the second
    pass found wrong. `zone` is the zone of the installation. Raises SourceError.
    """
    found, sure = zone_of([column.moments for column in (*choice.dating, *choice.moments)], zone)
    try:
        return _proven(survey, choice, Proof(found, sure), progress)
    except TooManyRows:
        return _proven(survey, replace(choice, key=[]), Proof(found, sure), progress)


def _proven(survey: Survey, choice: Choice, proof: Proof, progress: Callable[[int], None]) -> tuple[Choice, Proof]:
    mapping = _mapping(survey, choice, proof.zone)
    proof.labels = Labels(label_columns(survey, choice))
    varying: set[str] = set()
    clocks = {column.name: TimeReader(mapping, Spelling(formats=column.formats)) for column in choice.dating}
    for case in read_cases(survey.file, mapping, progress=progress):
        proof.nameless += all(case.attributes.get(column, "") in EMPTY for column in choice.key)
        times = list(_times(case, clocks))
        days = [at.date() for _, _, at in times]
        proof.undated += not days
        if days and choice.submitted:
            stated = {choice.submitted.name: clocks[choice.submitted.name]}
            proof.unsubmitted += not any(_times(SourceCase(case.attributes, [], case.line), stated))
        proof.first = min([*days, proof.first] if proof.first else days, default=None)
        _see_path(case, choice, times, proof)
        if survey.table:
            varying |= _varying(case, choice)
    return _without(choice, varying), proof


def _see_path(case: SourceCase, choice: Choice, times: list[Told], proof: Proof) -> None:
    """Notes in which order the case has its words, and whether a column dates its end."""
    ended = any(choice.concluded and name == choice.concluded.name for _, name, _ in times)
    words: list[str] = []
    if choice.activity and choice.at:
        at, activity = choice.at.name, choice.activity.name
        told = sorted((row for row in times if row[1] == at and row[0] is not None), key=lambda row: row[2])
        words = [case.events[row].attributes.get(activity, "") for row, _, _ in told if row is not None]
    proof.paths.see(words, ended=ended)
    for event in case.events:
        proof.labels.see(choice.activity.name if choice.activity else "", event.attributes)


def _mapping(survey: Survey, choice: Choice, zone: str) -> Mapping:
    """Returns a minimal mapping with which the cases can be read."""
    written = msgspec.structs.replace(survey.table or Csv(), shape=choice.shape)
    return Mapping(
        source="draft",
        zone=zone,
        case=choice.key,
        table=survey.part,
        csv=written,
        service=MappedService(code="draft", id="draft", en="draft"),
        offices=Offices(agency="draft", default=SourceOffice(code="draft", id="draft", en="draft")),
        events=Events(
            activity=choice.activity.name if choice.activity else "concept:name",
            at=choice.at.name if choice.at else "time:timestamp",
        ),
    )


def _times(case: SourceCase, clocks: dict[str, TimeReader]) -> Iterator[Told]:
    """Yields each readable time of a case."""
    of_case = [(None, case.attributes), *((None, row.attributes) for row in case.rows)]
    for place, attributes in (*of_case, *((place, event.attributes) for place, event in enumerate(case.events))):
        for name, clock in clocks.items():
            if text := attributes.get(name):
                with suppress(TimeUnclear):
                    if read := clock.read(text):
                        yield place, name, read[0]


def _varying(case: SourceCase, choice: Choice) -> set[str]:
    """Returns the columns that were wrongly chosen for a time of the case. A column is wrong if the rows of the case
    contain different values in this column.

    In a table of cases, a case may have several rows. Then the submission column counts as wrong, and the draft makes
    an event from every time in this column.
    """
    rows = case.rows or case.events
    columns = [choice.submitted] if case.rows and choice.submitted else choice.moments
    return {column.name for column in columns if len(_values(rows, column.name)) > 1}


def _values(rows: list[SourceEvent], column: str) -> set[str]:
    """Returns the values of a column in the rows of a case. Empty cells and empty words are no values."""
    return {text for row in rows if (text := row.attributes.get(column, "")) not in EMPTY}


def _without(choice: Choice, varying: set[str]) -> Choice:
    submitted, deadline, concluded = (
        None if column and column.name in varying else column
        for column in (choice.submitted, choice.deadline, choice.concluded)
    )
    again = [choice.submitted] if choice.submitted and not submitted and choice.shape == "case" else []
    return replace(choice, submitted=submitted, deadline=deadline, concluded=concluded, times=[*again, *choice.times])
