"""The desk endpoint: it returns an office's queue of open files. Some facts about a file depend on the time and on the
office's calendar.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.authorization import principal_of
from api.conditional import wait_for_sync
from api.dependencies import dependencies_of
from api.problems import Problem
from api.results import NO_STORE, json
from domain.application.outcomes import silence_grants_at
from domain.application.status import ENDS, Status
from domain.json_values import instant, parse_instant
from domain.promises.deadlines import due_at
from domain.promises.overdue import overdue
from domain.registry.calendar import CalendarTooShort, Unit
from domain.registry.registry import Registry
from projections import desk
from projections.desk import DeskRow
from service_layer.faults import NotYours
from service_layer.ports import DeskPage
from service_layer.rights import Bearer, Principal, relation_for

SOON_WORKING_DAYS = 2
CURSOR = r"^(-|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)_([0-9a-f-]{36})$"
LIMIT = r"[1-9][0-9]?|100"
QUERY: Mapping[str, Mapping[str, Any]] = {
    "office": {
        "type": "string",
        "maxLength": 63,
        "description": "The office; required for an agency, which may have several",
    },
    "status": {"type": "string", "enum": [status.value for status in Status if status not in ENDS]},
    "mine": {
        "type": "string",
        "enum": ["true", "false"],
        "description": "Only the files that are assigned to the bearer",
    },
    "after": {"type": "string", "pattern": CURSOR, "description": "The `next` of the previous page"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 50},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One page of the queue. `files` have the fields of `FileBody`. `after` is the cursor of the next page. On the last
    page, `after` is None.
    """

    office: str
    as_of: datetime
    files: list[dict[str, Any]]
    after: str | None


async def get_desk(request: Request) -> Response:
    """Read the open files of an office, sorted by due date.

    Officers read the queue of their own office. An agency reads the queue of one of its offices.
    """
    principal = principal_of(request)
    relation_for("get-desk", principal)
    await wait_for_sync(request, "desk")
    queue = await queue_of(request, principal)
    body = {"office": queue.office, "as_of": instant(queue.as_of), "items": queue.files, "next": queue.after}
    return json(body, headers=NO_STORE)


async def queue_of(request: Request, principal: Principal) -> Queue:
    """Returns the page of the queue that the query parameters describe. Raises NotYours for an office of another
    agency. Raises Problem for a wrong parameter.
    """
    dependencies = dependencies_of(request)
    registry, now = await dependencies.catalogue.registry(), dependencies.now()
    page = _page_of(request, principal)
    if page.office not in principal.offices(registry):
        raise NotYours
    dependencies.accesses.note("get-desk", principal, desk=page.office)
    rows = await dependencies.desk.queue(page)
    horizon = soon(now, page.office, registry)
    return Queue(
        office=page.office,
        as_of=now,
        files=[file_of(row, principal, registry, now, horizon) for row in rows],
        after=_cursor(rows[-1]) if len(rows) == page.limit else None,
    )


def _page_of(request: Request, principal: Principal) -> DeskPage:
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
    raise _wrong("after", "The `next` of the previous page.")


def _wrong(parameter: str, detail: str) -> Problem:
    return Problem("malformed-request", errors=[{"pointer": f"?{parameter}", "detail": detail}])


def _cursor(row: DeskRow) -> str:
    return f"{instant(row['due_at']) if row['due_at'] else '-'}_{row['application_id']}"


def soon(now: datetime, office: str, registry: Registry) -> datetime:
    """Returns the end of the second working day from now, in UTC. The office's calendar gives the working days.

    If no calendar covers that day, returns the time two calendar days from now.
    """
    calendar = registry.calendar_from(now, office)
    try:
        if calendar:
            return due_at(now, Unit.WORKING_DAYS, SOON_WORKING_DAYS, calendar[0], registry.opening_hours(office))
    except CalendarTooShort:
        pass
    return now.astimezone(UTC) + timedelta(days=SOON_WORKING_DAYS)


def file_of(row: DeskRow, principal: Principal, registry: Registry, now: datetime, horizon: datetime) -> dict[str, Any]:
    """Returns the fields of `FileBody`. While the legal clock is paused, the due date keeps moving. So the file has no
    date of deemed approval during a pause. If an application has ended, its file is in the queue only because of a
    dispute. If the application has ended, the numbers of open payments and open obstacles are 0.
    """
    standard, due, details = registry.standard(row["service"], row["standard"]), row["due_at"], row["details"]
    since = parse_instant(details["paused_since"]) if details["paused_since"] else None
    ended, paused = row["status"] in ENDS, row["paused"] and row["decided_at"] is None
    deemed_at = None
    if standard and standard.deemed_approval and due and not paused:
        deemed_at = silence_grants_at(desk.promised(row), registry, standard)
    return {
        "application_id": str(row["application_id"]),
        "tracking_number": row["number"],
        "version": row["version"],
        "service": row["service"],
        "standard": row["standard"],
        "status": row["status"],
        "submitted_at": _instant(row["submitted_at"]),
        "complete_at": _instant(row["complete_at"]),
        "due_at": _instant(due),
        "overdue": overdue(due, now, since),
        "deemed_approval_at": _instant(deemed_at),
        "deemed_soon": deemed_at is not None and deemed_at <= horizon,
        "paused": paused,
        "payments": 0 if ended else len(details["payments"]),
        "obstacles": 0 if ended else len(details["obstacles"]),
        "disputed": row["disputed"],
        "mine": principal.actor is not None and row["officer"] == principal.actor,
        "officer": str(row["officer"]) if row["officer"] and principal.bearer is Bearer.SUPERVISOR else None,
    }


def _instant(at: datetime | None) -> str | None:
    return instant(at) if at else None
