"""Endpoints of applications: a client can submit an application, send a command to an application, or read an
application.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.authorization import principal_of, readable, readable_row, registry_for
from api.conditional import application_id, body_of, idempotency_key, version_seen, wait_for_sync
from api.dependencies import Dependencies, dependencies_of
from api.problems import Problem
from api.results import NO_STORE, done, json, written
from domain.application.commands import ResetPin
from domain.application.evolve import Application
from domain.refusals import Refusal, StaleVersion
from domain.tracking_number import parse_tracking_number
from projections.progress import ProgressRow
from service_layer import bodies, requests_from_bodies
from service_layer.commands import CommandOperation
from service_layer.faults import NotYours
from service_layer.identity import doubts_about
from service_layer.open_applications import open_applications, warnings_of
from service_layer.requests import CommandRequest, CommandResult
from service_layer.rights import Bearer, Principal, relation_for, require

Endpoint = Callable[[Request], Awaitable[Response]]

PRIVATE = {"Cache-Control": "private, no-cache"}
HIDDEN = frozenset({"officer", "underlying", "timeline", "marks", "pausing", "decided"})


async def submit_application(request: Request) -> Response:
    """Submit an application.

    The client is a service counter, a mobile unit, a kiosk, or an agency's own system.
    """
    dependencies, principal = dependencies_of(request), principal_of(request)
    relation_for("submit-application", principal)
    key = idempotency_key(request)
    body, plain = await body_of(request, bodies.SubmitBody)
    registry = await registry_for(dependencies, principal)
    warnings = doubts_about(body, registry)
    context = requests_from_bodies.BodyContext(
        principal=principal, key=key, plain=plain, registry=registry, now=dependencies.now()
    )
    submission = requests_from_bodies.submission(context, body)
    already_open = await open_applications(body, dependencies.persons, dependencies.views)
    result = await _handle(request, "submit-application", None, submission)
    submitted = {
        "application_id": str(result.application_id),
        **_receipt(dependencies, result.application),
        "version": result.application.version,
        "status": result.application.status,
        "warnings": [*warnings, *warnings_of(already_open, result.application_id)],
    }
    location = f"/v1/applications/{result.application_id}"
    return json(submitted, status=201, headers={"Location": location, **await written(request, result)})


def _receipt(dependencies: Dependencies, application: Application) -> dict[str, str]:
    """Returns the fields of the receipt: tracking number, PIN and QR path."""
    number, resets = application.number, application.pin_resets
    return {
        "tracking_number": number,
        "pin": dependencies.receipts.pin(number, resets),
        "qr": f"/id/r/{dependencies.receipts.qr_token(number, resets)}",
    }


def command_endpoint(offered: CommandOperation) -> Endpoint:
    """Makes the endpoint of one command. All command endpoints follow the same steps."""

    async def endpoint(request: Request) -> Response:
        dependencies, principal = dependencies_of(request), principal_of(request)
        relation = relation_for(offered.name, principal)
        target = application_id(request)
        key, seen = idempotency_key(request), version_seen(request)
        body, plain = await body_of(request, offered.body)
        registry = await registry_for(dependencies, principal)
        context = requests_from_bodies.BodyContext(
            principal=principal, key=key, plain=plain, registry=registry, now=dependencies.now()
        )
        command = requests_from_bodies.command(context, body, offered, relation, target=target, seen=seen)
        result = await _handle(request, offered.name, target, command)
        receipt = _receipt(dependencies, result.application) if isinstance(command.command, ResetPin) else {}
        return json(done(result, receipt), headers=await written(request, result))

    endpoint.__name__ = offered.name.replace("-", "_")
    endpoint.__doc__ = f"{offered.summary}."
    return endpoint


async def _handle(request: Request, name: str, target: UUID | None, command: CommandRequest) -> CommandResult:
    dependencies = dependencies_of(request)
    try:
        result = await dependencies.commands.handle(target, command)
    except (Refusal, StaleVersion) as refused:
        dependencies.meter.command(name, getattr(refused, "code", "stale-version"))
        raise
    dependencies.meter.command(name, "done")
    return result


async def get_application(request: Request) -> Response:
    """Read an application. The body contains facts only. The ETag is the version of the application."""
    row, principal = await readable_row(request, "get-application")
    _note(request, "get-application", principal)
    facts = {name: value for name, value in row.items() if name not in HIDDEN}
    return _unless_seen(request, row["version"], lambda: orjson.dumps(facts))


async def get_timeline(request: Request) -> Response:
    """Read the timeline of an application: its events, in the order in which they happened."""
    read = dependencies_of(request).views.timeline
    timeline, principal = await readable(request, "get-timeline", read, lambda each: (each.office, each.offices))
    _note(request, "get-timeline", principal)
    items = _without_officers(timeline.items) if principal.bearer is Bearer.CITIZEN else timeline.items
    return _unless_seen(request, timeline.version, lambda: b'{"items":%b,"next":null}' % items)


def _without_officers(items: bytes) -> bytes:
    """Returns the timeline without the references to officers. Citizens do not see which officer has the file."""
    if b'"officer":' not in items:
        return items
    entries = orjson.loads(items)
    return orjson.dumps(
        [entry | {"data": {k: v for k, v in entry["data"].items() if k != "officer"}} for entry in entries]
    )


def _note(request: Request, operation: str, principal: Principal) -> None:
    dependencies_of(request).accesses.note(operation, principal, application_id=application_id(request))


def _unless_seen(request: Request, version: int, body: Callable[[], bytes]) -> Response:
    """Answers 304 if the client already has the current version of the application. Then the server does not build the
    body, so a repeated read takes little work.
    """
    etag = f'"{version}"'
    headers = {"ETag": etag, **PRIVATE}
    if etag in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(body(), headers=headers, media_type="application/json")


async def find_by_number(request: Request) -> Response:
    """Find an application by its tracking number.

    The client needs no PIN. But a member of staff finds only an application that concerns the client's office. For any
    other number, the answer is the same as for a number that does not exist. Applications that have ended are found
    too. The access record contains the search if it found an application.
    """
    principal = principal_of(request)
    relation_for("find-by-number", principal)
    body, _ = await body_of(request, bodies.FindByNumberBody)
    await wait_for_sync(request)
    row = await row_of_number(dependencies_of(request), principal, body.number)
    if row is None:
        raise Problem("not-found", "No application with this number concerns your office.")
    found = {name: row[name] for name in ("application_id", "service", "status", "office")}
    return json(found, headers=NO_STORE)


async def row_of_number(dependencies: Dependencies, principal: Principal, typed: str) -> ProgressRow | None:
    """Returns the row of the application with the typed tracking number, and notes the reading.

    Returns None if there is no such application, or if the client may not read the application. Raises NumberMistyped
    and Forbidden.
    """
    relation = relation_for("find-by-number", principal)
    row = await dependencies.views.row_by_number(parse_tracking_number(typed))
    if row is None:
        return None
    registry, target = await registry_for(dependencies, principal), UUID(row["application_id"])
    try:
        require(relation, principal, registry, application_id=target, holder=row["office"], concerned=row["offices"])
    except NotYours:
        return None
    dependencies.accesses.note("find-by-number", principal, application_id=target)
    return row


async def get_accesses(request: Request) -> Response:
    """Read who opened the sealed parts of an application: the office, the time and the purpose of each access."""
    row, principal = await readable_row(request, "get-accesses")
    _note(request, "get-accesses", principal)
    items = await dependencies_of(request).accesses.of_application(UUID(row["application_id"]))
    return json({"items": items, "next": None}, headers=PRIVATE)


async def open_dossier(request: Request) -> Response:
    """Open the sealed parts of an application. The server records the access before it sends the answer. The citizen
    can see this record.
    """
    row, principal = await readable_row(request, "open-dossier")
    body, _ = await body_of(request, bodies.OpenDossierBody)
    target = UUID(row["application_id"])
    items = await dependencies_of(request).dossiers.open(target, principal, body.purpose)
    return json({"items": items}, headers=NO_STORE)
