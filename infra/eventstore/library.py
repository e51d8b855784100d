"""The log for users of the `eventsourcing` library: a read-only application, with its recorder, mapper and factory.

A projection or a process application of the library reads Jejak's log through `JejakLog`. Nothing in this module writes
to the log. Only a command stores an event, and a save through an `Application` raises `NotSupportedError`. The guide
with examples is docs/eventsourcing.md. The reasons are in docs/adr/0028-the-eventsourcing-library.md.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, make_dataclass
from datetime import datetime
from typing import Any, ClassVar, cast
from uuid import UUID

import msgspec
import psycopg
from eventsourcing import postgres
from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import DomainEventProtocol, TAggregateID
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    Mapper,
    MapperDeserialisationError,
    Notification,
    NotSupportedError,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    TrackingRecorder,
    Transcoder,
)
from eventsourcing.utils import Environment, EnvType, TopicError

from domain.application import evolve
from domain.application.events import ApplicationEvent, Recorded
from domain.provenance import Act
from infra.eventstore.recorder import Datastore, Recorder, Save, SaveOutcome
from infra.eventstore.topics import CLASSES, AnyEvent, StoredClass, act_of, decoder_of
from infra.postgres.databases import with_options

__all__ = ["JejakLog", "LogFactory", "LogMapper", "LogRecorder", "LoggedEvent"]

NOT_WRITTEN = "Jejak's log is not written through an Application: a command stores an event (docs/eventsourcing.md)"
READ_ONLY = "-c role=jejak_auditor -c default_transaction_read_only=on"
TOPIC = re.compile(r"[a-z]+\.[a-z-]+\.v[0-9]+")
"""The form of Jejak's event topics. An event topic of the library has the form `module:Class`."""

CONNECTION_SECONDS = 5.0
"""How long a reader waits for a connection of the pool. A command does not wait so long."""

RECORDED_AT_OF_STREAM = "SELECT originator_version AS place, recorded_at FROM stored_events WHERE originator_id = %s"
RECORDED_AT = "SELECT notification_id AS place, recorded_at FROM stored_events WHERE notification_id = ANY(%s)"


class LoggedEvent:
    """An event of the log, as the library's mapper returns it. This event is also an instance of its class in `domain`.

    So `isinstance(event, Submitted)`, `match` and the library's `singledispatchmethod` work, and `event.service` is a
    field as in the domain's class.

    `timestamp` is the time at which the actor acted (aware, UTC). A source may report this act to Jejak later.
    `recorded_at` is the time when the log stored the event (aware, UTC). `recorded_at` is None for a notification that
    did not come from a `LogRecorder`. `event` is a plain instance of the event's class, for the functions of `domain`.
    """

    __slots__ = ()

    topic: ClassVar[str]
    originator_id: UUID
    originator_version: int
    act: Act
    recorded_at: datetime | None
    event: AnyEvent

    @property
    def timestamp(self) -> datetime:
        return self.act.at


def _logged_class(cls: StoredClass) -> type[Any]:
    return make_dataclass(
        f"Logged{cls.__name__}",
        (
            ("originator_id", UUID),
            ("originator_version", int),
            ("act", Act),
            ("recorded_at", datetime | None),
            ("event", cls, field(repr=False, compare=False)),
        ),
        bases=(cls, LoggedEvent),
        namespace={"__module__": __name__},
        frozen=True,
        slots=True,
        kw_only=True,
    )


LOGGED = {topic: _logged_class(cls) for topic, cls in CLASSES.items()}
FIELDS = {topic: tuple(field.name for field in fields(cls)) for topic, cls in CLASSES.items()}


@dataclass(frozen=True)
class LogRow(StoredEvent):
    recorded_at: datetime


@dataclass(frozen=True)
class LogNotification(Notification):
    recorded_at: datetime


class LogRecorder(Recorder):
    """The recorder for readers. This recorder adds `recorded_at` to each row, and refuses to store events."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:  # noqa: ANN401 - the library's signature
        """Raises NotSupportedError if there are events to store."""
        if stored_events:
            raise NotSupportedError(NOT_WRITTEN)
        return ()

    def append(self, saves: Sequence[Save]) -> list[SaveOutcome]:  # noqa: ARG002 - the recorder's signature
        """Raises NotSupportedError."""
        raise NotSupportedError(NOT_WRITTEN)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        found = super().select_events(originator_id, gt=gt, lte=lte, desc=desc, limit=limit)
        times = self._recorded_at(RECORDED_AT_OF_STREAM, originator_id) if found else {}
        return [LogRow(**vars(row), recorded_at=times[row.originator_version]) for row in found]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        found = super().select_notifications(start, limit, stop, topics, inclusive_of_start=inclusive_of_start)
        times = self._recorded_at(RECORDED_AT, [row.id for row in found]) if found else {}
        return [LogNotification(**vars(row), recorded_at=times[row.id]) for row in found]

    def _recorded_at(self, query: str, value: object) -> dict[int, datetime]:
        """Returns `recorded_at` of each row, by version or position.

        The library's queries do not select the column `recorded_at`, so a second query is necessary. Rows never change,
        so the second query finds the rows of the library's query unchanged.
        """
        with self.datastore.get_connection() as connection:
            return {
                row["place"]: row["recorded_at"] for row in connection.execute(query.encode(), (value,), prepare=True)
            }


class LogMapper(Mapper[UUID]):
    """Makes a `LoggedEvent` from a stored event of Jejak. The library's mapper handles all other stored events.

    A follower is an application of the library that reads Jejak's log. A follower uses this mapper for the events of
    Jejak and for the follower's own events. A cipher or a compressor that is configured for the follower is not applied
    to the events of Jejak.
    """

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """Raises TopicError for an event topic that this release does not know.

        Raises MapperDeserialisationError for a state that cannot be read.
        """
        topic = stored_event.topic
        if topic not in CLASSES:
            if TOPIC.fullmatch(
                topic
            ):  # otherwise the library would try to import a module with the name of the event type
                raise TopicError(f"this release does not know the topic {topic}: install the newer release")
            return super().to_domain_event(stored_event)
        try:
            state = decoder_of(topic).decode(stored_event.state)
        except msgspec.DecodeError as error:
            place = f"{stored_event.originator_id} version {stored_event.originator_version}"
            raise MapperDeserialisationError(f"the state of {topic}, {place}, cannot be read: {error}") from error
        stream = stored_event.originator_id
        logged: DomainEventProtocol[UUID] = LOGGED[topic](
            **{name: getattr(state.data, name) for name in FIELDS[topic]},
            originator_id=stream if isinstance(stream, UUID) else UUID(stream),
            originator_version=stored_event.originator_version,
            act=act_of(state),
            recorded_at=getattr(stored_event, "recorded_at", None),
            event=state.data,
        )
        return logged

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """Raises NotSupportedError for an event of Jejak.

        A stored copy of the event would lack the sealed parts, and would not belong to the hash chain of the stream.
        """
        if isinstance(domain_event, LoggedEvent):
            raise NotSupportedError(NOT_WRITTEN)
        return super().to_stored_event(domain_event)


class LogFactory(InfrastructureFactory[TrackingRecorder]):
    """Factory that reads Jejak's log, and keeps a projection's tables in another database.

    The library uses this factory if `PERSISTENCE_MODULE=infra.eventstore.library`. `application_recorder` reads the log
    of `JEJAK_DATABASE_URL` as the role `jejak_auditor`, in read-only transactions. All other recorders are the
    library's recorders, in the database that the library's `POSTGRES_…` settings name.
    """

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self._closing: list[Datastore | postgres.PostgresFactory] = []

    def mapper(
        self, transcoder: Transcoder | None = None, mapper_class: type[Mapper[TAggregateID]] | None = None
    ) -> Mapper[TAggregateID]:
        if mapper_class is None and not self.env.get(self.MAPPER_TOPIC):
            mapper_class = cast("type[Mapper[TAggregateID]]", LogMapper)
        return super().mapper(transcoder, mapper_class)

    def application_recorder(self) -> ApplicationRecorder:
        """Returns the recorder that reads the log.

        Raises OSError, as the library's factories do, if `JEJAK_DATABASE_URL` is not set. Raises OperationalError if
        the database cannot be reached, or if the login may not take the role `jejak_auditor`.
        """
        url = self.env.get("JEJAK_DATABASE_URL")
        if not url:
            raise OSError("JEJAK_DATABASE_URL is not set: it names the database of the log (`jejak url` prints it)")
        conninfo = with_options(url, READ_ONLY)
        try:
            psycopg.connect(conninfo).close()  # without a pool, whose error would not name the cause
        except psycopg.OperationalError as error:
            raise OperationalError(str(error)) from error
        datastore = Datastore(conninfo)
        datastore.pool.timeout = CONNECTION_SECONDS
        self._closing.append(datastore)
        return LogRecorder(datastore)

    def tracking_recorder(self, tracking_recorder_class: type[TrackingRecorder] | None = None) -> TrackingRecorder:
        return self._own().tracking_recorder(
            cast("type[postgres.PostgresTrackingRecorder] | None", tracking_recorder_class)
        )

    def process_recorder(self) -> ProcessRecorder:
        return self._own().process_recorder()

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        return self._own().aggregate_recorder(purpose)

    def close(self) -> None:
        for opened in self._closing:
            opened.close()

    def _own(self) -> postgres.PostgresFactory:
        """Returns the library's factory for the database of the projection."""
        made = postgres.PostgresFactory(self.env)
        self._closing.append(made)
        return made


class JejakLog(Application[UUID]):
    """Jejak's log as a read-only application of the library. In tracking records, this application is named `jejak`.

    This application always uses `LogFactory`, whatever the value of `PERSISTENCE_MODULE` is. So a projection may keep
    its tables in any database for which the library has a module.
    """

    name = "jejak"
    log_section_size = 500

    def construct_factory(self, env: Environment) -> InfrastructureFactory:
        return LogFactory(Environment(env.name, {**env, "IS_SNAPSHOTTING_ENABLED": "n"}))

    def construct_mapper(self) -> Mapper[UUID]:
        return LogMapper(self.construct_transcoder())

    def application(self, application_id: UUID) -> evolve.Application:
        """Returns an applicant's application, folded from the events of its stream. Raises AggregateNotFoundError."""
        history = tuple(_recorded(self.events.get(application_id)))
        if not history:
            raise AggregateNotFoundError(f"no application has the id {application_id}")
        return evolve.fold(history)


def _recorded(events: Iterable[Any]) -> Iterable[Recorded]:
    for logged in events:
        if isinstance(logged.event, ApplicationEvent):
            yield Recorded(
                version=logged.originator_version, act=logged.act, event=logged.event, recorded_at=logged.recorded_at
            )
