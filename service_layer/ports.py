"""Ports: the interfaces through which the service layer uses storage and keys. `infra` implements the ports."""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.registry.registry import Registry
from projections import figures
from projections.desk import DeskRow
from projections.progress import ProgressRow
from projections.satisfaction_figures import CellCounts
from service_layer.rights import Principal


@dataclass(frozen=True, slots=True)
class Timeline:
    """The timeline of one application: its entries as a JSON array, and the offices that decide who may read it."""

    items: bytes
    version: int
    office: str
    offices: tuple[str, ...]


class Views(Protocol):
    """The views: rows of `progress`, and the position that each view has reached. Reading raises Unavailable."""

    async def row(self, application_id: UUID) -> ProgressRow | None: ...
    async def timeline(self, application_id: UUID) -> Timeline | None: ...
    async def row_by_number(self, number: str) -> ProgressRow | None: ...

    async def log_end(self) -> tuple[int, int]:
        """The current era, and the position of the newest event."""
        ...

    async def era_of(self, position: int) -> int:
        """The era in which `position` was assigned. The position of a repeated command may belong to an earlier era."""
        ...

    async def holds(self, era: int, position: int) -> bool:
        """Whether the log has an event at `position` in the era `era`."""
        ...

    async def reached(self, position: int, *, seconds: float, view: str = "progress") -> bool:
        """Waits until `view` has processed the events up to `position`, for at most `seconds`. Returns False if the
        time was not enough.
        """
        ...

    async def lag(self) -> dict[str, int]:
        """How many positions each view is behind the log. Raises Unavailable."""
        ...

    async def stopped(self) -> list[dict[str, Any]]:
        """Each event that a view cannot process, with the fields `view`, `position` and `application_id`. Raises
        Unavailable.
        """
        ...

    async def feeds(self) -> int:
        """The number of log positions that are not in the agencies' feeds yet. Raises Unavailable."""
        ...

    async def relays(self) -> list[dict[str, Any]]:
        """The lag of each feed's relay, with the fields `agency`, `oldest_seconds` and `fault`. Raises Unavailable."""
        ...


class Catalogue(Protocol):
    async def registry(self) -> Registry:
        """The current registry. Raises Unavailable."""
        ...

    async def recent(self) -> Registry:
        """A copy of the registry that is at most one second old. Every request checks its rights with this copy. Raises
        Unavailable.
        """
        ...


class Receipts(Protocol):
    """Number, PIN and QR: see infra/keys/receipt_codes.py."""

    def pin(self, number: str, resets: int) -> str: ...
    def is_pin(self, typed: str, number: str, resets: int) -> bool: ...
    def qr_token(self, number: str, resets: int) -> str: ...
    def read_qr_token(self, token: str) -> tuple[str, int] | None: ...


class Tokens(Protocol):
    def read_token(self, application_id: UUID) -> tuple[str, int]:
        """A signed token that reads one application, and its lifetime in seconds."""
        ...

    def principal(self, token: str) -> Principal | None:
        """The token's principal. Returns None for a token that is altered, expired or not signed by
        this installation.
        """
        ...

    def desk_session(self, bearer: str) -> tuple[str, int] | None:
        """Exchanges a bearer token of staff or of an agency for a token that opens only the desk page. Returns the new
        token and its lifetime in seconds. Returns None for any other token.
        """
        ...

    def at_desk(self, session: str) -> Principal | None:
        """The principal of a desk session's token, or None."""
        ...


class PinGuard(Protocol):
    """Counts wrong numbers and PINs, for all processes."""

    async def knock(self, number: str, network: str) -> int:
        """Counts a try before the PIN is checked. Returns 0 if the try is allowed, otherwise the seconds to wait before
        the next try.
        """
        ...

    async def open(self, number: str, network: str) -> None:
        """Subtracts the counted try, because number and PIN were right."""
        ...


class Persons(Protocol):
    """Finds the applications of a person by NIK. Erased persons are not found."""

    async def applications_of(self, nik: str, *, limit: int, roles: Collection[str] | None = None) -> list[UUID]:
        """The ids of the applications in which the person has one of these roles, newest first."""
        ...

    async def persons_of(self, applications: Collection[UUID]) -> Mapping[UUID, frozenset[UUID]]:
        """The random references of the persons that each application is about (applicant and subject)."""
        ...


class Dossiers(Protocol):
    """Sealed parts. Each access is recorded durably before the contents are returned."""

    async def record(self, applications: list[UUID], principal: Principal, purpose: str) -> None:
        """Records an access to each of these applications. The record is durable before the method returns."""
        ...

    async def open(self, application_id: UUID, principal: Principal, purpose: str) -> list[dict[str, Any]]: ...
    async def accesses(self, application_id: UUID) -> list[dict[str, Any]]: ...


class StatisticsQueries(Protocol):
    """Figures of all applications. Raises Unavailable."""

    async def public(self) -> figures.Statistics:
        """The public figures: coarse, and published with a delay."""
        ...

    async def exact(self, as_of: datetime | None = None) -> figures.Statistics:
        """The exact figures, for auditors only.

        Only what had happened by `as_of` counts, by default now. Corrected times count as corrected.
        """
        ...


class SatisfactionQueries(Protocol):
    """Counts of the answers to the satisfaction survey."""

    async def cells(self, as_of: datetime) -> list[CellCounts]:
        """The rows for `projections.satisfaction_figures`, for all its periods and for answers given before `as_of`.

        Raises Unavailable.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPage:
    """A query for a page of an office's queue, optionally of one status or one officer.

    `after` holds the due date (UTC) and the id of the last file on the previous page.
    """

    office: str
    status: str | None = None
    officer: UUID | None = None
    after: tuple[datetime | None, UUID] | None = None
    limit: int = 50


class Desk(Protocol):
    async def queue(self, page: DeskPage) -> list[DeskRow]:
        """Rows of the desk view (projections/desk.py), sorted by due date. Rows without a due date come last."""
        ...


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One event of a feed: its CloudEvents id, and the whole event as JSON."""

    id: str
    document: bytes


class TooManyReaders(Exception):
    """The limit of open feed readers of this process, or of one agency, is reached."""


class Feeds(Protocol):
    """The feeds of the agencies. Each feed is in the order of the log.

    A place is an internal position in a feed and is never sent to clients. The place 0 is the beginning of a feed.
    """

    @property
    def ending(self) -> bool:
        """Whether the process is about to stop. Then open streams must end."""
        ...

    def has(self, agency: str) -> bool: ...

    def reading(self, agency: str) -> AbstractContextManager[None]:
        """Counts a reader of the feed while the context is open. Raises TooManyReaders."""
        ...

    async def place(self, agency: str, event_id: str) -> int | None:
        """The place of the event with that id. Returns None if the event is not in the feed. Raises Unavailable."""
        ...

    async def made(self, *, seconds: float) -> bool:
        """Waits, for at most `seconds`, until the feeds contain all events that were in the log at the time of the
        call.

        Raises Unavailable.
        """
        ...

    async def page(self, agency: str, place: int, *, limit: int, bytes_max: int) -> tuple[list[FeedEvent], int]:
        """The events after `place`, and the place of the last returned event. Returns at least one event if any event
        follows `place`. Raises Unavailable.
        """
        ...

    async def more(self, agency: str, place: int, *, seconds: float) -> bool:
        """Waits until there is an event after `place`, for at most `seconds`. Returns False as soon as `ending` is
        true.
        """
        ...


class Meter(Protocol):
    """Metrics for the operator, and one log line for each request."""

    def request(self, method: str, route: str, status: int, seconds: float) -> None: ...
    def command(self, name: str, outcome: str) -> None: ...
    def pin_failure(self) -> None: ...
    def exposition(self) -> bytes: ...
