"""The mapping of an agency's log: which of its columns and words mean what here. TOML, written by people.

What it does not name is dropped. What it names and the registry lacks is registered, marked as imported.
"""

import re
import tomllib
import unicodedata
from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, field

from domain.codes import Advice, Channel, Kind, StagePhase
from domain.registry import Names, OfficeRegistered, OpeningDay, RegistryEvent, Stage, StandardPublished

Slug = Annotated[str, Meta(pattern=r"^(?=[0-9-]*[a-z])[a-z0-9]+(-[a-z0-9]+)*$", max_length=63)]
Shown = Annotated[str, Meta(min_length=1, max_length=200)]
TimeOfDay = Annotated[str, Meta(pattern=r"^\d\d:\d\d:\d\d$")]
STAGE_CODE_LONGEST = 80
StageCode = Annotated[str, Meta(pattern=r"^(?=[0-9-]*[a-z])[a-z0-9]+(-[a-z0-9]+)*$", max_length=STAGE_CODE_LONGEST)]
BEGINNING = date(1900, 1, 1)
"""An imported standard is in force for all of the past."""

PLAIN_EVENTS = frozenset(
    {"received", "correction_supplied", "approved", "issued", "ready", "withdrawn", "lapsed", "concluded", "resumed"}
)


class MappingWrong(Exception):
    """The mapping cannot be used: says the file, the key and what is expected."""


class Table(msgspec.Struct, forbid_unknown_fields=True):
    pass


class Office(Table, kw_only=True):
    """An office of the source, under a code of ours."""

    code: Slug
    id: Shown
    en: Shown


class Offices(Table, kw_only=True):
    """`column` of the case; `values` maps its words; `default` stands where the column is empty."""

    agency: Slug
    column: str | None = None
    values: dict[str, Office] = field(default_factory=dict)
    default: Office | None = None
    others: list[Office] = field(default_factory=list)


class Channels(Table, kw_only=True):
    column: str | None = None
    values: dict[str, Channel] = field(default_factory=dict)
    default: Channel = Channel.UNKNOWN


class Service(Table, kw_only=True):
    """The service that the cases are of. Stages come from the activities."""

    code: Slug
    id: Shown
    en: Shown
    kind: Kind = Kind.LICENSING
    sensitive: bool = False
    free_order: bool = True


class Moment(Table, kw_only=True):
    """A time in a column of the case. `day_at`: local times of day that only mean "on that day"."""

    column: str
    day_at: list[TimeOfDay] = field(default_factory=list)


class Activity(Table, kw_only=True):
    """What one activity means: an event of ours, or a stage."""

    event: str = "stage"
    stage: StageCode | None = None
    to: Slug | None = None
    advice: Advice = Advice.UNKNOWN


class Events(Table, kw_only=True):
    """`id` is a column with the event's own id, unique within its case; without it the content tells events apart."""

    activity: str = "concept:name"
    at: str = "time:timestamp"
    id: str | None = None
    day_at: list[TimeOfDay] = field(default_factory=list)


class Mapping(Table, kw_only=True):
    source: Slug
    zone: str
    case: str = "concept:name"
    service: Service
    offices: Offices
    channels: Channels = field(default_factory=Channels)
    submitted: Moment | None = None
    deadline: Moment | None = None
    concluded: Moment | None = None
    events: Events = field(default_factory=Events)
    activities: dict[str, Activity | str] = field(default_factory=dict)

    def activity(self, name: str) -> Activity | None:
        """The meaning of an activity; None where the mapping does not know it."""
        known = self.activities.get(name)
        if isinstance(known, str):
            return Activity(event=known)
        return known

    def case_columns(self) -> set[str]:
        moments = (self.submitted, self.deadline, self.concluded)
        columns = {self.case, self.offices.column, self.channels.column}
        return {column for column in columns if column} | {moment.column for moment in moments if moment}

    def event_columns(self) -> set[str]:
        return {self.events.activity, self.events.at} | ({self.events.id} if self.events.id else set())

    def editions(self) -> list[RegistryEvent]:
        """What the registry must know before the first record: offices, and the service with its stages."""
        offices = [*self.offices.values.values(), *self.offices.others]
        if self.offices.default:
            offices.append(self.offices.default)
        by_code = {office.code: office for office in offices}
        stages = {
            stage_code(name, activity): name
            for name in self.activities
            if (activity := self.activity(name)) and activity.event in ("stage", "stage_entered")
        }
        registered: list[RegistryEvent] = [self._office(office) for office in by_code.values()]
        return [*registered, self._standard(sorted(by_code), stages)]

    def _office(self, office: Office) -> OfficeRegistered:
        return OfficeRegistered(
            code=office.code,
            edition=0,
            agency=self.offices.agency,
            region=None,
            zone=self.zone,
            names=Names(id=office.id, en=office.en),
            opening_days=(*[OpeningDay(opens="08:00", closes="16:00")] * 5, OpeningDay(), OpeningDay()),
            imported=True,
        )

    def _standard(self, offices: list[str], stages: dict[str, str]) -> StandardPublished:
        return StandardPublished(
            service=self.service.code,
            standard=0,
            in_force_from=BEGINNING,
            kind=self.service.kind,
            names=Names(id=self.service.id, en=self.service.en),
            sensitive=self.service.sensitive,
            offices=tuple(offices),
            channels=tuple(sorted({*self.channels.values.values(), self.channels.default})),
            requirements=(),
            stages=tuple(
                Stage(code=code, names=Names(id=name[:200], en=name[:200]), phase=StagePhase.REVIEW)
                for code, name in stages.items()
            ),
            free_order=self.service.free_order,
            source=self.source,
            imported=True,
        )


def stage_code(name: str, activity: Activity) -> str:
    """The code that the mapping gives, else one made of the activity's name."""
    if activity.stage:
        return activity.stage
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    code = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")
    named = code if re.search("[a-z]", code[:STAGE_CODE_LONGEST]) else f"stage-{code}"
    return named[:STAGE_CODE_LONGEST].strip("-")


def read_mapping(file: Path) -> Mapping:
    """Raises MappingWrong."""
    try:
        mapping = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Mapping)
    except OSError as error:
        raise MappingWrong(f"{file}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise MappingWrong(f"{file}: {error}") from error
    try:
        ZoneInfo(mapping.zone)
    except (KeyError, ValueError, OSError) as error:  # OSError: the name of a folder of zones
        raise MappingWrong(f"{file}: zone must be an IANA name such as Asia/Jakarta") from error
    _check_activities(file, mapping)
    return mapping


def _check_activities(file: Path, mapping: Mapping) -> None:
    offices = {e.code for e in mapping.editions() if isinstance(e, OfficeRegistered)}
    if not mapping.offices.default and not mapping.offices.column:
        raise MappingWrong(f"{file}: [offices] needs a column, or a default office")
    codes: dict[str, str] = {}
    for name in mapping.activities:
        activity = mapping.activity(name)
        if activity is None:
            continue
        place = f"{file}: activities.{name!r}"
        if activity.event not in PLAIN_EVENTS | {"stage", "stage_entered", "referred", "referral_answered"}:
            known = ", ".join(sorted(PLAIN_EVENTS | {"stage", "stage_entered", "referred", "referral_answered"}))
            raise MappingWrong(f"{place}: event must be one of {known}")
        if activity.event == "referred" and activity.to not in offices:
            raise MappingWrong(f"{place}: to must be the code of an office of this mapping (offices.others)")
        if activity.event == "stage" and codes.setdefault(stage_code(name, activity), name) != name:
            raise MappingWrong(f"{place}: give it a stage code of its own, another activity has the same")


def toml_key(text: str) -> str:
    """`text` as a quoted TOML key."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def lines_to_add(counts: dict[str, int], meaning: str) -> list[str]:
    """TOML lines for words that a mapping lacks, the most frequent first, each with its count."""
    ordered: list[tuple[str, int]] = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [f"{toml_key(word)} = {meaning}  # {count}" for word, count in ordered]
