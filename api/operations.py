"""Operations: this module lists every operation of the API. The routes and the OpenAPI document are made from this
list.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api import application_responses, catalogue_responses, responses
from api.conditional import ANY, IDEMPOTENCY_KEY, IF_MATCH, SYNC_TOKEN
from api.endpoints import accesses, applications, desk, feed, health, links, persons, public, satisfaction, statistics
from api.routing import Endpoint
from domain.satisfaction import Weights
from service_layer import bodies
from service_layer.commands import COMMANDS

AnyEndpoint = Callable[[Request], Awaitable[Response | feed.FeedResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. `headers` maps request headers to their patterns. `problems` lists the HTTP statuses for which the
    body is an RFC 9457 problem. If `stream` is true, a client that accepts text/event-stream gets the result as a
    stream. `answers` lists the names of the response headers.
    """

    name: str
    method: str
    path: str
    endpoint: AnyEndpoint
    tag: str
    returns: Mapping[int, Any]
    body: type[bodies.Body] | None = None
    media_type: str = "application/json"
    stream: bool = False
    problems: tuple[int, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    answers: tuple[str, ...] = ()
    bearer: bool = True

    def route(self) -> Route:
        return Route(self.path, Endpoint(self.endpoint), methods=[self.method], name=self.name)


ONE = "/v1/applications/{application_id}"
READ = (400, 401, 403, 404, 409, 503)
WRITE = (400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503)
SYNC = {"Sync-Token": SYNC_TOKEN}
POLLED = {**SYNC, "If-None-Match": ANY}
LISTED = {
    "after": {"type": "string", "maxLength": 100, "description": "The last code of the previous page"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 50},
}

AT_OFFICE = {"office": {"type": "string", "maxLength": 63, "description": "The edition in force at this office today"}}


def _read(name: str, path: str, endpoint: AnyEndpoint, returns: Any) -> Operation:  # noqa: ANN401 - a body type
    return Operation(
        name=name,
        method="GET",
        path=path,
        endpoint=endpoint,
        tag="applications",
        returns={200: returns},
        problems=READ,
        headers=SYNC if name == "get-accesses" else POLLED,
        answers=() if name == "get-accesses" else ("ETag",),
    )


def _open(
    name: str,
    path: str,
    endpoint: AnyEndpoint,
    returns: Any,  # noqa: ANN401 - a body type
    tag: str,
    **more: Any,  # noqa: ANN401 - further fields of Operation
) -> Operation:
    return Operation(
        name=name, method="GET", path=path, endpoint=endpoint, tag=tag, returns=returns, bearer=False, **more
    )


RESULTS: Mapping[str, type[responses.DoneBody]] = {"reset-pin": responses.PinResetBody}
"""Maps a command to its response body, if this body differs from DoneBody."""

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="submit-application",
        method="POST",
        path="/v1/applications",
        endpoint=applications.submit_application,
        tag="applications",
        body=bodies.SubmitBody,
        returns={201: responses.SubmittedBody},
        problems=(400, 401, 403, 409, 413, 415, 422, 503),
        headers={"Idempotency-Key": IDEMPOTENCY_KEY, "Prefer": ANY},
        required=("Idempotency-Key",),
        answers=("ETag", "Location", "Sync-Token"),
    ),
    *(
        Operation(
            name=offered.name,
            method="POST",
            path=f"{ONE}/{offered.name}",
            endpoint=applications.command_endpoint(offered),
            tag="commands",
            body=offered.body,
            returns={200: RESULTS.get(offered.name, responses.DoneBody)},
            problems=WRITE,
            headers={"Idempotency-Key": IDEMPOTENCY_KEY, "If-Match": IF_MATCH, "Prefer": ANY},
            required=("Idempotency-Key", "If-Match"),
            answers=("ETag", "Sync-Token"),
        )
        for offered in COMMANDS
    ),
    Operation(
        name="link-applications",
        method="POST",
        path="/v1/links",
        endpoint=links.link_applications,
        tag="applications",
        body=bodies.LinkApplicationsBody,
        returns={200: responses.LinkedBody},
        problems=(400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 503),
        headers={"Idempotency-Key": IDEMPOTENCY_KEY, "Prefer": ANY},
        required=("Idempotency-Key",),
        answers=("Sync-Token",),
    ),
    Operation(
        name="open-dossier",
        method="POST",
        path=f"{ONE}/open-dossier",
        endpoint=applications.open_dossier,
        tag="applications",
        body=bodies.OpenDossierBody,
        returns={200: responses.OpenedBody},
        problems=(*READ, 413, 415, 422),
        headers=SYNC,
    ),
    _read("get-application", ONE, applications.get_application, application_responses.ApplicationBody),
    _read("get-timeline", f"{ONE}/timeline", applications.get_timeline, application_responses.TimelineBody),
    _read("get-accesses", f"{ONE}/accesses", applications.get_accesses, responses.AccessesBody),
    Operation(
        name="find-by-number",
        method="POST",
        path="/v1/applications/find",
        endpoint=applications.find_by_number,
        tag="applications",
        body=bodies.FindByNumberBody,
        returns={200: responses.FoundApplication},
        problems=(*READ, 413, 415, 422),
        headers=SYNC,
    ),
    Operation(
        name="find-by-person",
        method="POST",
        path="/v1/persons/find",
        endpoint=persons.find_by_person,
        tag="applications",
        body=bodies.FindByPersonBody,
        returns={200: responses.FoundBody},
        problems=(400, 401, 403, 409, 413, 415, 422, 429, 503),
        headers=SYNC,
    ),
    Operation(
        name="get-access-record",
        method="GET",
        path="/v1/accesses",
        endpoint=accesses.get_access_record,
        tag="operations",
        returns={200: responses.AccessRecordBody},
        query=accesses.QUERY,
        problems=(400, 401, 403, 503),
    ),
    Operation(
        name="track",
        method="POST",
        path="/v1/track",
        endpoint=public.track,
        tag="citizens",
        body=bodies.TrackBody,
        returns={200: responses.TrackedBody},
        problems=(400, 403, 413, 415, 422, 429, 503),
        bearer=False,
    ),
    _open(
        "list-services",
        "/v1/services",
        public.list_services,
        {200: catalogue_responses.ServicesBody},
        "catalogue",
        query=LISTED,
        problems=(400, 503),
    ),
    _open(
        "get-service",
        "/v1/services/{service}",
        public.get_service,
        {200: catalogue_responses.ServiceBody},
        "catalogue",
        query=AT_OFFICE,
        problems=(404, 503),
    ),
    _open(
        "list-offices",
        "/v1/offices",
        public.list_offices,
        {200: catalogue_responses.OfficesBody},
        "catalogue",
        query=LISTED,
        problems=(400, 503),
    ),
    _open(
        "get-office",
        "/v1/offices/{office}",
        public.get_office,
        {200: catalogue_responses.OfficeBody},
        "catalogue",
        problems=(404, 503),
    ),
    _open(
        "list-malls",
        "/v1/malls",
        public.list_malls,
        {200: catalogue_responses.MallsBody},
        "catalogue",
        query=LISTED,
        problems=(400, 503),
    ),
    _open(
        "get-mall",
        "/v1/malls/{mall}",
        public.get_mall,
        {200: catalogue_responses.MallBody},
        "catalogue",
        problems=(404, 503),
    ),
    _open(
        "get-statistics",
        "/v1/statistics",
        statistics.get_statistics,
        {200: responses.StatisticsBody},
        "statistics",
        headers={"If-None-Match": ANY},
        answers=("ETag",),
        problems=(503,),
    ),
    _open(
        "get-statistics-csv",
        "/v1/statistics.csv",
        statistics.get_statistics_csv,
        {200: str},
        "statistics",
        media_type="text/csv",
        headers={"If-None-Match": ANY},
        answers=("ETag",),
        problems=(503,),
    ),
    Operation(
        name="give-satisfaction",
        method="POST",
        path=f"{ONE}/satisfaction",
        endpoint=satisfaction.give_satisfaction,
        tag="citizens",
        body=bodies.SatisfactionBody,
        returns={201: responses.AnsweredBody},
        problems=(400, 401, 403, 404, 409, 413, 415, 422, 503),
        headers={"Idempotency-Key": IDEMPOTENCY_KEY},
        required=("Idempotency-Key",),
        answers=("Sync-Token",),
    ),
    _open(
        "get-satisfaction",
        "/v1/satisfaction",
        satisfaction.get_satisfaction,
        {200: responses.SatisfactionFiguresBody},
        "statistics",
        headers={"If-None-Match": ANY},
        answers=("ETag",),
        query={
            "weights": {"type": "string", "enum": [each.value for each in Weights], "default": Weights.EXACT.value},
            "period": {
                "type": "string",
                "maxLength": 7,
                "description": "This or the last semester (2026-S2) or year (2026). Default: the first with an index",
            },
        },
        problems=(400, 503),
    ),
    Operation(
        name="get-exact-statistics",
        method="GET",
        path="/v1/statistics/exact",
        endpoint=statistics.get_exact_statistics,
        tag="statistics",
        returns={200: responses.StatisticsBody},
        headers=SYNC,
        query={
            "as_of": {
                "type": "string",
                "format": "date-time",
                "description": "The time at which ages are measured; now by default",
            }
        },
        problems=(400, 401, 403, 409, 503),
    ),
    Operation(
        name="get-desk",
        method="GET",
        path="/v1/desk",
        endpoint=desk.get_desk,
        tag="desk",
        returns={200: responses.DeskBody},
        headers=SYNC,
        query=desk.QUERY,
        problems=READ,
    ),
    Operation(
        name="get-feed",
        method="GET",
        path="/v1/feeds/{agency}",
        endpoint=feed.get_feed,
        tag="feeds",
        returns={200: list[feed.CloudEventBody]},
        media_type=feed.BATCH,
        stream=True,
        problems=(400, 401, 403, 404, 409, 503),
        headers={"Last-Event-ID": ANY},
        query=feed.QUERY,
    ),
    _open("livez", "/livez", health.livez, {200: health.HealthBody}, "operations"),
    _open(
        "readyz",
        "/readyz",
        health.readyz,
        {200: health.HealthBody, 503: health.HealthBody},
        "operations",
    ),
    _open(
        "get-problem",
        "/problems/{code}",
        public.get_problem,
        {200: str},
        "operations",
        media_type="text/html",
        problems=(404,),
    ),
)
