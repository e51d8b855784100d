"""API dependencies: everything that an endpoint may use. The application holds the dependencies."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from service_layer.handlers.commands import CommandHandler
from service_layer.handlers.links import LinkHandler
from service_layer.handlers.surveys import SurveyHandler
from service_layer.ports import (
    Accesses,
    Catalogue,
    Desk,
    Dossiers,
    Feeds,
    Meter,
    Persons,
    PinGuard,
    Receipts,
    SatisfactionQueries,
    StatisticsQueries,
    SyncTokens,
    Tokens,
    Views,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """The dependencies. `published` maps paths to public JSON documents. `now` returns the time of the
    database in UTC, because the clock of this host may be wrong.

    `storing` returns whether events can be stored now. `started_at` is the time at which this process started.
    """

    commands: CommandHandler
    links: LinkHandler
    surveys: SurveyHandler
    views: Views
    catalogue: Catalogue
    receipts: Receipts
    tokens: Tokens
    sync_tokens: SyncTokens
    door: PinGuard
    accesses: Accesses
    dossiers: Dossiers
    persons: Persons
    statistics: StatisticsQueries
    satisfaction: SatisfactionQueries
    desk: Desk
    feeds: Feeds
    storing: Callable[[], Awaitable[bool]]
    published: Mapping[str, bytes]
    meter: Meter
    now: Callable[[], datetime]
    started_at: datetime


def dependencies_of(request: Request) -> Dependencies:
    dependencies: Dependencies = request.scope["app"].dependencies
    return dependencies
