"""Endpoints of the survey of satisfaction: the answers of one application, and what anybody may know of all."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.conditional import application_id, body_of, idempotency_key
from api.dependencies import Dependencies, dependencies_of
from api.endpoints.applications import json, principal_of
from api.endpoints.statistics import OPEN_DATA, cached
from api.problems import Problem
from domain.application.evolve import Application
from domain.codes import Channel, Role
from domain.json_values import instant
from domain.provenance import Act
from domain.refusals import Refusal
from domain.registry.editions import Registry
from domain.satisfaction import Answers, SatisfactionAnswered, Weights
from projections.satisfaction import Satisfaction, units
from service_layer import bodies
from service_layer.requests import SurveyRequest
from service_layer.requests_from_bodies import ROLES
from service_layer.rights import Bearer, Principal, Relation, relation_for, require


async def give_satisfaction(request: Request) -> Response:
    """Answer the survey for one application: its applicant, or the office for a form on paper. Once.

    The answers stand in a stream of their own; which application they are of is sealed.
    """
    dependencies, principal = dependencies_of(request), principal_of(request)
    relation = relation_for("give-satisfaction", principal)
    target, key = application_id(request), idempotency_key(request)
    body, plain = await body_of(request, bodies.SatisfactionBody)
    position = await give(
        request,
        principal,
        relation,
        target=target,
        answers=Answers(**msgspec.structs.asdict(body)),
        key=key,
        body=plain,
    )
    era = await dependencies.views.era_of(position)
    answered = {"application_id": str(target), "events": [SatisfactionAnswered.topic]}
    headers = {"Sync-Token": f"applications={era}.{position}", "Cache-Control": "no-store"}
    return json(answered, status=201, headers=headers)


async def give(
    request: Request,
    principal: Principal,
    relation: Relation,
    *,
    target: UUID,
    answers: Answers,
    key: str,
    body: Any,  # noqa: ANN401 - JSON is any value
) -> int:
    """The position of the answer. Raises what the port raises, and NotYours."""
    dependencies = dependencies_of(request)
    registry = await dependencies.catalogue.registry()

    def permit(application: Application) -> None:
        holder, concerned = application.office, application.concerned
        require(relation, principal, registry, application_id=target, holder=holder, concerned=concerned)

    citizen = principal.bearer is Bearer.CITIZEN
    act = Act(
        at=dependencies.now(),
        by=Role.APPLICANT if citizen else ROLES[principal.bearer],
        actor=principal.actor,
        office=principal.office,
        channel=Channel.ELECTRONIC if citizen else Channel.COUNTER,
    )
    survey = SurveyRequest(answers=answers, act=act, client=principal.client, key=key, body=body, permit=permit)
    try:
        position = await dependencies.surveys.handle(target, survey)
    except Refusal as refused:
        dependencies.meter.command("give-satisfaction", refused.code)
        raise
    dependencies.meter.command("give-satisfaction", "done")
    return position


async def get_satisfaction(request: Request) -> Response:
    """Read the index of satisfaction of each service at each office, as the public may see it.

    `weights` chooses what each of the nine elements counts: exactly a ninth, 0.111 or 0.11.
    """
    asked = request.query_params.get("weights", Weights.EXACT.value)
    if asked not in [each.value for each in Weights]:
        detail = f"One of {', '.join(Weights)}."
        raise Problem("malformed-request", errors=[{"pointer": "?weights", "detail": detail}])
    found = await public(dependencies_of(request), Weights(asked))
    body = {"as_of": instant(found.as_of), "weights": asked, "units": [asdict(unit) for unit in found.units]}
    return cached(request, orjson.dumps(body), "application/json", OPEN_DATA)


async def public(dependencies: Dependencies, weights: Weights) -> Satisfaction:
    """Up to the last full hour: the same in every process, and never live."""
    as_of = full_hour(dependencies.now())
    registry = await dependencies.catalogue.registry()
    places = {(code, office) for code in registry.services for office in _offices(registry, code)}
    return Satisfaction(
        as_of=as_of, weights=weights, units=units(await dependencies.satisfaction.units(as_of), places, weights)
    )


def full_hour(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _offices(registry: Registry, service: str) -> tuple[str, ...]:
    newest = registry.newest(service)
    return newest.offices if newest else ()
