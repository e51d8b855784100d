"""The endpoint that links applications of one life event. A save links all the applications or none of them."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.authorization import principal_of
from api.conditional import body_of, idempotency_key
from api.dependencies import dependencies_of
from api.results import done, json, written
from domain.application.evolve import Application
from domain.refusals import Refusal, StaleVersion
from service_layer import bodies
from service_layer.faults import ImpossibleValue
from service_layer.requests import LinkRequest
from service_layer.requests_from_bodies import act_of
from service_layer.rights import relation_for, require


async def link_applications(request: Request) -> Response:
    """Link applications that one life event needs. A document that several of them require is asked for once."""
    dependencies, principal = dependencies_of(request), principal_of(request)
    relation = relation_for("link-applications", principal)
    key = idempotency_key(request)
    body, plain = await body_of(request, bodies.LinkApplicationsBody)
    targets = {named.application_id: named.version for named in body.applications}
    if len(targets) < len(body.applications):
        detail = "Name each application once."
        raise ImpossibleValue("/applications", detail)
    registry = await dependencies.catalogue.registry()

    def permit(target: UUID, application: Application) -> None:
        require(
            relation,
            principal,
            registry,
            application_id=target,
            holder=application.office,
            concerned=application.concerned,
        )

    link_request = LinkRequest(
        versions_seen=targets,
        life_event=body.life_event,
        act=act_of(principal, body, principal.office, dependencies.now()),
        client=principal.client,
        key=key,
        body=plain,
        permit=permit,
    )
    try:
        link, results = await dependencies.links.handle(link_request)
    except (Refusal, StaleVersion) as refused:
        dependencies.meter.command("link-applications", getattr(refused, "code", "stale-version"))
        raise
    dependencies.meter.command("link-applications", "done")
    headers = await written(request, max(results, key=lambda result: result.position))
    headers.pop("ETag")
    return json({"link": str(link), "applications": [done(result) for result in results]}, headers=headers)
