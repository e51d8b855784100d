"""Endpoints of the satisfaction survey: a client gives the answers for one application, or reads the public index."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.authorization import principal_of
from api.conditional import application_id, body_of, idempotency_key
from api.dependencies import Dependencies, dependencies_of
from api.problems import Problem
from api.results import NO_STORE, OPEN_DATA, cached, json, sync_token
from domain.application.evolve import Application
from domain.codes import Channel, Role
from domain.json_values import instant
from domain.provenance import Act
from domain.refusals import Refusal
from domain.registry.registry import Registry
from domain.satisfaction import Answers, SatisfactionAnswered, Weights
from projections.satisfaction_figures import Satisfaction, periods, satisfaction
from service_layer import bodies
from service_layer.requests import SurveyRequest
from service_layer.requests_from_bodies import ROLES
from service_layer.rights import Bearer, Principal, Relation, relation_for, require


async def give_satisfaction(request: Request) -> Response:
    """Answer the satisfaction survey for one application. Each application has at most one answered survey.

    The applicant sends the answers, or the office types in the answers from a paper form. The answers are stored in a
    separate stream, and the id of the application is sealed.
    """
    principal = principal_of(request)
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
    answered = {"application_id": str(target), "events": [SatisfactionAnswered.topic]}
    headers = {"Sync-Token": await sync_token(request, position), **NO_STORE}
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
    """Stores the answers. Returns the log position of the event that contains the answers. Raises NotYours and the
    errors of `SurveyHandler.handle`.
    """
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
    """Read the public satisfaction index of a period: for each service, each office, and each service at an office.

    `weights` chooses the weight of each of the nine elements: exactly one ninth, 0.111 or 0.11. `period` is a semester
    (2026-S2) or a year (2026). Without `period`, the server chooses the first period in the list `periods` that has an
    index.
    """
    weights = request.query_params.get("weights", Weights.EXACT.value)
    if weights not in [each.value for each in Weights]:
        detail = f"One of {', '.join(Weights)}."
        raise Problem("malformed-request", errors=[{"pointer": "?weights", "detail": detail}])
    found = await public(dependencies_of(request), Weights(weights), request.query_params.get("period"))
    return cached(request, body_of_satisfaction(found), "application/json", OPEN_DATA)


def body_of_satisfaction(found: Satisfaction) -> bytes:
    """Returns `SatisfactionFiguresBody` as JSON. The keys of the field `means` are members of an enumeration, which the
    encoder turns into text.
    """
    return orjson.dumps({**asdict(found), "as_of": instant(found.as_of)}, option=orjson.OPT_NON_STR_KEYS)


async def public(dependencies: Dependencies, weights: Weights, period: str | None = None) -> Satisfaction:
    """Returns the public index as of the last full hour, in UTC. Within an hour, every process returns the same
    figures. So nobody can watch the figures change with each answer.

    Raises Problem if no index can be read for `period`.
    """
    as_of = full_hour(dependencies.now())
    registry = await dependencies.catalogue.registry()
    places = {(code, office) for code in registry.services for office in _offices(registry, code)}
    cells = await dependencies.satisfaction.cells(as_of)
    shown = satisfaction(cells, places, as_of, weights=weights, period=period)
    if shown is None:
        detail = f"One of {', '.join(each.name for each in periods(as_of))}."
        raise Problem("malformed-request", errors=[{"pointer": "?period", "detail": detail}])
    return shown


def full_hour(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _offices(registry: Registry, service: str) -> tuple[str, ...]:
    newest = registry.newest_of_places(service)
    return tuple(dict.fromkeys(office for standard in newest for office in standard.offices))
