"""Endpoints of applications: submit, command, read."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.conditional import (
    application_id,
    body_of,
    idempotency_key,
    preferred_wait,
    version_seen,
    wait_for_sync,
)
from api.dependencies import Dependencies, dependencies_of
from api.problems import Problem
from domain.application.commands import ResetPin
from domain.application.evolve import Application
from domain.refusals import Refusal, StaleVersion
from domain.registry.editions import Registry
from projections.progress import ProgressRow
from service_layer import bodies, requests_from_bodies
from service_layer.commands import CommandOperation
from service_layer.faults import Unauthenticated
from service_layer.identity import doubts_about
from service_layer.requests import CommandRequest, CommandResult
from service_layer.rights import PUBLIC, Bearer, Principal, relation_for, require

Endpoint = Callable[[Request], Awaitable[Response]]
Found = TypeVar("Found")

PRIVATE = {"Cache-Control": "private, no-cache"}
HIDDEN = frozenset({"officer", "underlying", "timeline", "marks"})


def principal_of(request: Request) -> Principal:
    """Who asks. A bearer that is not ours is refused, never taken for the public."""
    header = request.headers.get("authorization")
    if header is None:
        return PUBLIC
    scheme, _, token = header.partition(" ")
    known = dependencies_of(request).tokens.principal(token.strip()) if scheme.lower() == "bearer" else None
    if known is None:
        raise Unauthenticated
    return known


async def registry_for(dependencies: Dependencies, principal: Principal) -> Registry:
    """To judge rights by: as of now for a bearer whose office was not registered a second ago."""
    recent = await dependencies.catalogue.recent()
    bound = principal.office or principal.agency
    return recent if not bound or principal.offices(recent) else await dependencies.catalogue.registry()


def json(body: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status_code=status, headers=headers, media_type="application/json")


async def submit_application(request: Request) -> Response:
    """Submit an application for somebody at a counter, by a mobile unit, a kiosk or an agency's own system."""
    dependencies, principal = dependencies_of(request), principal_of(request)
    relation_for("submit-application", principal)
    key = idempotency_key(request)
    body, plain = await body_of(request, bodies.SubmitBody)
    registry = await registry_for(dependencies, principal)
    warnings = doubts_about(body, registry)
    sent = requests_from_bodies.Sender(
        principal=principal, key=key, plain=plain, registry=registry, now=dependencies.now()
    )
    asked = requests_from_bodies.submission(sent, body)
    answer = await _handle(request, "submit-application", None, asked)
    submitted = {
        "application_id": str(answer.application_id),
        **_paper(dependencies, answer.application),
        "version": answer.application.version,
        "status": answer.application.status,
        "warnings": warnings,
    }
    location = f"/v1/applications/{answer.application_id}"
    return json(submitted, status=201, headers={"Location": location, **await written(request, answer)})


def _paper(dependencies: Dependencies, application: Application) -> dict[str, str]:
    """What stands on the receipt."""
    number, resets = application.number, application.pin_resets
    return {
        "tracking_number": number,
        "pin": dependencies.receipts.pin(number, resets),
        "qr": f"/id/r/{dependencies.receipts.qr_token(number, resets)}",
    }


def command_endpoint(offered: CommandOperation) -> Endpoint:
    """The endpoint of one command; all are alike."""

    async def endpoint(request: Request) -> Response:
        dependencies, principal = dependencies_of(request), principal_of(request)
        relation = relation_for(offered.name, principal)
        target = application_id(request)
        key, seen = idempotency_key(request), version_seen(request)
        body, plain = await body_of(request, offered.body)
        registry = await registry_for(dependencies, principal)
        sent = requests_from_bodies.Sender(
            principal=principal, key=key, plain=plain, registry=registry, now=dependencies.now()
        )
        asked = requests_from_bodies.command(sent, body, offered, relation, target=target, seen=seen)
        answer = await _handle(request, offered.name, target, asked)
        paper = _paper(dependencies, answer.application) if isinstance(asked.command, ResetPin) else {}
        return json(done(answer, paper), headers=await written(request, answer))

    endpoint.__name__ = offered.name.replace("-", "_")
    endpoint.__doc__ = f"{offered.summary}."
    return endpoint


async def _handle(request: Request, name: str, target: UUID | None, asked: CommandRequest) -> CommandResult:
    dependencies = dependencies_of(request)
    try:
        answer = await dependencies.commands.handle(target, asked)
    except (Refusal, StaleVersion) as refused:
        dependencies.meter.command(name, getattr(refused, "code", "stale-version"))
        raise
    dependencies.meter.command(name, "done")
    return answer


def done(answer: CommandResult, paper: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "application_id": str(answer.application_id),
        "version": answer.application.version,
        "status": answer.application.status,
        "events": list(answer.events),
        **(paper or {}),
    }


async def written(request: Request, answer: CommandResult) -> dict[str, str]:
    """What the client keeps of its write; waits for the view where it prefers to."""
    views = dependencies_of(request).views
    era = await views.era_of(answer.position)
    headers = {
        "ETag": f'"{answer.application.version}"',
        "Sync-Token": f"applications={era}.{answer.position}",
        "Cache-Control": "no-store",
    }
    wait = preferred_wait(request)
    if wait and await views.reached(answer.position, seconds=wait):
        headers["Preference-Applied"] = f"wait={wait}"
    return headers


Read = Callable[[UUID], Awaitable[Found | None]]


async def readable(
    request: Request, operation: str, read: Read[Found], of: Callable[[Found], tuple[str, Iterable[str]]]
) -> tuple[Found, Principal]:
    """What `read` finds of the path's application, for who may read it; `of` tells its holder and whom it concerns."""
    dependencies, principal = dependencies_of(request), principal_of(request)
    relation = relation_for(operation, principal)
    target = application_id(request)
    await wait_for_sync(request)
    found = await read(target)
    if found is None:
        raise Problem("not-found")
    registry = await registry_for(dependencies, principal)
    holder, concerned = of(found)
    require(relation, principal, registry, application_id=target, holder=holder, concerned=concerned)
    return found, principal


async def readable_row(request: Request, operation: str) -> tuple[ProgressRow, Principal]:
    read = dependencies_of(request).views.row
    return await readable(request, operation, read, lambda row: (row["office"], row["offices"]))


async def get_application(request: Request) -> Response:
    """Read an application: facts only, with its version as ETag."""
    row, _ = await readable_row(request, "get-application")
    facts = {name: value for name, value in row.items() if name not in HIDDEN}
    return _unless_seen(request, row["version"], lambda: orjson.dumps(facts))


async def get_timeline(request: Request) -> Response:
    """Read what happened to an application, in the order in which it happened."""
    read = dependencies_of(request).views.timeline
    told, principal = await readable(request, "get-timeline", read, lambda told: (told.office, told.offices))
    items = _without_officers(told.items) if principal.bearer is Bearer.CITIZEN else told.items
    return _unless_seen(request, told.version, lambda: b'{"items":%b,"next":null}' % items)


def _without_officers(items: bytes) -> bytes:
    """Who holds the file inside the office is the office's."""
    if b'"officer":' not in items:
        return items
    entries = orjson.loads(items)
    return orjson.dumps(
        [entry | {"data": {k: v for k, v in entry["data"].items() if k != "officer"}} for entry in entries]
    )


def _unless_seen(request: Request, version: int, body: Callable[[], bytes]) -> Response:
    """304 for who has this version already: cheap polling."""
    etag = f'"{version}"'
    headers = {"ETag": etag, **PRIVATE}
    if etag in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(body(), headers=headers, media_type="application/json")


async def get_accesses(request: Request) -> Response:
    """Read which office opened sealed parts, when and why."""
    row, _ = await readable_row(request, "get-accesses")
    items = await dependencies_of(request).dossiers.accesses(UUID(row["application_id"]))
    return json({"items": items, "next": None}, headers=PRIVATE)


async def open_dossier(request: Request) -> Response:
    """Open the sealed parts of an application. Recorded before it is answered, and shown to the citizen."""
    row, principal = await readable_row(request, "open-dossier")
    body, _ = await body_of(request, bodies.OpenDossierBody)
    target = UUID(row["application_id"])
    items = await dependencies_of(request).dossiers.open(target, principal, body.purpose)
    return json({"items": items}, headers={"Cache-Control": "no-store"})
