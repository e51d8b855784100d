"""What the API needs handed in. `infra` implements these; the API never sees a database or a key."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.registry.editions import Registry
from projections import figures
from projections.desk import DeskRow
from projections.progress import ProgressRow
from projections.satisfaction import UnitCounts
from service_layer.rights import Principal


@dataclass(frozen=True, slots=True)
class Timeline:
    """Of one application: its entries as a JSON array, and what decides who may read it."""

    items: bytes
    version: int
    office: str
    offices: tuple[str, ...]


class Views(Protocol):
    """Rows of `progress`, by position. Reading one raises Unavailable."""

    async def row(self, application_id: UUID) -> ProgressRow | None: ...
    async def timeline(self, application_id: UUID) -> Timeline | None: ...
    async def row_by_number(self, number: str) -> ProgressRow | None: ...

    async def log_end(self) -> tuple[int, int]:
        """The era, and the position of the newest event."""
        ...

    async def era_of(self, position: int) -> int:
        """The era in which `position` was handed out; of an answer given again, not always the newest."""
        ...

    async def holds(self, era: int, position: int) -> bool:
        """Whether the log has an event at `position`, of that era."""
        ...

    async def reached(self, position: int, *, seconds: float, view: str = "progress") -> bool:
        """Waits until `view` has passed `position`, at most so long."""
        ...

    async def lag(self) -> dict[str, int]:
        """How many positions each view is behind the log. Raises Unavailable."""
        ...

    async def stopped(self) -> list[dict[str, Any]]:
        """Each event that a view cannot fold: `view`, `position`, `application_id`. Raises Unavailable."""
        ...

    async def feeds(self) -> int:
        """How many positions of the log are not in the agencies' feeds yet. Raises Unavailable."""
        ...

    async def relays(self) -> list[dict[str, Any]]:
        """How far each feed's relay is behind: `agency`, `oldest_seconds`, `fault`. Raises Unavailable."""
        ...


class Catalogue(Protocol):
    async def registry(self) -> Registry:
        """As of now. Raises Unavailable."""
        ...

    async def recent(self) -> Registry:
        """As it was within the last second: for rights, which every request asks for. Raises Unavailable."""
        ...


class Receipts(Protocol):
    """Number, PIN and QR: see infra/keys/receipt_codes.py."""

    def pin(self, number: str, resets: int) -> str: ...
    def is_pin(self, typed: str, number: str, resets: int) -> bool: ...
    def qr_token(self, number: str, resets: int) -> str: ...
    def read_qr_token(self, token: str) -> tuple[str, int] | None: ...


class Tokens(Protocol):
    def read_token(self, application_id: UUID) -> tuple[str, int]:
        """A signed token that reads one application, and for how many seconds."""
        ...

    def principal(self, token: str) -> Principal | None:
        """Who bears it; None for one that is not ours, altered or too old."""
        ...

    def desk_session(self, bearer: str) -> tuple[str, int] | None:
        """For a bearer of staff or an agency a token that opens the desk's page alone, and for how many seconds."""
        ...

    def at_desk(self, session: str) -> Principal | None:
        """Who has such a token."""
        ...


class PinGuard(Protocol):
    """Counts wrong numbers and PINs, for all processes."""

    async def knock(self, number: str, network: str) -> int:
        """Counts one try before it is judged. Returns 0 to go on, else the seconds after which to come again."""
        ...

    async def open(self, number: str, network: str) -> None:
        """It was the right one: the try does not count."""
        ...


class Persons(Protocol):
    """Who has a part in what. By NIK; what was erased is not known."""

    async def applications_of(self, nik: str, *, limit: int) -> list[UUID]:
        """The newest first."""
        ...


class Dossiers(Protocol):
    """Sealed parts. Opening one is recorded durably before it is answered."""

    async def record(self, applications: list[UUID], principal: Principal, purpose: str) -> None:
        """That each was looked at; durable when this returns."""
        ...

    async def open(self, application_id: UUID, principal: Principal, purpose: str) -> list[dict[str, Any]]: ...
    async def accesses(self, application_id: UUID) -> list[dict[str, Any]]: ...


class StatisticsQueries(Protocol):
    """Figures of all applications. Raises Unavailable."""

    async def public(self) -> figures.Statistics:
        """As anybody may see them: coarse, and late."""
        ...

    async def exact(self, as_of: datetime | None = None) -> figures.Statistics:
        """For the auditor alone. Ages and what is overdue are measured at `as_of`, or now."""
        ...


class SatisfactionQueries(Protocol):
    """What applicants said of the service, counted."""

    async def units(self, as_of: datetime) -> list[UnitCounts]:
        """For `projections.satisfaction.units`: of what was recorded before `as_of`. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPage:
    """A page of an office's queue: of that status, of that officer; after the file of that due date (UTC) and id."""

    office: str
    status: str | None = None
    officer: UUID | None = None
    after: tuple[datetime | None, UUID] | None = None
    limit: int = 50


class Desk(Protocol):
    async def queue(self, asked: DeskPage) -> list[DeskRow]:
        """Rows of the desk (projections/desk.py), the sooner due first, those without a date last."""
        ...


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One event of a feed: its CloudEvents id, and the whole of it as JSON."""

    id: str
    document: bytes


class TooManyReaders(Exception):
    """As many read feeds as this process has room for, or as many of one agency."""


class Feeds(Protocol):
    """What each agency is told, in the order of the log. A place is ours alone: it never leaves. 0 is the beginning."""

    @property
    def ending(self) -> bool:
        """The process stops: who reads is to come to an end."""
        ...

    def has(self, agency: str) -> bool: ...

    def reading(self, agency: str) -> AbstractContextManager[None]:
        """While it is read. Raises TooManyReaders."""
        ...

    async def place(self, agency: str, event_id: str) -> int | None:
        """Of that event; None where the feed has it not. Raises Unavailable."""
        ...

    async def made(self, *, seconds: float) -> bool:
        """Waits, at most so long, until the feeds are made of all that is in the log now. Raises Unavailable."""
        ...

    async def page(self, agency: str, place: int, *, limit: int, bytes_max: int) -> tuple[list[FeedEvent], int]:
        """What comes after `place`, one at least if there is one, and the place of its last. Raises Unavailable."""
        ...

    async def more(self, agency: str, place: int, *, seconds: float) -> bool:
        """Waits, at most so long, until there is something after `place`. False as soon as `ending`."""
        ...


class Meter(Protocol):
    """What the operator is told: metrics, and a line of the log for each request."""

    def request(self, method: str, route: str, status: int, seconds: float) -> None: ...
    def command(self, name: str, outcome: str) -> None: ...
    def pin_failure(self) -> None: ...
    def exposition(self) -> bytes: ...
