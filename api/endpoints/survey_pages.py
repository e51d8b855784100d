"""The pages of the satisfaction survey: an applicant with an open session fills in the form, and everybody can read the
public index.
"""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from api.browser import form_of, own_row, page_unless_seen, same_origin
from api.dependencies import dependencies_of
from api.endpoints.satisfaction import give, public
from api.pages.render import satisfaction_page, survey_page
from api.results import NO_STORE
from domain.refusals import SatisfactionAlreadyGiven
from domain.satisfaction import Answers, Element, Score, Weights
from projections.progress import ProgressRow
from projections.satisfaction import SERVED
from service_layer.faults import KeyReused
from service_layer.rights import Bearer, Principal, Relation

FORM = "form"
"""Every form sends this idempotency key. If a browser sends the same answers twice, the answers are stored only once.
"""
STATUS_OF = {"incomplete": 422, "again": 409}
SCORES = {str(score.value): score for score in Score}


async def ask(request: Request) -> Response:
    """Shows the questions of the survey. If the applicant has already answered the survey, shows thanks. Redirects to
    the application's page while the application has no outcome.
    """
    row = await own_row(request)
    if row is None or row["status"] not in SERVED:
        return _elsewhere(request, row)
    given = await dependencies_of(request).surveys.given(UUID(row["application_id"]))
    return _page(request, row, "thanks" if given else "asked")


async def take(request: Request) -> Response:
    """Handles the posted form of the survey."""
    same_origin(request)
    row = await own_row(request)
    if row is None or row["status"] not in SERVED:
        return _elsewhere(request, row)
    scores = await _scores(request)
    if scores.keys() != {element.value for element in Element}:
        return _page(request, row, "incomplete", scores)
    target = UUID(row["application_id"])
    try:
        await give(
            request,
            Principal(bearer=Bearer.CITIZEN, application_id=target),
            Relation.OWN,
            target=target,
            answers=Answers(**scores),
            key=FORM,
            body={name: score.value for name, score in scores.items()},
        )
    except (SatisfactionAlreadyGiven, KeyReused):
        return _page(request, row, "again")
    return RedirectResponse(request.url.path, status_code=303, headers=NO_STORE)


async def index(request: Request) -> Response:
    """Shows the public satisfaction index of the period that the query names."""
    dependencies, language = dependencies_of(request), request.path_params["language"]
    shown = await public(dependencies, Weights.EXACT, request.query_params.get("period"))
    page = satisfaction_page(language, shown, await dependencies.catalogue.registry())
    return page_unless_seen(request, page, page, "public, max-age=60")


async def _scores(request: Request) -> dict[str, Score]:
    """Returns the valid answers of the form. Each key is the name of an element."""
    fields = await form_of(request, fields_max=len(Element))
    chosen = {element.value: SCORES.get(fields.get(element.value, [""])[0]) for element in Element}
    return {name: score for name, score in chosen.items() if score is not None}


def _page(request: Request, row: ProgressRow, state: str, chosen: dict[str, Score] | None = None) -> Response:
    page = survey_page(request.path_params["language"], row["application_id"], state, chosen or {})
    return HTMLResponse(page, status_code=STATUS_OF.get(state, 200), headers=NO_STORE)


def _elsewhere(request: Request, row: ProgressRow | None) -> Response:
    where = f"applications/{row['application_id']}" if row else ""
    return RedirectResponse(f"/{request.path_params['language']}/{where}", status_code=303, headers=NO_STORE)


SURVEY = "/{language:language}/applications/{application_id}/satisfaction"
PAGES = (
    Route(SURVEY, ask, name="ask"),
    Route(SURVEY, take, methods=["POST"], name="take"),
    Route("/{language:language}/satisfaction", index, name="satisfaction"),
)
