"""This endpoint finds a person's applications by NIK.

The NIK is in the body only, never in the path. An access is recorded for each application in the answer.
"""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.authorization import principal_of
from api.conditional import body_of, wait_for_sync
from api.dependencies import dependencies_of
from api.results import NO_STORE, json
from service_layer import bodies
from service_layer.faults import NotYours
from service_layer.identity import checked
from service_layer.rights import relation_for, require

KNOWN_MAX, SHOWN_MAX = 1000, 100
PURPOSE = "find-by-person"


async def find_by_person(request: Request) -> Response:
    """Find the applications of a person by NIK.

    The answer lists only the applications that concern the client's office.

    The server records the access to each of these applications before it sends the answer. The citizen can see this
    record. A NIK alone does not prove who a person is: do not show data to a person who only states a NIK.
    """
    dependencies, principal = dependencies_of(request), principal_of(request)
    relation = relation_for("find-by-person", principal)
    body, _ = await body_of(request, bodies.FindByPersonBody)
    registry = await dependencies.catalogue.registry()
    checked(body.nik, "/nik", registry)
    await wait_for_sync(request)
    items: list[dict[str, Any]] = []
    for application in await dependencies.persons.applications_of(body.nik, limit=KNOWN_MAX):
        if len(items) == SHOWN_MAX:
            break
        row = await dependencies.views.row(application)
        if row is None:
            continue
        holder, concerned = row["office"], row["offices"]
        try:
            require(relation, principal, registry, application_id=application, holder=holder, concerned=concerned)
        except NotYours:
            continue
        items.append({name: row[name] for name in ("application_id", "service", "status", "office")})
    await dependencies.dossiers.record([UUID(item["application_id"]) for item in items], principal, PURPOSE)
    return json({"items": items, "next": None}, headers=NO_STORE)
