"""Endpoints of applications: submit, command, read."""

import unicodedata
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api import bodies
from api.access import PUBLIC, Bearer, Principal, Unauthenticated, relation_for, require
from api.commands import Offered, in_years
from api.conditional import (
    application_id,
    body_of,
    house_of,
    idempotency_key,
    preferred_wait,
    version_seen,
    wait_for_sync,
)
from api.identity import doubts_about, sealed_of
from api.ports import House
from api.problems import Problem
from domain.acts import Act
from domain.application import Application
from domain.codes import Channel, Quality, Role
from domain.commands import AnswerReferral, ResetPin, SubmitApplication
from domain.decisions import CHANNELS_OF_COMMANDS
from domain.errors import Refusal, StaleVersion
from domain.ports import Answer, Asked
from domain.registry import Registry

Endpoint = Callable[[Request], Awaitable[Response]]

ROLES = {
    Bearer.CITIZEN: Role.APPLICANT,
    Bearer.OFFICER: Role.OFFICER,
    Bearer.SUPERVISOR: Role.SUPERVISOR,
    Bearer.AGENCY: Role.AGENCY,
}
AHEAD_MAX = timedelta(days=1)
"""Of a device's clock. What is nearer is taken and shown as ahead."""
BEHIND_MAX = timedelta(days=31)
"""Longer ago the clock is wrong rather than the network away: a date counted from there would be over at once."""
PRIVATE = {"Cache-Control": "private, no-cache"}
HIDDEN = frozenset({"officer", "underlying", "timeline", "marks"})


def principal_of(request: Request) -> Principal:
    """Who asks. A bearer that is not ours is refused, never taken for the public."""
    header = request.headers.get("authorization")
    if header is None:
        return PUBLIC
    scheme, _, token = header.partition(" ")
    known = house_of(request).tokens.principal(token.strip()) if scheme.lower() == "bearer" else None
    if known is None:
        raise Unauthenticated
    return known


def json(body: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status_code=status, headers=headers, media_type="application/json")


async def submit_application(request: Request) -> Response:
    """Submit an application for somebody at a counter, by a mobile unit, a kiosk or an agency's own system."""
    house, principal = house_of(request), principal_of(request)
    relation_for("submit-application", principal)
    key = idempotency_key(request)
    body, plain = await body_of(request, bodies.SubmitBody)
    registry = await house.catalogue.registry()
    warnings = doubts_about(body, registry)
    act = act_of(house, principal, body, _office(principal, body.office, registry))
    asked = Asked(
        command=SubmitApplication(service=body.service, number="", district=body.district, regency=body.regency),
        act=act,
        client=principal.client,
        key=key,
        body=plain,
        personal=sealed_of(body),
    )
    answer = await _handle(request, "submit-application", None, asked)
    submitted = {
        "application_id": str(answer.application_id),
        **_paper(house, answer.application),
        "version": answer.application.version,
        "status": answer.application.status,
        "warnings": warnings,
    }
    location = f"/v1/applications/{answer.application_id}"
    return json(submitted, status=201, headers={"Location": location, **await written(request, answer)})


def _paper(house: House, application: Application) -> dict[str, str]:
    """What stands on the receipt."""
    number, resets = application.number, application.pin_resets
    return {
        "tracking_number": number,
        "pin": house.receipts.pin(number, resets),
        "qr": f"/id/r/{house.receipts.qr_token(number, resets)}",
    }


def _office(principal: Principal, named: str | None, registry: Registry) -> str:
    """An officer acts for their own office; an agency's system says for which of its offices."""
    own = principal.offices(registry)
    office = named or principal.office
    if office not in own:
        raise Problem("unprocessable", errors=[{"pointer": "/office", "detail": "Name an office that you act for."}])
    return office


def _channel(principal: Principal, named: Channel | None) -> Channel:
    remote = principal.bearer in (Bearer.AGENCY, Bearer.CITIZEN)
    channel = named or (Channel.ELECTRONIC if remote else Channel.COUNTER)
    if channel not in CHANNELS_OF_COMMANDS:
        detail = "Use counter, mobile, self_service or electronic."
        raise Problem("unprocessable", errors=[{"pointer": "/channel", "detail": detail}])
    return channel


def act_of(house: House, principal: Principal, body: bodies.CommandBody, office: str) -> Act:
    """Who, where, when. Without a time of its own it happens now, by our clock. Raises Problem."""
    now = house.now()
    if body.at is not None:
        in_years(body.at, "/at")
        if not now - BEHIND_MAX <= body.at <= now + AHEAD_MAX:
            detail = "This is more than a day ahead or 31 days ago. Set the clock of the device and send the true time."
            raise Problem("unprocessable", errors=[{"pointer": "/at", "detail": detail}])
    return Act(
        at=body.at or now,
        at_quality=Quality.DEVICE if body.at else Quality.SERVER,
        by=ROLES[principal.bearer],
        actor=principal.actor,
        office=office,
        channel=_channel(principal, body.channel),
    )


def command_endpoint(offered: Offered) -> Endpoint:
    """The endpoint of one command; all are alike."""

    async def endpoint(request: Request) -> Response:
        house, principal = house_of(request), principal_of(request)
        relation = relation_for(offered.name, principal)
        target = application_id(request)
        key, seen = idempotency_key(request), version_seen(request)
        body, plain = await body_of(request, offered.body)
        command = offered.command(body)
        registry = await house.catalogue.registry()

        def permit(application: Application) -> None:
            concerned = application.concerned
            if isinstance(command, AnswerReferral):  # the office that was asked, not every one concerned
                concerned = frozenset({application.referrals.get(command.referral, "")}) | {application.office}
            require(
                relation,
                principal,
                registry,
                application_id=target,
                holder=application.office,
                concerned=concerned,
            )

        said = {name: getattr(body, name) for name in offered.sealed if getattr(body, name)}
        personal = {"applicant": {name: unicodedata.normalize("NFC", value) for name, value in said.items()}}
        act = act_of(house, principal, body, principal.office)
        asked = Asked(
            command=command,
            act=act,
            client=principal.client,
            key=key,
            body=plain,
            personal=personal if said else {},
            version_seen=seen,
            permit=permit,
        )
        answer = await _handle(request, offered.name, target, asked)
        paper = _paper(house, answer.application) if isinstance(command, ResetPin) else {}
        return json(done(answer, paper), headers=await written(request, answer))

    endpoint.__name__ = offered.name.replace("-", "_")
    endpoint.__doc__ = f"{offered.summary}."
    return endpoint


async def _handle(request: Request, name: str, target: UUID | None, asked: Asked) -> Answer:
    house = house_of(request)
    try:
        answer = await house.applications.handle(target, asked)
    except (Refusal, StaleVersion) as refused:
        house.meter.command(name, getattr(refused, "code", "stale-version"))
        raise
    house.meter.command(name, "done")
    return answer


def done(answer: Answer, paper: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "application_id": str(answer.application_id),
        "version": answer.application.version,
        "status": answer.application.status,
        "events": list(answer.events),
        **(paper or {}),
    }


async def written(request: Request, answer: Answer) -> dict[str, str]:
    """What the client keeps of its write; waits for the view where it prefers to."""
    views = house_of(request).views
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


async def readable_row(request: Request, operation: str) -> tuple[dict[str, Any], Principal]:
    """The row of the path's application, for who may read it."""
    house, principal = house_of(request), principal_of(request)
    relation = relation_for(operation, principal)
    target = application_id(request)
    await wait_for_sync(request)
    row = await house.views.row(target)
    if row is None:
        raise Problem("not-found")
    require(
        relation,
        principal,
        await house.catalogue.registry(),
        application_id=target,
        holder=row["office"],
        concerned=row["offices"],
    )
    return row, principal


async def get_application(request: Request) -> Response:
    """Read an application: facts only, with its version as ETag."""
    row, _ = await readable_row(request, "get-application")
    return _unless_seen(request, row, {name: value for name, value in row.items() if name not in HIDDEN})


async def get_timeline(request: Request) -> Response:
    """Read what happened to an application, in the order in which it happened."""
    row, principal = await readable_row(request, "get-timeline")
    items = row["timeline"]
    if principal.bearer is Bearer.CITIZEN:  # who holds the file inside the office is the office's
        items = [entry | {"data": {k: v for k, v in entry["data"].items() if k != "officer"}} for entry in items]
    return _unless_seen(request, row, {"items": items, "next": None})


def _unless_seen(request: Request, row: dict[str, Any], body: dict[str, Any]) -> Response:
    """304 for who has this version already: cheap polling."""
    etag = f'"{row["version"]}"'
    headers = {"ETag": etag, **PRIVATE}
    if etag in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return json(body, headers=headers)


async def get_accesses(request: Request) -> Response:
    """Read which office opened sealed parts, when and why."""
    row, _ = await readable_row(request, "get-accesses")
    items = await house_of(request).dossiers.accesses(UUID(row["application_id"]))
    return json({"items": items, "next": None}, headers=PRIVATE)


async def open_dossier(request: Request) -> Response:
    """Open the sealed parts of an application. Recorded before it is answered, and shown to the citizen."""
    row, principal = await readable_row(request, "open-dossier")
    body, _ = await body_of(request, bodies.OpenDossierBody)
    target = UUID(row["application_id"])
    items = await house_of(request).dossiers.open(target, principal, body.purpose)
    return json({"items": items}, headers={"Cache-Control": "no-store"})
