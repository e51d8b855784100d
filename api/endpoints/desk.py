"""An office's queue: who may see which, and what of it depends on now and on the office's calendar."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.conditional import wait_for_sync
from api.dependencies import dependencies_of
from api.endpoints.applications import json, principal_of
from api.problems import Problem
from domain.application.outcomes import silence_grants_at
from domain.application.status import ENDS, Status
from domain.json_values import instant, parse_instant
from domain.promises.deadlines import due_at
from domain.registry.calendar import CalendarTooShort, Unit
from domain.registry.editions import Registry
from projections import desk
from projections.desk import DeskRow
from service_layer.faults import NotYours
from service_layer.ports import DeskPage
from service_layer.rights import Bearer, Principal, relation_for

SOON_WORKING_DAYS = 2
CURSOR = r"^(-|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)_([0-9a-f-]{36})$"
LIMIT = r"[1-9][0-9]?|100"
QUERY: Mapping[str, Mapping[str, Any]] = {
    "office": {"type": "string", "maxLength": 63, "description": "Which of its offices, for an agency"},
    "status": {"type": "string", "enum": [status.value for status in Status if status not in ENDS]},
    "mine": {"type": "string", "enum": ["true", "false"], "description": "Those that the bearer has alone"},
    "after": {"type": "string", "pattern": CURSOR, "description": "`next` of the page before"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 50},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One page: the files as `FileBody` has them. `after`: where the next one begins, if there is one."""

    office: str
    as_of: datetime
    files: list[dict[str, Any]]
    after: str | None


async def get_desk(request: Request) -> Response:
    """Read an office's open files, the sooner due first: an officer's own office, or one of an agency's."""
    principal = principal_of(request)
    relation_for("get-desk", principal)
    await wait_for_sync(request, "desk")
    queue = await queue_of(request, principal)
    body = {"office": queue.office, "as_of": instant(queue.as_of), "items": queue.files, "next": queue.after}
    return json(body, headers={"Cache-Control": "no-store"})


async def queue_of(request: Request, principal: Principal) -> Queue:
    """What the query asks for. Raises NotYours for an office that is not the bearer's, Problem for nonsense."""
    dependencies = dependencies_of(request)
    registry, now = await dependencies.catalogue.registry(), dependencies.now()
    asked = _asked(request, principal)
    if asked.office not in principal.offices(registry):
        raise NotYours
    rows = await dependencies.desk.queue(asked)
    horizon = soon(now, asked.office, registry)
    return Queue(
        office=asked.office,
        as_of=now,
        files=[file_of(row, principal, registry, now, horizon) for row in rows],
        after=_cursor(rows[-1]) if len(rows) == asked.limit else None,
    )


def _asked(request: Request, principal: Principal) -> DeskPage:
    query = request.query_params
    office = query.get("office", principal.office)
    if not office:
        raise _wrong("office", "Name one of your offices.")
    limit, status, mine = query.get("limit", "50"), query.get("status"), query.get("mine", "false")
    if not re.fullmatch(LIMIT, limit):
        raise _wrong("limit", "A whole number from 1 to 100.")
    if status is not None and status not in QUERY["status"]["enum"]:
        raise _wrong("status", "One of the statuses that openapi.json lists.")
    if mine not in ("true", "false"):
        raise _wrong("mine", "true or false.")
    return DeskPage(
        office=office,
        status=status,
        officer=principal.actor if mine == "true" else None,
        after=_after(query.get("after")),
        limit=int(limit),
    )


def _after(given: str | None) -> tuple[datetime | None, UUID] | None:
    if given is None:
        return None
    matched = re.fullmatch(CURSOR, given)
    try:
        if matched:
            return None if matched[1] == "-" else parse_instant(matched[1]), UUID(matched[2])
    except (ValueError, OverflowError):
        pass
    raise _wrong("after", "The `next` of the page before.")


def _wrong(parameter: str, detail: str) -> Problem:
    return Problem("malformed-request", errors=[{"pointer": f"?{parameter}", "detail": detail}])


def _cursor(row: DeskRow) -> str:
    return f"{instant(row['due_at']) if row['due_at'] else '-'}_{row['application_id']}"


def soon(now: datetime, office: str, registry: Registry) -> datetime:
    """The end of the second working day from now, by the office's calendar; of a calendar day where none reaches."""
    known = registry.calendar_from(now, office)
    try:
        if known:
            return due_at(now, Unit.WORKING_DAYS, SOON_WORKING_DAYS, known[0], registry.opening_hours(office))
    except CalendarTooShort:
        pass
    return now.astimezone(UTC) + timedelta(days=SOON_WORKING_DAYS)


def file_of(row: DeskRow, principal: Principal, registry: Registry, now: datetime, horizon: datetime) -> dict[str, Any]:
    """As `FileBody`. While the legal clock is paused no date draws nearer, so silence grants at none."""
    standard, due, details = registry.standard(row["service"], row["standard"]), row["due_at"], row["details"]
    until = parse_instant(details["paused_since"]) if details["paused_since"] else now
    deemed_at = None
    if standard and standard.deemed_approval and due and not row["paused"]:
        deemed_at = silence_grants_at(desk.promised(row), registry, standard)
    return {
        "application_id": str(row["application_id"]),
        "tracking_number": row["number"],
        "version": row["version"],
        "service": row["service"],
        "standard": row["standard"],
        "status": row["status"],
        "submitted_at": _told(row["submitted_at"]),
        "complete_at": _told(row["complete_at"]),
        "due_at": _told(due),
        "overdue": due is not None and due < until,
        "deemed_approval_at": _told(deemed_at),
        "deemed_soon": deemed_at is not None and deemed_at <= horizon,
        "paused": row["paused"],
        "payments": len(details["payments"]),
        "obstacles": len(details["obstacles"]),
        "disputed": row["disputed"],
        "mine": principal.actor is not None and row["officer"] == principal.actor,
        "officer": str(row["officer"]) if row["officer"] and principal.bearer is Bearer.SUPERVISOR else None,
    }


def _told(at: datetime | None) -> str | None:
    return instant(at) if at else None
