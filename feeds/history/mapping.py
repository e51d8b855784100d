"""The mapping of an agency's log: the meaning of its columns and words. People write it in TOML.

Columns that the mapping does not name are dropped. If the mapping names an office or a service that the registry does
not have, the import registers it, marked as imported.
"""

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from domain.codes import Advice, Channel, Kind, Receiver, Remedy
from feeds.history.vocabulary import STAGE_CODE_LONGEST

_SLUG = r"^(?=[0-9-]*[a-z])[a-z0-9]+(-[a-z0-9]+)*$"

Slug = Annotated[str, Meta(pattern=_SLUG, max_length=63)]
PublishedText = Annotated[str, Meta(min_length=1, max_length=200)]
TimeOfDay = Annotated[str, Meta(pattern=r"^\d\d:\d\d:\d\d$")]
MappedStageCode = Annotated[str, Meta(pattern=_SLUG, max_length=STAGE_CODE_LONGEST)]

Side = Literal["earlier", "later", "leave_out"]


class Table(msgspec.Struct, forbid_unknown_fields=True):
    pass


class Csv(Table, kw_only=True):
    """The format of a CSV file. `shape` says whether a row is an event, or a case with the times of the case in
    columns.
    """

    shape: Literal["event", "case"] = "event"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    encoding: str = "utf-8"


class SourceOffice(Table, kw_only=True):
    """An office of the source, with its code in Jejak."""

    code: Slug
    id: PublishedText
    en: PublishedText


class Offices(Table, kw_only=True):
    """The offices. `column` names the case's column that holds the office. `values` maps each value of that column to
    an office. `default` is the office where the value is empty.
    """

    agency: Slug
    column: str | None = None
    values: dict[str, SourceOffice] = field(default_factory=dict)
    default: SourceOffice | None = None
    others: list[SourceOffice] = field(default_factory=list)

    def all(self) -> dict[str, SourceOffice]:
        """All offices of the mapping, by code."""
        named = [*self.values.values(), *self.others, *([self.default] if self.default else [])]
        return {office.code: office for office in named}


class Channels(Table, kw_only=True):
    column: str | None = None
    values: dict[str, Channel] = field(default_factory=dict)
    default: Channel = Channel.UNKNOWN


class Service(Table, kw_only=True):
    """The service of all cases. Its stages come from the activities."""

    code: Slug
    id: PublishedText
    en: PublishedText
    kind: Kind = Kind.LICENSING
    sensitive: bool = False
    free_order: bool = True


class Spelling(Table, kw_only=True):
    """The spelling of a column's times.

    `formats` are tried in order: "iso", "epoch", "epoch_ms", or a pattern of strptime. `day_at` lists local times of
    day that mean only "on that day", for example 00:00:00.
    """

    day_at: list[TimeOfDay] = field(default_factory=list)
    formats: list[str] = field(default_factory=lambda: ["iso"])


class TimeColumn(Spelling, kw_only=True):
    """A time in a column of the case."""

    column: str


class Activity(Table, kw_only=True):
    """The meaning of one word: an event, or a stage."""

    event: str = "stage"
    stage: MappedStageCode | None = None
    to: Slug | None = None
    advice: Advice = Advice.UNKNOWN
    reason: str | None = None
    remedy: Remedy | None = None
    receiver: Receiver | None = None


class Times(TimeColumn, kw_only=True):
    """A column of times of the case.

    Each time is an event. Without `by`, every time is the same event. With `by`, the word in the column `by` decides
    which event the time is.
    """

    event: Activity | str = "stage"
    by: str | None = None
    values: dict[str, Activity | str] = field(default_factory=dict)

    def meanings(self) -> dict[str, Activity]:
        """Maps each word of the column `by` to an activity. Without `by`, the only key is the name of the column of
        times.
        """
        return activities_of(self.values if self.by else {self.column: self.event})


class Events(Spelling, kw_only=True):
    """The columns of events. `id` is a column with an event id that is unique within its case. Without an event id, the
    content of an event identifies the event.
    """

    activity: str = "concept:name"
    at: str = "time:timestamp"
    id: str | None = None


class Mapping(Table, kw_only=True):
    """A mapping. `doubled` is the policy for local times that occur twice in `zone`. `missing` is the policy for local
    times that never occur in `zone`. `undated` is the day of a case without any time.
    """

    source: Slug
    zone: str
    case: str | list[str] = "concept:name"
    doubled: Side | None = None
    missing: Side | None = None
    weekends: Literal["keep", "leave_out"] = "keep"
    empty_time: Literal["refuse", "previous", "leave_out"] = "refuse"
    unreadable_time: Literal["refuse", "empty", "leave_out"] = "refuse"
    empty_case: Literal["refuse", "each"] = "refuse"
    undated: date | None = None
    csv: Csv = field(default_factory=Csv)
    service: Service
    offices: Offices
    channels: Channels = field(default_factory=Channels)
    submitted: TimeColumn | None = None
    deadline: TimeColumn | None = None
    concluded: TimeColumn | None = None
    times: list[Times] = field(default_factory=list)
    events: Events = field(default_factory=Events)
    activities: dict[str, Activity | str] = field(default_factory=dict)

    def key_columns(self) -> list[str]:
        """The columns that together are the case id."""
        return [self.case] if isinstance(self.case, str) else self.case

    def stated_times(self) -> list[tuple[str, Times]]:
        """The time columns of a case that are events, each with the name that is used in its record's content."""
        stated = [(times.column, times) for times in self.times]
        if self.concluded:
            end = self.concluded
            stated.append(
                ("concluded", Times(column=end.column, event="concluded", day_at=end.day_at, formats=end.formats))
            )
        return stated

    def submission_columns(self) -> set[str]:
        """The columns that identify a submission: all columns of the case except times of later events."""
        later = {times.column for _, times in self.stated_times()}
        moments = {moment.column for moment in (self.submitted, self.deadline) if moment}
        named = {column for column in (self.offices.column, self.channels.column) if column}
        return ({*self.key_columns()} | moments | named) - later

    def case_columns(self) -> set[str]:
        stated = {column for _, times in self.stated_times() for column in (times.column, times.by) if column}
        return self.submission_columns() | stated

    def event_columns(self) -> set[str]:
        return {self.events.activity, self.events.at} | ({self.events.id} if self.events.id else set())

    def table_columns(self) -> set[str]:
        """The columns that the header of a CSV file must have."""
        return self.case_columns() | (self.event_columns() if self.csv.shape == "event" else set())


def activities_of(values: dict[str, Activity | str]) -> dict[str, Activity]:
    """Maps each word to its activity. If the value of a word is only a text, the text is the name of an event."""
    return {word: Activity(event=each) if isinstance(each, str) else each for word, each in values.items()}
