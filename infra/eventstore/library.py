"""Library access: this module gives users of the `eventsourcing` library read-only access to the log.

In the library, an application is an object that reads or stores events. This module defines such an application,
`JejakLog`, with its own recorder, mapper and factory. Projections and process applications of the library read Jejak's
log through `JejakLog`. Nothing in this module writes to the log. Only commands store events. The method
`Application.save` raises `NotSupportedError`. docs/eventsourcing.md is a guide with examples.
docs/adr/0028-the-eventsourcing-library.md gives the reasons.
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
from infra.postgres.connections import connect
from infra.postgres.databases import with_options

__all__ = ["JejakLog", "LogFactory", "LogMapper", "LogRecorder", "LoggedEvent"]

NOT_WRITTEN = "Jejak's log is not written through an Application: a command stores an event (docs/eventsourcing.md)"
READ_ONLY = "-c role=jejak_auditor -c default_transaction_read_only=on"
TOPIC = re.compile(r"[a-z]+\.[a-z-]+\.v[0-9]+")
"""All event topics of Jejak match this pattern. An event topic of the library has another form: `module:Class`."""

CONNECTION_SECONDS = 5.0
"""A reader waits at most this number of seconds for a connection from the pool. The limit for commands is shorter."""

RECORDED_AT_OF_STREAM = "SELECT originator_version AS place, recorded_at FROM stored_events WHERE originator_id = %s"
RECORDED_AT = "SELECT notification_id AS place, recorded_at FROM stored_events WHERE notification_id = ANY(%s)"


class LoggedEvent:
    """The base class of all events that `LogMapper` makes from Jejak's log.

    Each such event has a second base class: the event class in `domain`. So `isinstance(event, Submitted)`, `match` and
    the library's `singledispatchmethod` work. The event also has the fields of the class in `domain`, for example
    `event.service`.

    `timestamp` is the time at which the actor acted (timezone-aware, UTC). The act may have been reported to Jejak
    later. `recorded_at` is the time at which the log stored the event (timezone-aware, UTC). `recorded_at` is None if
    the stored event did not come from a `LogRecorder`. `event` is a plain instance of the class in `domain`. Pass
    `event` to functions of `domain`.
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
    """A recorder that only reads. The recorder adds `recorded_at` to each row."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:  # noqa: ANN401 - the library's signature
        """Raises NotSupportedError if `stored_events` is not empty."""
        if stored_events:
            raise NotSupportedError(NOT_WRITTEN)
        return ()

    def append(self, saves: Sequence[Save]) -> list[SaveOutcome]:  # noqa: ARG002 - the recorder's signature
        """Always raises NotSupportedError."""
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
        """Returns a dictionary with the value of `recorded_at` for each row. The keys are versions or positions.

        The queries of the library do not select the column `recorded_at`. Therefore a second query reads this column.
        Rows of the log never change, so the two queries always match.
        """
        with self.datastore.get_connection() as connection:
            return {
                row["place"]: row["recorded_at"] for row in connection.execute(query.encode(), (value,), prepare=True)
            }


class LogMapper(Mapper[UUID]):
    """Makes a `LoggedEvent` from a stored event of Jejak. The library's mapper handles all other stored events.

    An application of the library can read Jejak's log and can also store its own events. An application with both kinds
    of events uses this mapper for all of them. If the application has a cipher or a compressor, they are not applied to
    the events of Jejak.
    """

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """Raises TopicError if this release does not know the event topic.

        Raises MapperDeserialisationError if the state of the event cannot be read.
        """
        topic = stored_event.topic
        if topic not in CLASSES:
            if TOPIC.fullmatch(topic):  # without this check, the library would try to import a module with this name
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

        An event of Jejak must not be stored a second time. The copy would have no sealed parts, and would not belong to
        the hash chain of a stream.
        """
        if isinstance(domain_event, LoggedEvent):
            raise NotSupportedError(NOT_WRITTEN)
        return super().to_stored_event(domain_event)


class LogFactory(InfrastructureFactory[TrackingRecorder]):
    """A factory for recorders. The application recorder reads Jejak's log. All other recorders use another database.

    The library uses this factory if `PERSISTENCE_MODULE=infra.eventstore.library`. The application recorder reads the
    database of `JEJAK_DATABASE_URL` as the role `jejak_auditor`, in read-only transactions. The other recorders belong
    to the library. The other recorders use the database in the library's `POSTGRES_…` settings. A projection keeps its
    tables in this database.
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

        Raises OSError if `JEJAK_DATABASE_URL` is not set. The library's own factories raise the same error for a
        missing setting. Raises OperationalError in two cases: the database cannot be reached, or the user in the URL
        may not take the role `jejak_auditor`.
        """
        url = self.env.get("JEJAK_DATABASE_URL")
        if not url:
            raise OSError("JEJAK_DATABASE_URL is not set: it names the database of the log (`jejak url` prints it)")
        conninfo = with_options(url, READ_ONLY)
        try:
            connect(conninfo).close()  # a pool would raise an error that does not name the cause
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
        """Returns the library's PostgreSQL factory, which uses the database of the `POSTGRES_…` settings."""
        made = postgres.PostgresFactory(self.env)
        self._closing.append(made)
        return made


class JejakLog(Application[UUID]):
    """A read-only application of the library, which reads Jejak's log. In tracking records, its name is `jejak`.

    This application always uses `LogFactory` and ignores `PERSISTENCE_MODULE`. So a projection can set
    `PERSISTENCE_MODULE` for its own tables, and can use any database that the library supports.
    """

    name = "jejak"
    log_section_size = 500

    def construct_factory(self, env: Environment) -> InfrastructureFactory:
        return LogFactory(Environment(env.name, {**env, "IS_SNAPSHOTTING_ENABLED": "n"}))

    def construct_mapper(self) -> Mapper[UUID]:
        return LogMapper(self.construct_transcoder())

    def application(self, application_id: UUID) -> evolve.Application:
        """Folds the events of a citizen's application for a service, and returns its state.

        Raises AggregateNotFoundError.
        """
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
