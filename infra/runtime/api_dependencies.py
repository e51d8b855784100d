"""API dependencies: this module implements the interfaces that the API needs. The implementations use the connection
pools and the keys of an installation.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from functools import cache
from typing import Any
from uuid import UUID

import orjson
import structlog

from api.dependencies import Dependencies
from domain.registry.registry import Registry
from infra.composition import Installation
from infra.eventstore.envelope import SealBroken, unseal
from infra.eventstore.history import STREAM
from infra.eventstore.storing import Storing
from infra.keys.sync_tokens import SealedSyncTokens
from infra.keys.tokens import SignedTokens
from infra.logs import RequestLog
from infra.metrics import COMMANDS, PIN_FAILURES, REQUESTS
from infra.postgres.pool import borrowed
from infra.queries.accesses import PostgresAccesses
from infra.queries.agency_feed import PostgresFeeds
from infra.queries.applications import PostgresViews
from infra.queries.desk import PostgresDesk
from infra.queries.pin_guard import PostgresPinGuard
from infra.queries.satisfaction import PostgresSatisfaction
from infra.queries.statistics import PostgresStatistics
from service_layer.handlers.links import LinkHandler
from service_layer.handlers.surveys import SurveyHandler
from service_layer.ports import RequestReport
from service_layer.rights import Principal

RECENT_SECONDS = 1.0

log = structlog.get_logger("jejak.views")


class RecentCatalogue:
    """Provides a copy of the registry that may be about one second old. So the log is queried at most once a second."""

    def __init__(self, registry: Callable[[], Coroutine[Any, Any, Registry]]) -> None:
        self.registry = registry
        self._reading = asyncio.Lock()
        self._known: tuple[Registry, float] | None = None

    async def recent(self) -> Registry:
        """Returns the registry. While one caller queries the log, all other callers get the last known registry."""
        known = self._known
        if known and (self._reading.locked() or time.monotonic() - known[1] < RECENT_SECONDS):
            return known[0]
        async with self._reading:
            asked_at = time.monotonic()
            if self._known is None or asked_at - self._known[1] >= RECENT_SECONDS:
                self._known = await self.registry(), asked_at
            return self._known[0]


class SealedDossiers:
    """Opens sealed parts for principals that have the right to read them, and records each access."""

    def __init__(self, installation: Installation, accesses: PostgresAccesses) -> None:
        self.pool = installation.pool
        self.keys = installation.keys
        self.accesses = accesses

    async def open(self, application_id: UUID, principal: Principal, purpose: str) -> list[dict[str, Any]]:
        await self.accesses.record("open-dossier", [application_id], principal, purpose)
        # the access is recorded before any content is returned
        async with borrowed(self.pool) as connection:
            rows = await (await connection.execute(STREAM, (application_id,))).fetchall()
        keys = {key.key_id: key.key for key in (await self.keys.dossier_keys(application_id)).values()}
        return [
            {
                "version": version,
                "role": part["role"],
                "content": self._content(keys.get(UUID(part["key"])), part, application_id, version, topic),
            }
            for version, topic, state, _, _ in rows
            for part in orjson.loads(bytes(state))["sealed"]
        ]

    @staticmethod
    def _content(
        key: bytes | None, part: dict[str, str], application_id: UUID, version: int, topic: str
    ) -> dict[str, Any] | None:
        """Returns the content of a part.

        Returns None if the key was destroyed, so that the part is shown as redacted.
        """
        if key is None:
            return None
        try:
            content: dict[str, Any] = unseal(key, part, application=application_id, version=version, topic=topic)
        except SealBroken:
            log.error("a sealed part cannot be opened", version=version)  # noqa: TRY400 - no content may reach the log
            return None
        return content


class PrometheusMeter:
    """Counts and logs requests and commands."""

    def __init__(self) -> None:
        self._log = RequestLog()
        self._observe = cache(lambda method, route, status: REQUESTS.labels(method, route, str(status)).observe)

    def request(self, report: RequestReport) -> None:
        self._observe(report.method, report.route, report.status)(report.seconds)
        self._log(report)

    def command(self, name: str, outcome: str) -> None:
        COMMANDS.labels(name, outcome).inc()

    def pin_failure(self) -> None:
        PIN_FAILURES.inc()


def dependencies(
    installation: Installation,
    views: PostgresViews,
    feeds: PostgresFeeds,
    accesses: PostgresAccesses,
    published: Mapping[str, bytes],
) -> Dependencies:
    """Returns the dependencies of the API. `published` maps each path to a public document."""
    return Dependencies(
        commands=installation.commands,
        links=LinkHandler(installation.store),
        surveys=SurveyHandler(installation.store),
        views=views,
        catalogue=RecentCatalogue(installation.editions.registry),
        receipts=installation.receipt_codes,
        tokens=SignedTokens(installation.named.token, installation.named.read_token),
        sync_tokens=SealedSyncTokens(installation.named.sync),
        door=PostgresPinGuard(installation.pool, installation.named.door),
        accesses=accesses,
        dossiers=SealedDossiers(installation, accesses),
        persons=installation.keys,
        statistics=PostgresStatistics(installation.pool, installation.editions),
        satisfaction=PostgresSatisfaction(installation.pool),
        desk=PostgresDesk(installation.pool),
        feeds=feeds,
        storing=Storing(installation.pool, installation.writer),
        published=published,
        meter=PrometheusMeter(),
        now=installation.clock.now,
        started_at=installation.clock.now(),
    )
