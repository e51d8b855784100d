"""Ports: the service layer uses storage and keys only through these interfaces. `infra` implements the ports.

The values that each request makes are msgspec structs, because these are made ten times as fast as frozen dataclasses.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from domain.registry.registry import Registry
from projections import figures
from projections.desk import DeskRow
from projections.progress import ProgressRow
from projections.satisfaction_figures import CellCounts
from service_layer.rights import Principal


class Timeline(Struct, frozen=True):
    """The timeline of one application. `items` contains the entries as a JSON array. The right to read the timeline
    depends on `office` and `offices`.
    """

    items: bytes
    version: int
    office: str
    offices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundFile:
    """The facts about one application that a search for a person shows."""

    service: str
    status: str | None
    office: str


class Views(Protocol):
    """Reads the rows of the view `progress`, and the position that each view has reached. A query may raise
    Unavailable.
    """

    async def row(self, application_id: UUID) -> ProgressRow | None: ...
    async def timeline(self, application_id: UUID) -> Timeline | None: ...
    async def row_by_number(self, number: str) -> ProgressRow | None: ...

    async def concerning(self, applications: Collection[UUID], offices: Collection[str]) -> Mapping[UUID, FoundFile]:
        """Returns the given applications that concern at least one of the given offices. All rows are read and
        unpacked. So the duration of the call discloses nothing about the other applications.
        """
        ...

    async def log_end(self) -> tuple[int, int]:
        """Returns the current era and the position of the newest event."""
        ...

    async def era_of(self, position: int) -> int:
        """Returns the era in which `position` was assigned. A repeated command returns the position of the event that
        it stored before. This position may belong to an earlier era.
        """
        ...

    async def holds(self, era: int, position: int) -> bool:
        """Returns whether the log has an event at `position` in the era `era`."""
        ...

    async def reached(self, position: int, *, seconds: float, view: str = "progress") -> bool:
        """Waits for at most `seconds` until `view` has processed the events up to `position`. Returns False if `view`
        did not reach `position` in this time.
        """
        ...

    async def lag(self) -> dict[str, int]:
        """Returns for each view the number of log positions that the view has not processed yet. Raises Unavailable."""
        ...

    async def states(self) -> dict[str, str]:
        """Returns the state of each view: `whole`, `stopped` (by an event), `older` (an older release made the view,
        and the new version is being built), or `behind` (nobody can read the view now). Raises Unavailable.
        """
        ...

    async def stopped(self) -> list[dict[str, Any]]:
        """Returns a list of the events that a view cannot process. Each entry has the fields `view`, `position` and
        `application_id`. Raises Unavailable.
        """
        ...

    async def feeds(self) -> int:
        """Returns the number of log positions that are not in the agencies' feeds yet. Raises Unavailable."""
        ...

    async def services(self) -> list[dict[str, Any]]:
        """Returns the state of each background service, in this process and in the other processes. Each entry has the
        fields `name`, `last_success`, `last_fault`, `last_fault_at` and `faults_in_a_row`. Raises Unavailable.
        """
        ...

    async def clock_offset(self) -> float:
        """Returns the clock of this host minus the clock of the database, in seconds. Raises Unavailable."""
        ...

    async def relays(self) -> list[dict[str, Any]]:
        """Returns the lag of the relay of each feed. Each entry has the fields `agency`, `oldest_seconds` and `fault`.
        Raises Unavailable.
        """
        ...


class Catalogue(Protocol):
    async def registry(self) -> Registry:
        """Returns the current registry. Raises Unavailable."""
        ...

    async def recent(self) -> Registry:
        """Returns a copy of the registry that is at most one second old. The rights of every request are checked with
        this copy. Raises Unavailable.
        """
        ...


class Receipts(Protocol):
    """The codes on a receipt: number, PIN and QR code (see infra/keys/receipt_codes.py)."""

    def pin(self, number: str, resets: int) -> str: ...
    def is_pin(self, typed: str, number: str, resets: int) -> bool: ...
    def qr_token(self, number: str, resets: int) -> str: ...
    def read_qr_token(self, token: str) -> tuple[str, int] | None: ...


class Tokens(Protocol):
    def read_token(self, application_id: UUID) -> tuple[str, int]:
        """Returns a signed token, and its lifetime in seconds. With the token, a client can read one application."""
        ...

    def principal(self, token: str) -> Principal | None:
        """Returns the principal of the token. Returns None if the token is altered, expired or not signed by this
        installation.
        """
        ...

    def desk_session(self, bearer: str) -> tuple[str, int] | None:
        """Exchanges a bearer token for a token that opens only the desk page. The bearer token must belong to a member
        of staff or to an agency's system. Returns the new token and its lifetime in seconds. Returns None for any other
        bearer token.
        """
        ...

    def at_desk(self, session: str) -> Principal | None:
        """Returns the principal of a desk session's token. Returns None if the token is not valid."""
        ...


class SyncTokens(Protocol):
    """Tokens that name an event of the log. A client can neither read nor make a token."""

    def seal(self, era: int, position: int) -> str: ...

    def open(self, token: str) -> tuple[int, int] | None:
        """Returns the era and the position. Returns None if this installation did not make the token."""
        ...


class PinGuard(Protocol):
    """Counts the attempts with a wrong tracking number or a wrong PIN. All processes share the numbers of attempts. The
    rule is in `domain.pin_limits`.
    """

    async def knock(self, number: str, network: str) -> int:
        """Counts this attempt before Jejak checks the PIN. Returns 0 if the attempt is allowed. Otherwise, returns the
        number of seconds to wait before the next attempt.
        """
        ...

    async def open(self, number: str, network: str) -> None:
        """Removes the attempt that `knock` counted, and remembers the network. Call this method if the number and the
        PIN are right.
        """
        ...


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """The result of a search by NIK. `person` is the random reference of the person, or None for an unknown NIK.
    `applications` lists the person's applications, the newest first. `padded` contains the same applications and enough
    other applications, so that the length of `padded` discloses nothing about the person.
    """

    person: UUID | None
    applications: list[UUID]
    padded: list[UUID]


class Persons(Protocol):
    """Finds the applications of a person by NIK. Erased persons are not found."""

    async def find(self, nik: str) -> FoundPerson:
        """Returns the person's applications at all offices. The amount of work is the same for every person."""
        ...

    async def applications_of(self, nik: str, *, limit: int, roles: Collection[str] | None = None) -> list[UUID]:
        """Returns the ids of the applications in which the person has one of these roles. The newest application comes
        first.
        """
        ...

    async def persons_of(self, applications: Collection[UUID]) -> Mapping[UUID, frozenset[UUID]]:
        """Returns for each application the random references of its persons (applicant and subject)."""
        ...


class Accesses(Protocol):
    """The access record says who read what and when, and who searched for a person."""

    def note(
        self, operation: str, principal: Principal, *, application_id: UUID | None = None, desk: str | None = None
    ) -> None:
        """Records a reading by staff, by an agency's system or by an auditor. The record is stored about a second
        later. Readings by citizens are not recorded.
        """
        ...

    async def search(self, principal: Principal, person: UUID | None) -> int:
        """Records a search for a person. Returns 0 if the search is allowed. Otherwise, records nothing and returns
        the number of seconds to wait before the next search.
        """
        ...

    async def record(self, operation: str, applications: Sequence[UUID], principal: Principal, purpose: str) -> None:
        """Records an access to each of the given applications. The record is durable before the method returns."""
        ...

    async def of_application(self, application_id: UUID) -> list[dict[str, Any]]:
        """Returns the accesses to personal data in an application, for the citizen."""
        ...

    async def page(self, after: int, limit: int) -> list[dict[str, Any]]:
        """Returns the entries of the access record with an id above `after`, in the order of their ids."""
        ...


class Dossiers(Protocol):
    """Opens sealed parts. Each access is recorded durably before the contents are returned."""

    async def open(self, application_id: UUID, principal: Principal, purpose: str) -> list[dict[str, Any]]: ...


class StatisticsQueries(Protocol):
    """Reads figures about all applications together. Raises Unavailable."""

    async def public(self) -> figures.Statistics:
        """Returns the public figures. The public figures are coarse, and are published with a delay."""
        ...

    async def exact(self, as_of: datetime | None = None) -> figures.Statistics:
        """Returns the exact figures, for auditors only.

        The figures include only events up to the time `as_of`. If `as_of` is None, the figures include all events up to
        now. If a time was corrected, the corrected time is used.
        """
        ...


class SatisfactionQueries(Protocol):
    """Reads sums and numbers of the answers to the satisfaction survey."""

    async def cells(self, as_of: datetime) -> list[CellCounts]:
        """Returns the counts from which `projections.satisfaction_figures` computes the figures of all periods. Answers
        that were given at `as_of` or later are not counted.

        Raises Unavailable.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPage:
    """A query that asks for one page of an office's queue. The query can be limited to one status, or to one officer.

    `after` holds the due date (UTC) and the id of the last file on the previous page.
    """

    office: str
    status: str | None = None
    officer: UUID | None = None
    after: tuple[datetime | None, UUID] | None = None
    limit: int = 50


class Desk(Protocol):
    async def queue(self, page: DeskPage) -> list[DeskRow]:
        """Returns rows of the desk view (projections/desk.py), sorted by due date. Rows without a due date come
        last.
        """
        ...


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One event of a feed: its CloudEvents id, and the whole event as JSON."""

    id: str
    document: bytes


class TooManyReaders(Exception):
    """Too many feed readers are open. This process has a limit, and each agency has a limit."""


class Feeds(Protocol):
    """The feeds of the agencies. Each feed is in the order of the log.

    A place is an internal position in a feed and is never sent to clients. The place 0 is the beginning of a feed.
    """

    @property
    def ending(self) -> bool:
        """Returns whether the process is about to stop. If the process is about to stop, open streams must be
        closed.
        """
        ...

    def has(self, agency: str) -> bool: ...

    def reading(self, agency: str) -> AbstractContextManager[None]:
        """Returns a context manager. While its context is open, the feed has one more reader. Raises TooManyReaders."""
        ...

    async def place(self, agency: str, event_id: str) -> int | None:
        """Returns the place of the event with this id. Returns None if the event is not in the feed. Raises
        Unavailable.
        """
        ...

    async def made(self, *, seconds: float) -> bool:
        """Waits until the feeds contain all events that the log had at the time of the call, but at most `seconds`.
        Returns False if this time was too short.

        Raises Unavailable.
        """
        ...

    async def whole(self) -> bool:
        """Returns True if two conditions hold. First, the feeds contain all events that the log had at the last start
        of Jejak. Second, the feeds were made by the present rules. Otherwise, an empty page does not mean that there is
        no event. Raises Unavailable.
        """
        ...

    async def page(self, agency: str, place: int, *, limit: int, bytes_max: int) -> tuple[list[FeedEvent], int]:
        """Returns the events after `place`, and the place of the last of these events. Returns at least one event if
        any event follows `place`. Raises Unavailable.
        """
        ...

    async def more(self, agency: str, place: int, *, seconds: float) -> bool:
        """Waits for at most `seconds` until there is an event after `place`. Returns False as soon as `ending` is
        true.
        """
        ...


class RequestReport(Struct, frozen=True, kw_only=True):
    """One answered request, for the log and the metrics. The report contains nothing that a client typed.

    `route` is the path template of the route. `operation` is the name of the operation, or "" for a page. `principal`
    is the client, if the client could be identified.
    """

    method: str
    route: str
    operation: str
    status: int
    seconds: float
    trace_id: str
    principal: Principal | None


class Meter(Protocol):
    """Counts metrics for the operator, and writes one log line for each request."""

    def request(self, report: RequestReport) -> None: ...
    def command(self, name: str, outcome: str) -> None: ...
    def pin_failure(self) -> None: ...
