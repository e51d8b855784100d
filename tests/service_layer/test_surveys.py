"""One answer for each application, in a stream of its own that nothing in clear links to it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg
import pytest

from domain.application.commands import Command, Receive, Withdraw
from domain.codes import Channel, Role
from domain.provenance import Act
from domain.refusals import ApplicationUnknown, NoOutcomeYet, SatisfactionAlreadyGiven
from domain.satisfaction import Answers, Element, SatisfactionAnswered, Score, Weights
from infra.composition import Installation
from infra.eventstore.envelope import unseal
from infra.projector.fold import Shard
from infra.projector.views import VIEWS, ensure, rebuild
from infra.queries.satisfaction import PostgresSatisfaction
from infra.runtime.fsck import faults_of_log, faults_of_views
from projections.satisfaction_figures import satisfaction
from service_layer.faults import KeyReused
from service_layer.handlers.surveys import SurveyHandler
from service_layer.requests import SurveyRequest
from tests.builders import INFORMATION, MONDAY, SEMARANG
from tests.infra.eventstore.asking import ask, asked, submit
from tests.infra.logs import catch_up

pytestmark = pytest.mark.anyio

CONTENT = Answers(**dict.fromkeys(Element, Score.GOOD))


def said(answers: Answers = CONTENT, key: str = "", **more: Any) -> SurveyRequest:
    act = Act(at=MONDAY, by=Role.APPLICANT, channel=Channel.ELECTRONIC)
    body = {element.value: int(getattr(answers, element.value)) for element in Element}
    return SurveyRequest(answers=answers, act=act, client="citizen//", key=key or str(uuid4()), body=body, **more)


async def ended(made: Installation, *before: Command) -> UUID:
    application = (await submit(made)).application_id
    for command in (*before, Withdraw()):
        await made.commands.handle(application, asked(command))
    return application


def stored(made: Installation) -> SurveyHandler:
    return SurveyHandler(made.store)


def answered(made: Installation) -> list[tuple[UUID, dict[str, Any]]]:
    query = "SELECT originator_id, state FROM events WHERE topic = %s ORDER BY position"
    return [(stream, state) for stream, state in ask(made.databases.auditor, query, SatisfactionAnswered.topic)]


async def test_an_application_is_answered_for_once(made: Installation) -> None:
    application, survey = await ended(made), stored(made)
    assert not await survey.given(application)
    await survey.handle(application, said())
    assert await survey.given(application)
    with pytest.raises(SatisfactionAlreadyGiven):
        await survey.handle(application, said())
    [(stream, state)] = answered(made)
    assert stream.version == 7
    assert state["data"] == {
        "service": INFORMATION,
        "standard": 1,
        "office": SEMARANG,
        "channel": "counter",
        "outcome": "withdrawn",
        "answers": dict.fromkeys(Element, 3),
    }


async def test_the_same_command_again_is_the_first_answer_and_other_answers_are_refused(made: Installation) -> None:
    application, other, survey = await ended(made), await ended(made), stored(made)
    first = await survey.handle(application, said(key="k"))
    assert await survey.handle(application, said(key="k")) == first
    with pytest.raises(KeyReused):
        await survey.handle(application, said(replace(CONTENT, fee=Score.BEST), key="k"))
    assert await survey.handle(other, said(key="k")) != first, "citizens choose the same key"


async def test_of_many_who_answer_at_once_one_is_heard(made: Installation) -> None:
    application, survey = await ended(made), stored(made)
    results = await asyncio.gather(*(survey.handle(application, said()) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, SatisfactionAlreadyGiven) for result in results) == 7
    assert len(answered(made)) == 1


async def test_nobody_is_asked_before_an_outcome_or_for_nothing(made: Installation) -> None:
    application = (await submit(made)).application_id
    with pytest.raises(NoOutcomeYet):
        await stored(made).handle(application, said())
    with pytest.raises(ApplicationUnknown):
        await stored(made).handle(uuid4(), said())


async def test_who_may_not_is_told_so_before_anything_else(made: Installation) -> None:
    class NotThem(Exception):
        pass

    def permit(_: object) -> None:
        raise NotThem

    refusing: Callable[[Any], None] = permit
    application = (await submit(made)).application_id
    with pytest.raises(NotThem):
        await stored(made).handle(application, said(permit=refusing))


async def test_the_log_links_nothing_and_the_seal_does(made: Installation) -> None:
    application = await ended(made, Receive())
    await stored(made).handle(application, said())
    [(stream, state)] = answered(made)
    [part] = state["sealed"]
    of_the_application = ask(
        made.databases.auditor, "SELECT state::text FROM events WHERE originator_id = %s", application
    )
    assert part["role"] == "applicant"
    assert not any(part["key"] in text for (text,) in of_the_application)
    assert str(application) not in orjson.dumps(state).decode()
    claims = ask(made.databases.auditor, "SELECT claim FROM claims WHERE originator_id = %s", stream)
    assert sorted(len(claim) for (claim,) in claims) == [16, 20]
    key = (await made.keys.dossier_keys(application))["satisfaction"]
    opened = unseal(key.key, part, application=stream, version=1, topic=SatisfactionAnswered.topic)
    assert opened == {"application": str(application)}


async def test_the_link_goes_with_the_applicants_keys_and_the_answer_stays(made: Installation) -> None:
    application, erased = await ended(made), await ended(made)
    await stored(made).handle(application, said())
    await made.keys.erase(application=application)
    assert await made.keys.dossier_keys(application) == {}
    with pytest.raises(SatisfactionAlreadyGiven):
        await stored(made).handle(application, said())
    await made.keys.erase(application=erased)
    await stored(made).handle(erased, said())
    assert [len(state["sealed"]) for _, state in answered(made)] == [1, 0]
    assert await made.keys.dossier_keys(erased) == {}


def projected(made: Installation) -> None:
    for view in VIEWS.values():
        with psycopg.connect(made.databases.serving) as connection:
            ensure(view, connection)
        catch_up(Shard(view), made.databases.serving)


JULY = datetime(2026, 7, 1, tzinfo=UTC)


async def test_the_view_is_folded_from_the_answers_alone_and_shows_none_of_a_few(made: Installation) -> None:
    survey = stored(made)
    for _ in range(9):
        await survey.handle(await ended(made), said())
    projected(made)
    assert await PostgresSatisfaction(made.pool).cells(JULY) == []
    unhappy = Answers(**dict.fromkeys(Element, Score.WORST))
    await survey.handle(await ended(made), said())
    await survey.handle(await ended(made), said(unhappy))
    await ended(made)
    projected(made)
    [row] = await PostgresSatisfaction(made.pool).cells(JULY)
    assert (row["semester"], row["served"], row["covered"], row["fee"]) == ("2026-S1", 10, 10, 30)
    shown = satisfaction([row], [], JULY, weights=Weights.EXACT, period="2026-S1")
    assert shown is not None
    [unit] = shown.units
    assert (unit.answered, unit.served, unit.index) == (10, 10, None)
    assert await PostgresSatisfaction(made.pool).cells(MONDAY) == []
    assert list(faults_of_log(made.databases.auditor, lambda *_: None)) == []
    assert list(faults_of_views(made.databases.serving, lambda *_: None)) == []


async def test_a_spoilt_row_is_named_and_a_rebuild_mends_it(made: Installation) -> None:
    await stored(made).handle(await ended(made), said())
    projected(made)
    [(stream, _)] = answered(made)
    with psycopg.connect(made.databases.serving) as connection:
        connection.execute("UPDATE views.satisfaction SET fee = 4")
    expected = [f"view satisfaction: row {stream} differs from its rebuild"]
    assert list(faults_of_views(made.databases.serving, lambda *_: None)) == expected
    rebuild(VIEWS["satisfaction"], made.databases.serving, progress_of=lambda *_: None)
    assert list(faults_of_views(made.databases.serving, lambda *_: None)) == []


async def test_the_registry_is_read_on_past_the_answers(made: Installation) -> None:
    await stored(made).handle(await ended(made), said())
    assert INFORMATION in (await made.editions.registry()).services
