"""Open applications: a submission gets a warning if the person already has an open application for the same service.

The key store has an index of persons, which finds a person by NIK. The `progress` view gives the state of each
application. The warning says only that there is an open application. The warning does not name the office or the date,
because the requesting office may have no right to this information.
"""

import asyncio
from collections.abc import Mapping
from uuid import UUID

from domain.application.status import ENDS, Status
from projections.progress import ProgressRow
from service_layer import bodies
from service_layer.faults import Unavailable
from service_layer.identity import WarningCode, persons_of
from service_layer.ports import Persons, Views

ROLES = ("applicant", "subject")
"""Only persons in these roles are checked for open applications. A proxy is not checked, because a proxy may act for
many persons at the same time.
"""
LOOKED_AT_MAX = 50
"""At most this number of applications is checked for each person. The newest applications are checked first."""
SECONDS_MAX = 1.0
"""The view may show an application, or its end, a moment after the log. A submission waits at most this time for the
view.
"""
DETAIL = "This person has an open application for the same service. Ask whether a new one is meant."

OpenApplications = Mapping[str, frozenset[UUID]]
"""Maps the JSON pointer of each NIK to the open applications that were found with this NIK."""


async def open_applications(body: bodies.SubmitBody, persons: Persons, views: Views) -> OpenApplications:
    """Finds the persons' open applications for the service that the body names. If the view cannot be read, no
    applications are found.

    Raises Unavailable if the key store cannot be reached.
    """
    found: dict[str, frozenset[UUID]] = {}
    for role, person in persons_of(body):
        if role in ROLES and person.nik is not None:
            known = await persons.applications_of(person.nik, limit=LOOKED_AT_MAX, roles=ROLES)
            found[f"/{role}/nik"] = await _open_among(known, body.service, views)
    return found


async def _open_among(known: list[UUID], service: str, views: Views) -> frozenset[UUID]:
    def is_open(row: ProgressRow | None) -> bool:
        return row is not None and row["service"] == service and not _ended(row["status"])

    try:
        rows = await asyncio.gather(*map(views.row, known))
        if any(row is None or is_open(row) for row in rows):
            # The view may be behind: it may not have a new application yet, or an open one may have ended.
            _, end = await views.log_end()
            await views.reached(end, seconds=SECONDS_MAX)
            rows = await asyncio.gather(*map(views.row, known))
    except Unavailable:  # for example, the view is being rebuilt; then the submission is stored without a warning
        return frozenset()
    return frozenset(UUID(row["application_id"]) for row in rows if row and is_open(row))


def _ended(status: str | None) -> bool:
    return status is not None and Status(status) in ENDS


def warnings_of(found: OpenApplications, submitted: UUID) -> list[dict[str, str]]:
    """Returns the warnings, as `WarningBody`. `submitted` is the id of the new application. This application causes no
    warning. So a repeated request gets the same warnings as the first request.
    """
    return [
        {"pointer": pointer, "code": WarningCode.OPEN_APPLICATION.value, "detail": DETAIL}
        for pointer, applications in found.items()
        if applications - {submitted}
    ]
