"""What the API is handed: its ports, implemented over the pools and keys of an installation."""

import asyncio
import hmac
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from prometheus_client import generate_latest

from api.access import Bearer, Principal
from api.ports import House
from domain.data import instant
from domain.ports import Unavailable
from infra.desk import PostgresDesk
from infra.main import Installation
from infra.metrics import COMMANDS, METRICS, PIN_FAILURES, REQUESTS
from infra.pool import Pool, borrowed
from infra.positions import LOG, POSITION, STOPPED
from infra.statistics import PostgresStatistics
from infra.store.envelope import SealBroken, unseal
from infra.store.history import STREAM
from infra.store.satisfaction import StoredSatisfaction
from infra.views import VIEWS
from projections import progress

READ_TOKEN_SECONDS = DESK_SECONDS = 30 * 60
PER_NETWORK, PER_NUMBER = 20, 100
"""Wrong tries a day: for one number from one network, and for one number from all."""
SECONDS_A_DAY = 86_400
POLL_SECONDS = 0.5

log = structlog.get_logger("jejak.views")


class PostgresViews:
    """Reads rows, and lets those wait who ask for a position: woken by the runner's notification, in any process."""

    def __init__(self, pool: Pool, conninfo: str) -> None:
        self.pool = pool
        self.conninfo = conninfo
        self.moved = asyncio.Condition()

    async def row(self, application_id: UUID) -> dict[str, Any] | None:
        return await self._row(progress.ROW, {"id": application_id})

    async def row_by_number(self, number: str) -> dict[str, Any] | None:
        return await self._row(progress.BY_NUMBER, {"number": number})

    async def _row(self, query: str, values: dict[str, Any]) -> dict[str, Any] | None:
        found = await self._one(query, values)
        return orjson.loads(bytes(found[0])) if found else None

    async def log_end(self) -> tuple[int, int]:
        found = await self._one(
            "SELECT (SELECT max(era) FROM eras), (SELECT coalesce(max(notification_id), 0) FROM stored_events)", {}
        )
        return (found[0], found[1]) if found else (1, 0)

    async def reached(self, position: int, *, seconds: float, view: str = progress.VIEW.name) -> bool:
        deadline = time.monotonic() + seconds
        while await self._position(view) < position:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            async with self.moved:
                try:
                    await asyncio.wait_for(self.moved.wait(), min(left, POLL_SECONDS))
                except TimeoutError:
                    continue
        return True

    async def lag(self) -> dict[str, int]:
        _, end = await self.log_end()
        return {name: max(0, end - await self._position(name)) for name in VIEWS}

    async def stopped(self) -> list[dict[str, Any]]:
        try:
            async with borrowed(self.pool) as connection:
                rows = await (await connection.execute(STOPPED)).fetchall()
        except psycopg.errors.UndefinedTable:  # nobody has projected yet
            return []
        return [{"view": view, "position": position, "application_id": str(id_)} for view, position, id_ in rows]

    async def _position(self, view: str) -> int:
        found = await self._one(POSITION, {"name": f"{LOG}-{view}"})
        return int(found[0] or 0) if found else 0

    async def _one(self, query: str, values: dict[str, Any]) -> tuple[Any, ...] | None:
        try:
            async with borrowed(self.pool) as connection:
                return await (await connection.execute(query, values, prepare=True)).fetchone()
        except psycopg.errors.UndefinedTable as lost:  # the view was dropped: the runner makes it anew
            raise Unavailable from lost

    async def listen(self) -> None:
        """Runs until cancelled: wakes the waiting whenever a view has moved."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True) as connection:
                    await connection.execute("LISTEN views")
                    async for _ in connection.notifies():
                        async with self.moved:
                            self.moved.notify_all()
            except psycopg.Error as lost:
                log.warning("listening again", fault=type(lost).__name__)
            await asyncio.sleep(POLL_SECONDS)


class SignedTokens:
    """Read tokens and bearers: JWTs with HS256, each kind under its own key and audience."""

    def __init__(self, bearer_key: bytes, read_key: bytes) -> None:
        self.bearer_key = OctKey.import_key(bearer_key)
        self.read_key = OctKey.import_key(read_key)

    def read_token(self, application_id: UUID) -> tuple[str, int]:
        claims = {
            "aud": "jejak-read",
            "sub": str(application_id),
            "exp": int(time.time()) + READ_TOKEN_SECONDS,
        }
        return jwt.encode({"alg": "HS256"}, claims, self.read_key), READ_TOKEN_SECONDS

    def bearer(self, principal: Principal, *, seconds: int) -> str:
        claims = {
            "aud": "jejak",
            "sub": str(principal.actor),
            "role": principal.bearer.value,
            "office": principal.office,
            "agency": principal.agency,
            "exp": int(time.time()) + seconds,
        }
        return jwt.encode({"alg": "HS256"}, claims, self.bearer_key)

    def principal(self, token: str) -> Principal | None:
        return self._citizen(token) or self._staff(token)

    def _citizen(self, token: str) -> Principal | None:
        claims = self._claims(token, self.read_key, "jejak-read")
        return Principal(bearer=Bearer.CITIZEN, application_id=UUID(claims["sub"])) if claims else None

    def desk_session(self, bearer: str) -> tuple[str, int] | None:
        """It ends with the bearer, at the latest."""
        claims = self._claims(bearer, self.bearer_key, "jejak")
        if claims is None:
            return None
        now = int(time.time())
        seconds = min(DESK_SECONDS, claims["exp"] - now)
        session = {**claims, "aud": "jejak-desk", "exp": now + seconds}
        return jwt.encode({"alg": "HS256"}, session, self.bearer_key), seconds

    def at_desk(self, session: str) -> Principal | None:
        return self._staff(session, "jejak-desk")

    def _staff(self, token: str, audience: str = "jejak") -> Principal | None:
        claims = self._claims(token, self.bearer_key, audience)
        if claims is None:
            return None
        return Principal(
            bearer=Bearer(claims["role"]),
            actor=UUID(claims["sub"]),
            office=claims["office"],
            agency=claims["agency"],
        )

    @staticmethod
    def _claims(token: str, key: OctKey, audience: str) -> dict[str, Any] | None:
        registry = jwt.JWTClaimsRegistry(
            aud={"essential": True, "value": audience}, exp={"essential": True}, sub={"essential": True}
        )
        try:
            decoded = jwt.decode(token, key, algorithms=["HS256"])
            registry.validate(decoded.claims)
        except (JoseError, ValueError):
            return None
        return dict(decoded.claims)


class CountingDoor:
    """One table counts for all processes. Number and network stand in it as macs of the day's own, never in clear."""

    def __init__(self, pool: Pool, key: bytes) -> None:
        self.pool = pool
        self.key = key

    async def knock(self, number: str, network: str) -> int:
        now = datetime.now(UTC)
        subject, origin = self._masked(now, number, network)
        async with borrowed(self.pool) as connection:
            # One try at a time for a number, so that no crowd of networks can overrun the sum.
            await connection.execute(
                "SELECT pg_advisory_xact_lock(%s)", (int.from_bytes(subject[:8], "big", signed=True),)
            )
            await connection.execute("DELETE FROM pin_failures WHERE day < %s", (now.date(),))
            cursor = await connection.execute(
                "INSERT INTO pin_failures (subject, network, day, failures) VALUES (%s, %s, %s, 1)"
                " ON CONFLICT (subject, day, network) DO UPDATE SET failures = pin_failures.failures + 1"
                " RETURNING failures",
                (subject, origin, now.date()),
            )
            here = await cursor.fetchone()
            cursor = await connection.execute(
                "SELECT sum(failures) FROM pin_failures WHERE subject = %s AND day = %s", (subject, now.date())
            )
            everywhere = await cursor.fetchone()
            allowed = here is not None and everywhere is not None and here[0] <= PER_NETWORK
            if allowed and everywhere is not None and everywhere[0] <= PER_NUMBER:
                return 0
            await connection.rollback()  # a try that is not judged does not count either
        return SECONDS_A_DAY - int(now.timestamp()) % SECONDS_A_DAY

    async def open(self, number: str, network: str) -> None:
        now = datetime.now(UTC)
        subject, origin = self._masked(now, number, network)
        async with borrowed(self.pool) as connection:
            await connection.execute(
                "UPDATE pin_failures SET failures = greatest(failures - 1, 0)"
                " WHERE subject = %s AND network = %s AND day = %s",
                (subject, origin, now.date()),
            )

    def _masked(self, now: datetime, number: str, network: str) -> tuple[bytes, bytes]:
        def masked(name: str) -> bytes:
            return hmac.digest(self.key, f"jejak/door/1\0{now.date()}\0{name}".encode(), "sha256")[:16]

        return masked(number), masked(network)


class SealedDossiers:
    """Opens sealed parts for who may, and keeps who did."""

    def __init__(self, installation: Installation) -> None:
        self.pool = installation.pool
        self.keys = installation.keys

    async def record(self, applications: list[UUID], principal: Principal, purpose: str) -> None:
        who = (principal.office, principal.bearer.value, principal.actor, purpose)
        async with borrowed(self.pool) as connection, connection.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO accesses (application_id, office, role, actor, purpose) VALUES (%s, %s, %s, %s, %s)",
                [(application, *who) for application in applications],
            )

    async def open(self, application_id: UUID, principal: Principal, purpose: str) -> list[dict[str, Any]]:
        await self.record([application_id], principal, purpose)  # durable before anything is answered
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
        """None where the key was destroyed: redacted, never an error."""
        if key is None:
            return None
        try:
            content: dict[str, Any] = unseal(key, part, application=application_id, version=version, topic=topic)
        except SealBroken:
            log.error("a sealed part does not open", version=version)  # noqa: TRY400 - its content stays out
            return None
        return content

    async def accesses(self, application_id: UUID) -> list[dict[str, Any]]:
        async with borrowed(self.pool) as connection:
            cursor = await connection.execute(
                "SELECT at, office, role, purpose FROM accesses WHERE application_id = %s ORDER BY id LIMIT 1000",
                (application_id,),
            )
            rows = await cursor.fetchall()
        return [{"at": instant(at), "office": o, "role": role, "purpose": purpose} for at, o, role, purpose in rows]


class PrometheusMeter:
    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        REQUESTS.labels(method, route, str(status)).observe(seconds)

    def command(self, name: str, outcome: str) -> None:
        COMMANDS.labels(name, outcome).inc()

    def pin_failure(self) -> None:
        PIN_FAILURES.inc()

    def exposition(self) -> bytes:
        return generate_latest(METRICS)


def house(installation: Installation, views: PostgresViews) -> House:
    return House(
        applications=installation.applications,
        views=views,
        catalogue=installation.editions,
        receipts=installation.paper,
        tokens=SignedTokens(installation.named.token, installation.named.read_token),
        door=CountingDoor(installation.pool, installation.named.door),
        dossiers=SealedDossiers(installation),
        persons=installation.keys,
        statistics=PostgresStatistics(installation.pool, installation.editions),
        satisfaction=StoredSatisfaction(installation.pool, installation.applications),
        desk=PostgresDesk(installation.pool),
        meter=PrometheusMeter(),
        now=lambda: datetime.now(UTC),
    )
