"""This endpoint links applications that belong to the same life event. The applications may be at different offices."""

from collections.abc import Mapping
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.authorization import principal_of
from api.conditional import body_of, idempotency_key
from api.dependencies import dependencies_of
from api.endpoints.public import admitted
from api.results import done, json, written
from domain.application.evolve import Application
from domain.refusals import Refusal, StaleVersion
from domain.tracking_number import NumberMistyped, parse_tracking_number
from service_layer import bodies
from service_layer.faults import ImpossibleValue, NotYours
from service_layer.requests import LinkRequest
from service_layer.requests_from_bodies import act_of
from service_layer.rights import relation_for, require


async def link_applications(request: Request) -> Response:
    """Link applications that belong to the same life event, for example a birth.

    If several of these applications require the same document, the applicant hands in this document only once.

    The client's office must hold at least one of these applications. An application of another office is linked at once
    if the citizen gives its number and PIN, or its QR code. Without this proof, an application of another office must
    concern the same person. Then the link waits until the other office asks for the same link.
    """
    dependencies, principal = dependencies_of(request), principal_of(request)
    relation = relation_for("link-applications", principal)
    key = idempotency_key(request)
    body, plain = await body_of(request, bodies.LinkApplicationsBody)
    act = act_of(principal, body, principal.office, dependencies.now())
    targets, proved = await _named(request, body)
    registry = await dependencies.catalogue.registry()

    def holds(application: Application) -> bool:
        try:
            require(
                relation,
                principal,
                registry,
                application_id=UUID(int=0),
                holder=application.office,
                concerned=application.concerned,
            )
        except NotYours:
            return False
        return True

    link_request = LinkRequest(
        versions_seen=targets,
        proved=proved,
        life_event=body.life_event,
        act=act,
        client=principal.client,
        key=key,
        body=plain,
        holds=holds,
        persons_of=dependencies.persons.persons_of,
    )
    try:
        linking = await dependencies.links.handle(link_request)
    except (Refusal, StaleVersion) as refused:
        dependencies.meter.command("link-applications", getattr(refused, "code", "stale-version"))
        raise
    dependencies.meter.command("link-applications", "done")
    headers = await written(request, max(linking.results, key=lambda result: result.position))
    headers.pop("ETag")
    answer = {
        "link": str(linking.link),
        "applications": [done(result) for result in linking.results],
        "waiting": [str(each) for each in linking.waiting],
    }
    return json(answer, headers=headers)


async def _named(
    request: Request, body: bodies.LinkApplicationsBody
) -> tuple[Mapping[UUID, int | None], frozenset[UUID]]:
    """Returns two values. The first value maps each application in the body to the version that the client saw. The
    second value contains the applications for which the body has the number and PIN, or the QR code. Raises
    ImpossibleValue with a pointer into the body. Raises NotYours for an application that does not exist. The check of
    number and PIN raises the same problems as `public.admitted`.
    """
    targets: dict[UUID, int | None] = {}
    proved: set[UUID] = set()
    for place, named in enumerate(body.applications):
        pointer = f"/applications/{place}"
        target, proof = await _application(request, named, pointer)
        if target in targets:
            detail = "Name each application once."
            raise ImpossibleValue("/applications", detail)
        targets[target] = named.version
        if proof:
            proved.add(target)
    return targets, frozenset(proved)


async def _application(request: Request, named: bodies.LinkedApplicationBody, pointer: str) -> tuple[UUID, bool]:
    """Returns two values: the application that one item of the body names, and whether the item contains the
    application's number and PIN, or its QR code.
    """
    ways = [way for way in (named.application_id, named.number, named.qr) if way is not None]
    if len(ways) != 1:
        raise ImpossibleValue(pointer, "Name the application by exactly one of application_id, number and qr.")
    if named.pin is not None and named.number is None:
        raise ImpossibleValue(f"{pointer}/pin", "A PIN belongs to a number: give the number instead of another name.")
    if named.application_id is not None:
        return named.application_id, False
    if named.qr is not None:
        return await _by_qr(request, named.qr, f"{pointer}/qr"), True
    try:
        number = parse_tracking_number(named.number or "")
    except NumberMistyped as mistyped:
        detail = str(mistyped)
        raise ImpossibleValue(f"{pointer}/number", f"{detail[0].upper()}{detail[1:]}.") from None
    if named.pin is not None:
        return await admitted(request, number, named.pin), True
    row = await dependencies_of(request).views.row_by_number(number)
    if row is None:
        raise NotYours
    return UUID(row["application_id"]), False


async def _by_qr(request: Request, typed: str, pointer: str) -> UUID:
    """Returns the application that a QR code belongs to. `typed` is the token in the QR code, or the whole address that
    a scanner reads from the QR code.
    """
    dependencies = dependencies_of(request)
    read = dependencies.receipts.read_qr_token(typed.rpartition("/")[2])
    row = await dependencies.views.row_by_number(read[0]) if read else None
    if read is None or row is None or row["pin_resets"] != read[1]:
        raise ImpossibleValue(pointer, "The QR code is not valid, or a newer receipt replaced it. Scan it again.")
    return UUID(row["application_id"])
