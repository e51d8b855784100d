"""From a case of a source to what happened: the records of one application, in their order, each with its identity.

The submission comes first; the rest by time, and in the source's own order where times are equal. A case's records are
the same whenever the same case is read.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from domain import events
from domain.admission import Record
from domain.calendar import Unit
from domain.codes import Channel, Quality, Role
from domain.events import Act, ApplicationEvent, Promise
from domain.registry import Registry
from feeds.mapping import Activity, Mapping, stage_code
from feeds.source import SourceCase, SourceError, SourceEvent

Content = dict[str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """A record and what identifies it: `own_id`, or else its content and its place among equals (from 1)."""

    record: Record
    content: Content
    own_id: str | None = None
    ordinal: int = 1


@dataclass(frozen=True, slots=True)
class Case:
    """`key` is the case id of the source; the first item is the submission."""

    key: str
    items: list[Item]


@dataclass(slots=True)
class Unknown:
    """Words of the source that the mapping does not know, with their counts."""

    activities: Counter[str] = field(default_factory=Counter)
    offices: Counter[str] = field(default_factory=Counter)
    channels: Counter[str] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return bool(self.activities or self.offices or self.channels)


class Reader:
    """Turns the cases of one file into records. What the mapping does not know is counted in `unknown`."""

    def __init__(self, file: Path, mapping: Mapping, registry: Registry) -> None:
        self.file = file
        self.mapping = mapping
        self.zone = ZoneInfo(mapping.zone)
        self.registry = registry
        self.unknown = Unknown()
        self.dropped: set[str] = set()

    def case(self, source: SourceCase) -> Case:
        """Raises SourceError, with the place, for what no policy of the mapping covers."""
        mapping = self.mapping
        self.dropped |= source.attributes.keys() - mapping.case_columns()
        key = source.attributes.get(mapping.case, "")
        if not key or "\0" in key:
            raise self._wrong(source, source.line, f"the case has no {mapping.case}", "a case id")
        office = self._office(source)
        channel = self._channel(source)
        timed = [self._event(source, event, office, channel) for event in source.events]
        if self._moment(source, mapping.concluded.column if mapping.concluded else None):
            timed.append(self._concluded(source, office, channel))
        timed.sort(key=lambda item: item.record.act.at)
        submission = self._submission(source, office, channel, timed)
        return Case(key, [submission, *self._told_apart(source, timed)])

    def _submission(self, source: SourceCase, office: str, channel: Channel, later: list[Item]) -> Item:
        mapping = self.mapping
        column = mapping.submitted.column if mapping.submitted else None
        text = self._moment(source, column)
        if text and mapping.submitted:
            at, quality = self._instant(source, source.line, text, mapping.submitted.day_at)
        elif later:
            at, quality = later[0].record.act.at, later[0].record.act.at_quality
        else:
            raise self._wrong(source, source.line, "the case has neither a submission time nor an event", "one of them")
        standard = self.registry.newest(mapping.service.code)
        number = standard.standard if standard else 1
        event = events.Submitted(
            service=mapping.service.code,
            standard=number,
            number="",
            promise=self._promise(source, number),
        )
        columns = sorted(mapping.case_columns() - {mapping.concluded.column if mapping.concluded else ""})
        content = {column: source.attributes.get(column, "") for column in columns}
        return Item(Record(act=self._act(at, quality, office, channel), event=event), content)

    def _promise(self, source: SourceCase, standard: int) -> Promise | None:
        """A source's own deadline is a fact of the source, not computed."""
        column = self.mapping.deadline.column if self.mapping.deadline else None
        text = self._moment(source, column)
        if not text:
            return None
        due, _ = self._instant(source, source.line, text, [])
        edition = f"{self.mapping.service.code}@{standard}"
        return Promise(unit=Unit.SOURCE, n=0, due_at=due, standard=edition, calendar="", rule="source")

    def _concluded(self, source: SourceCase, office: str, channel: Channel) -> Item:
        moment = self.mapping.concluded
        text = self._moment(source, moment.column if moment else None)
        at, quality = self._instant(source, source.line, text, moment.day_at if moment else [])
        record = Record(act=self._act(at, quality, office, channel), event=events.Concluded())
        return Item(record, {"activity": "concluded", "at": text})

    def _event(self, source: SourceCase, event: SourceEvent, office: str, channel: Channel) -> Item:
        columns = self.mapping.events
        self.dropped |= event.attributes.keys() - self.mapping.event_columns()
        name, text = event.attributes.get(columns.activity, ""), event.attributes.get(columns.at, "")
        if not name or not text:
            missing = columns.at if name else columns.activity
            raise self._wrong(source, event.line, f"an event has no {missing}", f"each event has {missing}")
        at, quality = self._instant(source, event.line, text, columns.day_at)
        activity = self.mapping.activity(name)
        if activity is None:
            self.unknown.activities[name] += 1
            activity = Activity()
        own_id = event.attributes.get(columns.id) if columns.id else None
        if own_id and "\0" in own_id:
            raise self._wrong(source, event.line, "a zero byte in an event's id", "text")
        record = Record(act=self._act(at, quality, office, channel), event=_meaning(name, activity))
        return Item(record, {"activity": name, "at": text}, own_id or None)

    def _told_apart(self, source: SourceCase, items: list[Item]) -> list[Item]:
        """Numbers equals without an id of their own; two events with one id are a fault of the mapping."""
        seen: Counter[tuple[str, ...]] = Counter()
        numbered = []
        for item in items:
            key = (item.own_id,) if item.own_id else tuple(f"{k}\0{v}" for k, v in sorted(item.content.items()))
            seen[key] += 1
            if item.own_id and seen[key] > 1:
                raise self._wrong(
                    source, source.line, "two events of the case have one id", "a unique column as events.id, or none"
                )
            numbered.append(Item(item.record, item.content, item.own_id, seen[key]))
        return numbered

    def _act(self, at: datetime, quality: Quality, office: str, channel: Channel) -> Act:
        return Act(at=at, at_quality=quality, by=Role.IMPORT, channel=channel, office=office)

    def _office(self, source: SourceCase) -> str:
        offices = self.mapping.offices
        value = source.attributes.get(offices.column, "") if offices.column else ""
        known = offices.values.get(value) or (offices.default if not value or not offices.values else None)
        if known is None:
            self.unknown.offices[value] += 1
            return ""
        return known.code

    def _channel(self, source: SourceCase) -> Channel:
        channels = self.mapping.channels
        value = source.attributes.get(channels.column, "") if channels.column else ""
        if value and value not in channels.values:
            self.unknown.channels[value] += 1
        return channels.values.get(value, channels.default)

    def _moment(self, source: SourceCase, column: str | None) -> str:
        return source.attributes.get(column, "") if column else ""

    def _instant(self, source: SourceCase, line: int, text: str, day_at: list[str]) -> tuple[datetime, Quality]:
        """UTC, with its quality. Without an offset it is local in the mapping's zone; a bare date is its midnight."""
        try:
            read = datetime.fromisoformat(text)
            local = read.replace(tzinfo=self.zone) if read.tzinfo is None else read.astimezone(self.zone)
            day = len(text) == len("2011-10-11") or local.time().isoformat("seconds") in day_at
            return local.astimezone(UTC), Quality.DAY if day else Quality.SOURCE
        except (ValueError, OverflowError) as error:
            raise self._wrong(
                source, line, "a time cannot be read", "ISO 8601, as 2011-10-11T09:21:26+02:00"
            ) from error

    def _wrong(self, source: SourceCase, line: int, what: str, expected: str) -> SourceError:
        return SourceError(self.file, f"trace {source.ordinal}, line {line}", what, expected)


PLAIN: dict[str, ApplicationEvent] = {
    "received": events.Received(),
    "correction_supplied": events.CorrectionSupplied(),
    "approved": events.Approved(),
    "issued": events.Issued(),
    "ready": events.MadeReady(),
    "withdrawn": events.Withdrawn(),
    "lapsed": events.Lapsed(),
    "concluded": events.Concluded(),
    "resumed": events.Resumed(),
}


def _meaning(name: str, activity: Activity) -> ApplicationEvent:
    match activity.event:
        case "stage":
            return events.StageCompleted(stage=stage_code(name, activity))
        case "stage_entered":
            return events.StageEntered(stage=stage_code(name, activity))
        case "referred":
            return events.Referred(referral=0, to=activity.to or "")
        case "referral_answered":
            return events.ReferralAnswered(referral=0, advice=activity.advice)
        case plain:
            return PLAIN[plain]
