"""Turns a case of a source into the records of one application. The records are in order, and each record has an
identity.

The submission comes first. All records after the submission are sorted by time. Records with the same time keep the
order of the source. If the same case is read again, the records are the same.
"""

from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from domain.application import events
from domain.application.admit import SourceRecord
from domain.application.events import ApplicationEvent
from domain.codes import Channel, Role
from domain.provenance import Act, Promise
from domain.registry.calendar import Unit
from domain.registry.registry import Registry
from feeds.history.activity_mapping import meaning
from feeds.history.case_key import CaseKeys
from feeds.history.mapping import Activity, Mapping, activities_of
from feeds.history.source import Log, SourceCase, SourceError, SourceEvent
from feeds.history.time_parsing import ReadTime, TimeReader
from feeds.history.time_policy import LeftOut, Policy, neighbours
from feeds.history.vocabulary import Unknown, Words
from service_layer.import_case import Content, ImportCase, ImportItem

NEVER_STORED = events.Concluded()
"""A placeholder event for a word that is not in the mapping.

The file is refused because of such words, but only after the whole file is read.
"""


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """Holds one event that the source contains. `at` is None if the source gives no time."""

    event: ApplicationEvent
    content: Content
    at: ReadTime | None
    own_id: str | None = None


def _meanings(words: dict[str, Activity]) -> Words[ApplicationEvent]:
    return Words({word: meaning(word, activity) for word, activity in words.items()})


class Reader:
    """Turns the cases of one file into records. Words that are not in the mapping are counted in `unknown`."""

    def __init__(self, file: Log, mapping: Mapping, registry: Registry) -> None:
        self.file = file
        self.mapping = mapping
        self.unknown = Unknown()
        self.dropped: set[str] = set()
        self._keys, self._policy = CaseKeys(file, mapping), Policy(file, mapping)
        self._columns = mapping.case_columns() | mapping.event_columns()
        self._submission_columns = sorted(mapping.submission_columns())
        self._activities = _meanings(activities_of(mapping.activities))
        self._offices, self._channels = Words(mapping.offices.values), Words(mapping.channels.values)
        self._stated = [
            (name, times, TimeReader(mapping, times), _meanings(times.meanings()))
            for name, times in mapping.stated_times()
        ]
        self._clock = TimeReader(mapping, mapping.events)
        self._submission_clock = TimeReader(mapping, mapping.submitted) if mapping.submitted else None
        self._deadline_clock = TimeReader(mapping, mapping.deadline) if mapping.deadline else None
        standard = registry.newest(mapping.service.code)
        self._standard = standard.standard if standard else 1

    def case(self, source: SourceCase) -> ImportCase:
        """Returns the records of a case.

        Raises SourceError if the case has a fault that no policy of the mapping covers. The error names the place of
        the fault.
        """
        self._see(source.attributes.keys())
        key = self._keys.key(source)
        left_out: Counter[str] = Counter()
        rows, states = self._rows(source, left_out), self._states(source, left_out)
        try:
            submitted = self._submitted(source, [one.at for one in (*rows, *states) if one.at], left_out)
        except LeftOut as out:
            return ImportCase(key, [], Counter({out.reason: 1 + len(rows) + len(states) + left_out.total()}))
        office, channel = self._office(source), self._channel(source)
        dated = [*zip(neighbours((row.at for row in rows), submitted), rows, strict=True)]
        dated += [(state.at, state) for state in states if state.at]
        dated.sort(key=lambda pair: pair[0][0])
        items = [
            ImportItem(SourceRecord(act=_act(at, office, channel), event=event.event), event.content, event.own_id)
            for at, event in dated
        ]
        first = self._submission(source, _act(submitted, office, channel))
        return ImportCase(key, [first, *self._told_apart(source, items)], left_out)

    def _see(self, columns: AbstractSet[str]) -> None:
        if not columns <= self._columns:
            self.dropped |= columns - self._columns

    def _rows(self, source: SourceCase, left_out: Counter[str]) -> list[ToldEvent]:
        """Returns the events that have their own row or element in the source."""
        rows = []
        for event in source.events:
            self._see(event.attributes.keys())
            try:
                rows.append(self._row(source, event))
            except LeftOut as out:
                left_out[out.reason] += 1
        return rows

    def _row(self, source: SourceCase, event: SourceEvent) -> ToldEvent:
        columns = self.mapping.events
        name, text = event.attributes.get(columns.activity, ""), event.attributes.get(columns.at, "")
        meant = self._activities.get(name)
        if not name and not meant:
            expected = f'each event has {columns.activity}, or a line "" = "stage" under [activities]'
            raise self._wrong(source, event.line, f"an event has no {columns.activity}", expected)
        own_id = event.attributes.get(columns.id) if columns.id else None
        if own_id and "\0" in own_id:
            raise self._wrong(source, event.line, "a zero byte in an event's id", "text")
        at = self._policy.row(source, event.line, text, self._clock)
        if not meant:
            self.unknown.activities[name] += 1
        return ToldEvent(meant or NEVER_STORED, {"activity": name, "at": text}, at, own_id or None)

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
                meant = words.get(word)
                if not meant:
                    self.unknown.times.setdefault(times.column, Counter())[word] += 1
                states.append(ToldEvent(meant or NEVER_STORED, {"activity": name, "at": text}, at))
        return states

    def _submitted(self, source: SourceCase, later: list[ReadTime], left_out: Counter[str]) -> ReadTime:
        """Returns the time of the submission as the source states it. If the source states no such time, returns the
        time of the first event.

        Raises LeftOut, with the reason, if the whole case is left out.
        """
        if self._submission_clock and self.mapping.submitted:
            text = source.attributes.get(self.mapping.submitted.column, "")
            stated = self._policy.happened(source, source.line, text, self._submission_clock)
            if stated:
                return stated
        if later:
            return min(later, key=lambda instant: instant[0])
        if left_out:
            raise LeftOut(next(iter(left_out)))
        return self._clock.day(self._policy.undated(source))

    def _submission(self, source: SourceCase, act: Act) -> ImportItem:
        event = events.Submitted(
            service=self.mapping.service.code, standard=self._standard, number="", promise=self._promise(source)
        )
        content = {column: source.attributes.get(column, "") for column in self._submission_columns}
        return ImportItem(SourceRecord(act=act, event=event), content)

    def _promise(self, source: SourceCase) -> Promise | None:
        """Returns a promise with the deadline that the source states. Jejak does not compute this deadline."""
        if not self.mapping.deadline or not self._deadline_clock:
            return None
        text = source.attributes.get(self.mapping.deadline.column, "")
        try:
            due = self._policy.instant(source, source.line, text, self._deadline_clock)
        except LeftOut:
            return None
        if not due:
            return None
        edition = f"{self.mapping.service.code}@{self._standard}"
        return Promise(unit=Unit.SOURCE, n=0, due_at=due[0], standard=edition, calendar="", rule="source")

    def _told_apart(self, source: SourceCase, items: list[ImportItem]) -> list[ImportItem]:
        """Numbers the events. Equal events without an id get the numbers 1, 2, 3 and so on.

        Raises SourceError if two events of the case have the same id, because then the mapping is wrong.
        """
        seen: Counter[tuple[str, str]] = Counter()
        numbered = []
        for item in items:
            key = (item.own_id, "") if item.own_id else (item.content["activity"], item.content["at"] + "\0")
            seen[key] += 1
            if item.own_id and seen[key] > 1:
                raise self._wrong(
                    source, source.line, "two events of the case have one id", "a unique column as events.id, or none"
                )
            numbered.append(ImportItem(item.record, item.content, item.own_id, seen[key]))
        return numbered

    def _office(self, source: SourceCase) -> str:
        offices = self.mapping.offices
        value = source.attributes.get(offices.column, "") if offices.column else ""
        office = self._offices.get(value) or (offices.default if not value or not offices.values else None)
        if office is None:
            self.unknown.offices[value] += 1
            return ""
        return office.code

    def _channel(self, source: SourceCase) -> Channel:
        channels = self.mapping.channels
        value = source.attributes.get(channels.column, "") if channels.column else ""
        channel = self._channels.get(value)
        if value and channel is None:
            self.unknown.channels[value] += 1
        return channel or channels.default

    def _wrong(self, source: SourceCase, line: int, what: str, expected: str) -> SourceError:
        return SourceError(self.file, source.place(line), what, expected)


def _act(instant: ReadTime, office: str, channel: Channel) -> Act:
    at, quality = instant
    return Act(at=at, at_quality=quality, by=Role.IMPORT, channel=channel, office=office)
