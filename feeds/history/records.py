"""Turns a case of a source into the records of one application. The records are in order, and each record has an
identity.

The submission comes first. All records after the submission are sorted by time. Records with the same time keep the
order of the source. If the same case is read again, the records are the same.
"""

from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from domain.application import events
from domain.application.admit import SourceRecord
from domain.application.events import ApplicationEvent
from domain.codes import Channel, Role
from domain.json_values import instant
from domain.provenance import Act, Promise
from domain.registry.calendar import Unit
from domain.registry.registry import Registry
from feeds.history.activity_mapping import in_transition, meaning
from feeds.history.applicant import ApplicantReader
from feeds.history.case_key import CaseKeys
from feeds.history.empty_words import EmptyWords
from feeds.history.mapping import Activity, Mapping, Transition, activities_of
from feeds.history.source import Log, SourceCase, SourceError, SourceEvent
from feeds.history.time_formats.written import spaced
from feeds.history.time_parsing import ReadTime, TimeReader, TimeUnclear
from feeds.history.time_policy import LeftOut, Policy, Replaced, neighbours
from feeds.history.vocabulary import Unknown, Words
from service_layer.import_case import Content, ImportCase, ImportItem

NEVER_STORED = events.Concluded()
"""A placeholder event for a word that is not in the mapping.

The file is refused because of such words, but only after the whole file is read.
"""


STARTED: tuple[str, Transition] = ("\tstarted", "entered")


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """Holds one event that the source contains. `at` is None if the source gives no time. `spelled` is the content as
    the source spells it.
    """

    event: ApplicationEvent
    spelled: Content
    at: ReadTime | None
    own_id: str | None = None

    def content(self) -> Content:
        """Returns the content that was read. So the same event has the same content in every spelling."""
        return {"activity": _folded(self.spelled["activity"]), "at": instant(self.at[0]) if self.at else ""}


def _meanings(words: dict[str, Activity]) -> Words[ApplicationEvent]:
    return Words({word: meaning(word, activity) for word, activity in words.items()})


class Reader:
    """Turns the cases of one file into records. Words that are not in the mapping are counted in `unknown`."""

    def __init__(self, file: Log, mapping: Mapping, registry: Registry) -> None:
        self.file = file
        self.mapping = mapping
        self.unknown = Unknown()
        self.dropped: set[str] = set()
        self._applicant = ApplicantReader(file, mapping)
        self._keys, self._policy = CaseKeys(file, mapping), Policy(file, mapping)
        self._columns = mapping.case_columns() | mapping.event_columns()
        self._submission_columns = sorted(mapping.submission_columns())
        self._activities = _meanings(activities_of(mapping.activities))
        self._offices, self._channels = Words(mapping.offices.values), Words(mapping.channels.values)
        self._stated = [
            (name, times, TimeReader(mapping, times, times.column), _meanings(times.meanings()))
            for name, times in mapping.stated_times()
        ]
        self._transitions = Words(mapping.events.transitions)
        self._empty = EmptyWords(mapping.empty_words)
        self._clock = TimeReader(mapping, mapping.events, mapping.events.at)
        self._start_clock = TimeReader(mapping, mapping.events, mapping.events.started or "")
        self._submission_clock, self._deadline_clock = (
            TimeReader(mapping, moment, moment.column) if moment else None
            for moment in (mapping.submitted, mapping.deadline)
        )
        standard = registry.newest(mapping.service.code)
        self._standard = standard.standard if standard else 1

    def case(self, source: SourceCase) -> ImportCase:
        """Returns the records of a case.

        Raises SourceError if the case has a fault that no policy of the mapping covers. The error names the place of
        the fault.
        """
        self.replaced.rows += max(len(source.events), len(source.rows), 1)
        self._see(source.attributes.keys())
        key = self._keys.key(source)
        left_out: Counter[str] = Counter()
        rows, states = self._rows(source, left_out), self._states(source, left_out)
        try:
            submitted = self._submitted(source, [one.at for one in (*rows, *states) if one.at], left_out)
        except LeftOut as out:
            key = key or self._keys.nameless(source.contents())[0]
            return ImportCase(key, [], Counter({out.reason: 1 + len(rows) + len(states) + left_out.total()}))
        office, channel = self._office(source), self._channel(source)
        dated = [*zip(neighbours((row.at for row in rows), submitted), rows, strict=True)]
        dated += [(state.at, state) for state in states if state.at]
        dated.sort(key=lambda pair: pair[0][0])
        first = self._submission(source, _act(submitted, office, channel))
        items = [first, *self._items(source, dated, office, channel)]
        if key:
            return ImportCase(key, items, left_out)
        key, spelled = self._keys.nameless([item.content for item in items], source.contents())
        return ImportCase(key, items, left_out, spelled)

    @property
    def replaced(self) -> Replaced:
        """The times that the policies of the mapping have replaced up to now."""
        return self._policy.replaced

    def _see(self, columns: AbstractSet[str]) -> None:
        if not columns <= self._columns:
            self.dropped |= columns - self._columns

    def _rows(self, source: SourceCase, left_out: Counter[str]) -> list[ToldEvent]:
        """Returns the events that have their own row or element in the source."""
        rows = []
        for event in source.events:
            self._see(event.attributes.keys())
            columns = self.mapping.events
            begins = bool(columns.started) and not self._is_empty(event, columns.started or "")
            ends = not begins or not self._is_empty(event, columns.at)
            for begin in (*(True,) * begins, *(False,) * ends):
                try:
                    rows.append(self._row(source, event, begin=begin))
                except LeftOut as out:
                    left_out[out.reason] += 1
        return rows

    def _is_empty(self, event: SourceEvent, column: str) -> bool:
        return self._clock.is_empty(event.attributes.get(column, ""))

    def _row(self, source: SourceCase, event: SourceEvent, *, begin: bool) -> ToldEvent:
        """Returns the event of a row. If `begin` is true, returns the start of the activity, whose end is also in the
        row.
        """
        columns = self.mapping.events
        at_column = columns.started if begin and columns.started else columns.at
        name, text = event.attributes.get(columns.activity, ""), event.attributes.get(at_column, "")
        meant = self._activities.get(name)
        if not meant and name in self._empty:
            name, meant = "", self._activities.get("")
        if not name and not meant:
            expected = f'each event has {columns.activity}, or a line "" = "stage" under [activities]'
            raise self._wrong(source, event.line, f"an event has no {columns.activity}", expected)
        own_id = self._empty.value(event.attributes.get(columns.id, "")) if columns.id else ""
        if "\0" in own_id:
            raise self._wrong(source, event.line, "a zero byte in an event's id", "text")
        at = self._policy.row(source, event.line, text, self._start_clock if begin else self._clock)
        if not meant:
            self.unknown.activities[name] += 1
        suffix, transition = STARTED if begin else self._transition(event)
        moved = in_transition(meant or NEVER_STORED, transition)
        if meant and not moved:
            raise LeftOut("a transition of an activity that is no stage")
        own_id = own_id + suffix if own_id and begin else own_id
        return ToldEvent(moved or NEVER_STORED, {"activity": name + suffix, "at": text}, at, own_id or None)

    def _transition(self, event: SourceEvent) -> tuple[str, Transition]:
        """Returns the transition that a row reports, and a suffix that distinguishes the row from other transitions of
        the same activity.
        """
        column = self.mapping.events.lifecycle
        if not column:
            return "", "completed"
        word = event.attributes.get(column, "")
        transition = self._transitions.get(word)
        if transition == "leave_out":
            raise LeftOut("a transition that the mapping leaves out")
        if transition is None:
            self.unknown.transitions[word] += 1
        return f"\t{word}", transition or "completed"

    def _states(self, source: SourceCase, left_out: Counter[str]) -> list[ToldEvent]:
        """Returns the events that have their times in columns of the case."""
        states = []
        for statement in source.statements():
            for name, times, clock, words in self._stated:
                text = statement.attributes.get(times.column, "")
                try:
                    at = self._policy.happened(source, statement.line, text, clock)
                except LeftOut as out:
                    left_out[out.reason] += 1
                    continue
                if not at:
                    continue
                word = statement.attributes.get(times.by, "") if times.by else times.column
                meant = words.get(word) or (words.get("") if word in self._empty else None)
                if not meant:
                    self.unknown.times.setdefault(times.column, Counter())[word] += 1
                states.append(ToldEvent(meant or NEVER_STORED, {"activity": name, "at": text}, at))
        return states

    def _submitted(self, source: SourceCase, later: list[ReadTime], left_out: Counter[str]) -> ReadTime:
        """Returns the time of the submission as the source states it. Returns the time of the first event if the
        mapping names no column for the submission, or if its policy says so.

        Raises LeftOut, with the reason, if the whole case is left out.
        """
        if self._submission_clock and self.mapping.submitted:
            text = source.attributes.get(self.mapping.submitted.column, "")
            stated = self._policy.happened(source, source.line, text, self._submission_clock)
            if stated:
                return stated
            if later:
                self._policy.unsubmitted(source, text, self._submission_clock)
        if later:
            return min(later, key=lambda read: read[0])
        if left_out:
            raise LeftOut(next(iter(left_out)))
        return self._clock.day(self._policy.undated(source))

    def _submission(self, source: SourceCase, act: Act) -> ImportItem:
        event = events.Submitted(
            service=self.mapping.service.code, standard=self._standard, number="", promise=self._promise(source)
        )
        content = {
            "submitted": self._told(source, self._submission_clock),
            "deadline": instant(event.promise.due_at) if event.promise else "",
            "office": _folded(self._word(source, self.mapping.offices.column, self._offices)),
            "channel": _folded(self._word(source, self.mapping.channels.column, self._channels)),
        }
        spelled = {column: source.attributes.get(column, "") for column in self._submission_columns}
        personal = self._applicant.read(source)
        return ImportItem(SourceRecord(act=act, event=event), content, spelled=spelled, personal=personal)

    def _told(self, source: SourceCase, clock: TimeReader | None) -> str:
        """Returns the time in a column of the case, as it was read. Returns "" if the column has no clear time."""
        try:
            read = clock.read(source.attributes.get(clock.column, "")) if clock else None
        except TimeUnclear:
            return ""
        return instant(read[0]) if read else ""

    def _promise(self, source: SourceCase) -> Promise | None:
        """Returns a promise with the deadline that the source states. Jejak does not compute this deadline."""
        if not self.mapping.deadline or not self._deadline_clock:
            return None
        text = source.attributes.get(self.mapping.deadline.column, "")
        try:
            due = self._policy.instant(source, source.line, text, self._deadline_clock)
        except LeftOut as out:
            self.replaced.note(f"a deadline is left out: {out.reason}", source.place(source.line))
            return None
        if not due:
            return None
        edition = f"{self.mapping.service.code}@{self._standard}"
        return Promise(unit=Unit.SOURCE, n=0, due_at=due[0], standard=edition, calendar="", rule="source")

    def _items(
        self, source: SourceCase, dated: list[tuple[ReadTime, ToldEvent]], office: str, channel: Channel
    ) -> Iterator[ImportItem]:
        """Numbers the events. Equal events without an id get the numbers 1, 2, 3 and so on.

        Raises SourceError if two events of the case have the same id, because then the mapping is wrong.
        """
        read: dict[tuple[str, ...], int] = {}
        spelled: dict[tuple[str, ...], int] = {}
        for at, told in dated:
            content, as_told = told.content(), told.spelled
            if told.own_id:
                key: tuple[str, ...] = (told.own_id,)
                ordinal = spelled_ordinal = 1
            else:
                key, spelling = (content["activity"], content["at"]), (as_told["activity"], as_told["at"])
                ordinal = read.get(key, 0) + 1
                spelled_ordinal = spelled[spelling] = spelled.get(spelling, 0) + 1
            if told.own_id and key in read:
                raise self._wrong(
                    source, source.line, "two events of the case have one id", "a unique column as events.id, or none"
                )
            read[key] = ordinal
            record = SourceRecord(act=_act(at, office, channel), event=told.event)
            yield ImportItem(record, content, told.own_id, ordinal, spelled_ordinal, as_told)

    def _office(self, source: SourceCase) -> str:
        offices = self.mapping.offices
        value = self._word(source, offices.column, self._offices)
        office = self._offices.get(value) or (offices.default if not value or not offices.values else None)
        if office is None:
            self.unknown.offices[value] += 1
            return ""
        return office.code

    def _channel(self, source: SourceCase) -> Channel:
        channels = self.mapping.channels
        value = self._word(source, channels.column, self._channels)
        channel = self._channels.get(value)
        if value and channel is None:
            self.unknown.channels[value] += 1
        return channel or channels.default

    def _word(self, source: SourceCase, column: str | None, words: Words[Any]) -> str:
        """Returns the word in a column of the case. Returns "" for an empty word that the mapping does not explain."""
        word = source.attributes.get(column, "") if column else ""
        return "" if not word or (word in self._empty and not words.get(word)) else word

    def _wrong(self, source: SourceCase, line: int, what: str, expected: str) -> SourceError:
        return SourceError(self.file, source.place(line), what, expected)


@lru_cache(maxsize=10_000)
def _folded(word: str) -> str:
    return spaced(word).casefold()


def _act(read: ReadTime, office: str, channel: Channel) -> Act:
    at, quality = read
    return Act(at=at, at_quality=quality, by=Role.IMPORT, channel=channel, office=office)
