"""Linking what one life event needs: one event in each application, all of them stored or none."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.conditional import body_of, idempotency_key
from api.dependencies import dependencies_of
from api.endpoints.applications import done, json, principal_of, written
from domain.application.evolve import Application
from domain.refusals import Refusal, StaleVersion
from service_layer import bodies
from service_layer.faults import ImpossibleValue
from service_layer.requests import LinkRequest
from service_layer.requests_from_bodies import act_of
from service_layer.rights import relation_for, require


async def link_applications(request: Request) -> Response:
    """Link applications that one life event needs; a document that several ask for is asked once."""
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

    asked = LinkRequest(
        versions_seen=targets,
        life_event=body.life_event,
        act=act_of(principal, body, principal.office, dependencies.now()),
        client=principal.client,
        key=key,
        body=plain,
        permit=permit,
    )
    try:
        link, answers = await dependencies.links.handle(asked)
    except (Refusal, StaleVersion) as refused:
        dependencies.meter.command("link-applications", getattr(refused, "code", "stale-version"))
        raise
    dependencies.meter.command("link-applications", "done")
    headers = await written(request, max(answers, key=lambda answer: answer.position))
    headers.pop("ETag")
    return json({"link": str(link), "applications": [done(answer) for answer in answers]}, headers=headers)
