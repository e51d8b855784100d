"""Topic command handler: decides the commands in Kafka records, by the same rules as commands over HTTP.

The decision about a record is called a verdict. Every verdict is stored, including a refusal. A verdict contains at
most two values from the record: the id of the command and the id of the application. The id of the application is left
out if the agency may not know the application.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from eventsourcing.persistence import StoredEvent

from domain.codes import RefusalCode
from domain.intake import IntakeAnswered, IntakeEvent, IntakeMalformed, IntakeRefused
from domain.refusals import ApplicationUnknown, Refusal, StaleVersion
from domain.registry.registry import Registry
from feeds.agencies.command_records import SUBMIT, CommandRecord, Malformed, SentCommand, read
from feeds.agencies.kafka.command_consumer import CommandPartition
from infra.composition import Installation
from infra.eventstore.identifiers import new_application_id
from infra.eventstore.intake import Answered
from infra.eventstore.store import rows_in
from infra.eventstore.topics import DataNotClosed, data_to_store
from infra.postgres.pool import AWAY
from service_layer import bodies, requests_from_bodies
from service_layer.commands import COMMANDS
from service_layer.decoding import decoded, parsed
from service_layer.event_store import Draft
from service_layer.faults import (
    ApplicationErased,
    ApplicationUnreadable,
    BodyFault,
    Forbidden,
    KeyReused,
    MalformedBody,
    NotYours,
    Unavailable,
)
from service_layer.identity import doubts_about
from service_layer.requests import CommandRequest, CommandResult
from service_layer.rights import Bearer, Principal, relation_for
from service_layer.streams import CommandIdentity

OFFERED = {offered.name: offered for offered in COMMANDS}
NAMES = frozenset({SUBMIT, *OFFERED})
STALE = "stale-version"
INTERNAL = "internal-error"
KEY_HOLDS = timedelta(days=31)
"""During this time, a repeated command can be compared with the first command.

The comparison needs the key that made the digest of the first command. Each month has a new key, and old keys are
destroyed. So after this time, the key may not exist any more.
"""

log = structlog.get_logger("jejak.intake")


class Broken(Exception):
    """An internal error occurred while a record was handled.

    The cause is neither the sender nor an unreachable database.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCommand:
    """A record that was parsed.

    The identity of a command depends on a secret key, and each month has a different secret key. `keys` contains one
    identity for each secret key that still exists.
    """

    place: CommandPartition
    record: CommandRecord
    sent: SentCommand | Malformed
    plain: Any = None
    keys: Sequence[CommandIdentity]

    @property
    def id(self) -> UUID | None:
        """The id of the command, or None for a malformed record."""
        return self.sent.id if isinstance(self.sent, SentCommand) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The data that is stored for one Kafka record.

    `event` is the answer to the command. `owner` is the id of the application. `rows` contains the new events of the
    application. `claims` contains the values of the application that must be unique in the log.
    """

    asking: ReadCommand
    event: IntakeEvent
    rows: tuple[StoredEvent, ...] = ()
    claims: tuple[bytes, ...] = ()
    owner: UUID | None = None


class TopicCommandHandler:
    """Decides the commands in Kafka records, and returns verdicts.

    The handler stores nothing except new keys of persons.
    """

    def __init__(self, installation: Installation) -> None:
        self.commands = installation.commands
        self.store = installation.store
        self.clock = installation.clock

    async def asking(self, place: CommandPartition, record: CommandRecord) -> ReadCommand:
        """Parses a record. Raises Unavailable if the keys cannot be read."""
        sent, plain = read(record, NAMES), None
        if isinstance(sent, SentCommand):
            sent, plain = _parsed(sent)
        if isinstance(sent, SentCommand):
            body: Any = [sent.name, str(sent.target or ""), sent.seen, plain]
        else:
            body = []
        key = str(sent.id) if isinstance(sent, SentCommand) else f"{place.partition}/{record.offset}"
        client = f"intake/{place.agency}"
        try:
            keys = await self.store.identities(client, key, body)
        except TypeError:  # the body is invalid, because canonical JSON cannot represent one of its numbers
            sent = Malformed("unprocessable", "", sent.id if isinstance(sent, SentCommand) else None)
            keys = await self.store.identities(client, key, [])
        return ReadCommand(place=place, record=record, sent=sent, plain=plain, keys=keys)

    async def verdict(
        self, asking: ReadCommand, known: Answered | None, registry: Registry, *, last: bool
    ) -> Verdict | None:
        """Returns the verdict on a record. Returns None if the command was answered before.

        A command gets only one answer. `last` is true if this is the last try to handle the record. If an internal
        error occurs in the last try, the verdict reports the internal error. In an earlier try, Broken is raised.
        Raises Unavailable if the database cannot be reached.
        """
        sent = asking.sent
        if isinstance(sent, Malformed):
            return self._malformed(asking, sent)
        if known is not None:
            same = known.digest in {identity.digest for identity in asking.keys}
            if same or datetime.now(UTC) - known.at > KEY_HOLDS:
                return None
            return self._malformed(asking, Malformed("key-reused", "header/ce_id", sent.id))
        try:
            return await self._decided(asking, sent, registry)
        except (Unavailable, *AWAY, OSError) as away:
            raise Unavailable from away
        except BodyFault as fault:
            return self._malformed(asking, Malformed(fault.code, fault.pointer, sent.id))
        except ApplicationUnknown:
            return self._refused(asking, sent, NotYours.code)
        except (ApplicationErased, ApplicationUnreadable, Forbidden, NotYours, KeyReused) as refused:
            return self._refused(asking, sent, refused.code)
        except StaleVersion as stale:
            return self._refused(asking, sent, STALE, version=stale.now, target=sent.target)
        except Refusal as refused:
            return self._refused(asking, sent, refused.code, target=sent.target)
        except Exception as fault:  # noqa: BLE001 - no error of one record may block the records after it
            place = {"agency": asking.place.agency, "partition": asking.place.partition, "offset": asking.record.offset}
            # The log line has no traceback, because a traceback could quote the record.
            log.error("a command cannot be handled", fault=type(fault).__name__, **place)  # noqa: TRY400
            if last:
                return self._refused(asking, sent, INTERNAL)
            raise Broken from None

    async def _decided(self, asking: ReadCommand, sent: SentCommand, registry: Registry) -> Verdict:
        request = _request(asking, sent, registry, self.clock.now())
        identities = await self.store.identities(request.client, request.key, request.body)
        decided = await self.commands.decide(sent.target, new_application_id(), request, identities)
        if isinstance(decided, CommandResult):
            return self._answered(asking, sent, decided.application_id, decided.application.version)
        return self._answered(asking, sent, decided.history.application_id, decided.version, decided)

    def _answered(
        self, asking: ReadCommand, sent: SentCommand, application: UUID, version: int, new: Draft | None = None
    ) -> Verdict:
        event = IntakeAnswered(agency=asking.place.agency, command=sent.id, application=application, version=version)
        if new is None:
            return Verdict(asking=asking, event=event)
        return Verdict(asking=asking, event=event, rows=rows_in(new), claims=new.claims, owner=application)

    def _refused(
        self,
        asking: ReadCommand,
        sent: SentCommand,
        code: RefusalCode,
        *,
        target: UUID | None = None,
        version: int | None = None,
    ) -> Verdict:
        agency = asking.place.agency
        event = IntakeRefused(agency=agency, command=sent.id, code=code, application=target, version=version)
        return Verdict(asking=asking, event=event)

    def _malformed(self, asking: ReadCommand, malformed: Malformed) -> Verdict:
        event = IntakeMalformed(
            agency=asking.place.agency,
            partition=asking.place.partition,
            offset=asking.record.offset,
            code=malformed.code,
            place=malformed.place,
            command=malformed.command,
        )
        return Verdict(asking=asking, event=_placed(event))


def _parsed(sent: SentCommand) -> tuple[SentCommand | Malformed, Any]:
    try:
        return sent, parsed(sent.body)
    except MalformedBody as fault:
        return Malformed(fault.code, fault.pointer, sent.id), None


def _request(asking: ReadCommand, sent: SentCommand, registry: Registry, now: datetime) -> CommandRequest:
    """Makes a `CommandRequest` from a record. For the same command, the HTTP operation makes the same `CommandRequest`.

    Raises BodyFault and Forbidden.
    """
    principal = Principal(bearer=Bearer.AGENCY, agency=asking.place.agency)
    relation = relation_for(sent.name, principal)
    context = requests_from_bodies.BodyContext(
        principal=principal, key=str(sent.id), plain=asking.plain, registry=registry, now=now
    )
    if sent.target is None:
        body, _ = decoded(sent.body, bodies.SubmitBody)
        doubts_about(body, registry)
        return requests_from_bodies.submission(context, body)
    offered = OFFERED[sent.name]
    command_body, _ = decoded(sent.body, offered.body)
    return requests_from_bodies.command(context, command_body, offered, relation, target=sent.target, seen=sent.seen)


def _placed(event: IntakeMalformed) -> IntakeMalformed:
    """Returns the event unchanged, or with an empty `place` if the value of `place` may not be stored."""
    try:
        data_to_store(event)
    except DataNotClosed:
        return replace(event, place="")
    return event
