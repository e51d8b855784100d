"""The mapping of an agency's log gives the meaning of the log's columns and words. People write the mapping in TOML.

If the mapping does not name a column, the column is dropped. The mapping may name an office or a service that the
registry does not have. Then the import registers this office or service, and marks it as imported.
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

LineNumber = Annotated[int, Meta(ge=1)]

Side = Literal["earlier", "later", "leave_out"]
Transition = Literal["planned", "entered", "completed", "ended"]
Share = Annotated[float, Meta(ge=0, le=1)]

EMPTY_WORDS = (
    *("NULL", "(NULL)", "<NULL>", r"\N", "None", "nil", "NaN", "NaT", "-", "--", "\u2013", "\u2014", "&nbsp;"),
    *("0000-00-00", "belum", "belum selesai", "belum ada", "tidak ada", "kosong", "nihil"),
)
"""The words that mean that a cell is empty, if the mapping has no list of its own."""


class Table(msgspec.Struct, forbid_unknown_fields=True):
    pass


class Csv(Table, kw_only=True):
    """The format of a table. If `shape` is "event", each row is an event. If `shape` is "case", each row is a case, and
    the times of the case are in columns.

    Rows are named by the numbers of their lines, counted from 1. `header_row` is the row with the names of the columns,
    or several such rows. `skip_rows` holds rows that are no data, or the first texts of such rows; a text may be a
    pattern. Without `skip_rows`, a row that looks like a total or a repeated header is refused. `fill_down` names
    columns with merged cells: an empty cell gets the text of the row above. `join` makes new columns: it maps the name
    of a new column to the columns whose texts are joined.
    """

    shape: Literal["event", "case"] = "event"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    encoding: str = "utf-8"
    header_row: LineNumber | list[LineNumber] | None = None
    skip_rows: list[LineNumber | str] | None = None
    fill_down: list[str] = field(default_factory=list)
    join: dict[str, list[str]] = field(default_factory=dict)

    def header_rows(self) -> list[int]:
        """Returns the numbers of the rows with the names. The list is empty if the first row that is not blank has the
        names.
        """
        rows = self.header_row
        return [] if rows is None else [rows] if isinstance(rows, int) else rows


class SourceOffice(Table, kw_only=True):
    """Describes an office of the source. `code` is the office's code in Jejak."""

    code: Slug
    id: PublishedText
    en: PublishedText


class Offices(Table, kw_only=True):
    """The offices. `column` is the name of the column that contains the office of the case. `values` maps each value of
    that column to an office. `default` is the office if the value is empty.
    """

    agency: Slug
    column: str | None = None
    values: dict[str, SourceOffice] = field(default_factory=dict)
    default: SourceOffice | None = None
    others: list[SourceOffice] = field(default_factory=list)

    def all(self) -> dict[str, SourceOffice]:
        """Returns a dictionary with all offices of the mapping. The keys are the codes of the offices."""
        named = [*self.values.values(), *self.others, *([self.default] if self.default else [])]
        return {office.code: office for office in named}


class Channels(Table, kw_only=True):
    column: str | None = None
    values: dict[str, Channel] = field(default_factory=dict)
    default: Channel = Channel.UNKNOWN


class MappedService(Table, kw_only=True):
    """All cases are applications for this service. The activities become the stages of the service."""

    code: Slug
    id: PublishedText
    en: PublishedText
    kind: Kind = Kind.LICENSING
    sensitive: bool = False
    free_order: bool = True


class Spelling(Table, kw_only=True):
    """The formats of the times in a column.

    `formats` are tried in order. A format is a word such as "iso" or "dmy", or a pattern of strptime. `day_at` lists
    local times of day, for example 00:00:00. If a time in the file falls on one of these times of day, only its day is
    known.
    """

    day_at: list[TimeOfDay] = field(default_factory=list)
    formats: list[str] = field(default_factory=lambda: ["iso"])


class TimeColumn(Spelling, kw_only=True):
    """Describes a column that contains a time of the case."""

    column: str


class Applicant(Spelling, kw_only=True):
    """The columns with the personal data of the applicant. An import stores this data only in the sealed part of the
    submission. `formats` are the formats of the date of birth.
    """

    name: str | None = None
    nik: str | None = None
    birth_date: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None

    def fields(self) -> list[tuple[str, str]]:
        """Returns each field that has a column, with its column."""
        columns = {
            "name": self.name,
            "nik": self.nik,
            "birth_date": self.birth_date,
            "phone": self.phone,
            "email": self.email,
            "address": self.address,
        }
        return [(field, column) for field, column in columns.items() if column]


class Activity(Table, kw_only=True):
    """Says what one word of the source means. A word means an event or a stage. `id` and `en` are the names of the
    stage. Without these names, the word is the name.
    """

    event: str = "stage"
    stage: MappedStageCode | None = None
    to: Slug | None = None
    advice: Advice = Advice.UNKNOWN
    reason: str | None = None
    remedy: Remedy | None = None
    receiver: Receiver | None = None
    id: PublishedText | None = None
    en: PublishedText | None = None


class Times(TimeColumn, kw_only=True):
    """Describes a column of times that become events.

    Every time in the column becomes an event. If `by` is None, all these events are of the same kind. Otherwise `by` is
    the name of a second column, and the word in this second column decides the kind of event.
    """

    event: Activity | str = "stage"
    by: str | None = None
    values: dict[str, Activity | str] = field(default_factory=dict)

    def meanings(self) -> dict[str, Activity]:
        """If `by` is the name of a column, maps each word of that column to an activity. Otherwise the result has only
        one key, which is the name of the time column.
        """
        return activities_of(self.values if self.by else {self.column: self.event})


class Events(Spelling, kw_only=True):
    """The columns of events. `id` is the name of a column with event ids. An event id must be unique within its case.
    Without event ids, the content of an event identifies the event.

    `started` is the column with the start, if each row has the start and the end of an activity. `lifecycle` is the
    column that says which transition of the activity a row reports, and `transitions` gives the meaning of its words.
    """

    activity: str = "concept:name"
    at: str = "time:timestamp"
    id: str | None = None
    started: str | None = None
    lifecycle: str | None = None
    transitions: dict[str, Transition | Literal["leave_out"]] = field(default_factory=dict)


class Mapping(Table, kw_only=True):
    """A mapping. `doubled` is the policy for local times that occur twice in `zone`. `missing` is the policy for local
    times that never occur in `zone`. `undated` is the day that is used for a case without any time.

    `empty_submission` is the policy for a case without a time in the column of `submitted`. `replaced_at_most` is the
    largest share of rows that may get another time than their own, by the policies of the mapping. `empty_words` are
    the words of the file that mean that there is no value.

    A file may hold several tables. `sheet` names the sheet of a workbook. `table` names the table of a database or of
    an SQL dump, the list of a JSON document, or the type of an object in OCEL.
    """

    source: Slug
    zone: str
    case: str | list[str] = "concept:name"
    doubled: Side | None = None
    missing: Side | None = None
    weekends: Literal["keep", "leave_out"] = "keep"
    empty_time: Literal["refuse", "previous", "leave_out"] = "refuse"
    unreadable_time: Literal["refuse", "empty", "leave_out"] = "refuse"
    empty_submission: Literal["refuse", "first_event", "leave_out"] = "refuse"
    empty_case: Literal["refuse", "each"] = "refuse"
    empty_words: list[str] = field(default_factory=lambda: [*EMPTY_WORDS])
    replaced_at_most: Share = 0.01
    undated: date | None = None
    sheet: str | None = None
    table: str | None = None
    csv: Csv = field(default_factory=Csv)
    service: MappedService
    offices: Offices
    channels: Channels = field(default_factory=Channels)
    applicant: Applicant | None = None
    submitted: TimeColumn | None = None
    deadline: TimeColumn | None = None
    concluded: TimeColumn | None = None
    times: list[Times] = field(default_factory=list)
    events: Events = field(default_factory=Events)
    activities: dict[str, Activity | str] = field(default_factory=dict)

    @property
    def part(self) -> str | None:
        """Returns the name of the table, if the mapping names one."""
        return self.table if self.sheet is None else self.sheet

    def key_columns(self) -> list[str]:
        """Returns the columns that together form the case id."""
        return [self.case] if isinstance(self.case, str) else self.case

    def stated_times(self) -> list[tuple[str, Times]]:
        """Returns the time columns of a case that become events. Each column is returned together with a name. This
        name becomes a part of the record's content.
        """
        stated = [(times.column, times) for times in self.times]
        if self.concluded:
            end = self.concluded
            stated.append(
                ("concluded", Times(column=end.column, event="concluded", day_at=end.day_at, formats=end.formats))
            )
        return stated

    def submission_columns(self) -> set[str]:
        """Returns the columns that identify a submission. These are all columns of the case, except the columns with
        times of later events.
        """
        later = {times.column for _, times in self.stated_times()}
        moments = {moment.column for moment in (self.submitted, self.deadline) if moment}
        named = {column for column in (self.offices.column, self.channels.column) if column}
        return ({*self.key_columns()} | moments | named) - later

    def case_columns(self) -> set[str]:
        stated = {column for _, times in self.stated_times() for column in (times.column, times.by) if column}
        personal = {column for _, column in self.applicant.fields()} if self.applicant else set()
        return self.submission_columns() | stated | personal

    def event_columns(self) -> set[str]:
        columns = self.events
        optional = {column for column in (columns.id, columns.started, columns.lifecycle) if column}
        return {columns.activity, columns.at} | optional

    def table_columns(self) -> set[str]:
        """Returns the columns that the header of a CSV file must have."""
        return self.case_columns() | (self.event_columns() if self.csv.shape == "event" else set())


def activities_of(values: dict[str, Activity | str]) -> dict[str, Activity]:
    """Maps each word to its activity. In `values`, a word may have a plain text instead of an activity. This text is
    the name of an event.
    """
    return {word: Activity(event=each) if isinstance(each, str) else each for word, each in values.items()}
