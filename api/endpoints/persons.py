"""This endpoint finds a person's applications by NIK.

A request contains the NIK only in its body, and never in its path. The search is recorded even if it finds nothing. In
addition, an access is recorded for each application in the answer.

The work of a search does not depend on applications of other offices. For each person, Jejak sends the same number of
statements, and these statements read the same number of rows. So the duration of the answer discloses nothing about
these other applications.
"""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.authorization import principal_of
from api.conditional import body_of, wait_for_sync
from api.dependencies import dependencies_of
from api.problems import Problem
from api.results import NO_STORE, json
from service_layer import bodies
from service_layer.identity import checked
from service_layer.ports import FoundFile
from service_layer.rights import relation_for

SHOWN_MAX = 100
OPERATION = "find-by-person"


async def find_by_person(request: Request) -> Response:
    """Find the applications of a person by NIK.

    The answer lists only the applications that concern the client's office.

    The server records the search before it sends the answer, even if the search finds nothing. The server also records
    an access to each application in the answer. The citizen can see this record. A NIK alone does not prove who a
    person is. So do not show data to a person who only states a NIK. A member of staff may send 60 searches an hour.
    All staff of an office together may send 600 searches an hour.
    """
    dependencies, principal = dependencies_of(request), principal_of(request)
    relation_for(OPERATION, principal)
    body, _ = await body_of(request, bodies.FindByPersonBody)
    registry = await dependencies.catalogue.registry()
    checked(body.nik, "/nik", registry)
    await wait_for_sync(request)
    found = await dependencies.persons.find(body.nik)
    seconds = await dependencies.accesses.search(principal, found.person)
    if seconds:
        raise Problem("searches-limited", headers={"Retry-After": str(seconds)})
    concerning = await dependencies.views.concerning(found.padded, principal.offices(registry))
    shown = [each for each in found.applications if each in concerning][:SHOWN_MAX]
    await dependencies.accesses.record(OPERATION, shown, principal, OPERATION)
    return json({"items": [_item(each, concerning[each]) for each in shown], "next": None}, headers=NO_STORE)


def _item(application_id: UUID, found: FoundFile) -> dict[str, str | None]:
    return {
        "application_id": str(application_id),
        "service": found.service,
        "status": found.status,
        "office": found.office,
    }
