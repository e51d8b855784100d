"""The one way to change an application, over the real log: a key means one act, whatever is sent twice or lost."""

import asyncio
from dataclasses import replace

import pytest

from domain.application.commands import CheckDocuments, Issue, Receive, ResetPin, Withdraw
from domain.refusals import ApplicationUnknown, StaleVersion, StatusForbids
from infra.composition import Installation
from infra.eventstore.identifiers import new_application_id
from infra.runtime.fsck import faults_of_log
from service_layer.faults import KeyReused
from service_layer.requests import CommandResult
from tests.infra.eventstore.asking import SITI, SUBMIT, ask, asked, submit, told, topics

pytestmark = pytest.mark.anyio


async def test_the_same_submission_again_gets_the_first_answer(made: Installation) -> None:
    first = await submit(made, "k-1")
    await made.commands.handle(first.application_id, asked(Receive()))
    again = await submit(made, "k-1")
    assert told(again) == told(first)
    assert topics(made, first.application_id) == ["submitted", "received"]


async def test_the_same_command_again_gets_the_first_answer_of_all_its_events(made: Installation) -> None:
    application = (await submit(made)).application_id
    await made.commands.handle(application, asked(Receive()))
    check = asked(CheckDocuments(complete=True, declare_complete=True), "k-2", version_seen=2)
    first = await made.commands.handle(application, check)
    assert first.events == ("application.documents-checked.v1", "application.declared-complete.v1")
    await made.commands.handle(application, asked(Withdraw()))
    assert told(await made.commands.handle(application, check)) == told(first)
    assert topics(made, application) == ["submitted", "received", "documents-checked", "declared-complete", "withdrawn"]


async def test_a_key_with_another_body_is_refused(made: Installation) -> None:
    first = await submit(made, "k-1", body={"service": "a"})
    with pytest.raises(KeyReused):
        await submit(made, "k-1", body={"service": "b"})
    assert topics(made, first.application_id) == ["submitted"]


async def test_a_key_that_was_another_commands_is_refused(made: Installation) -> None:
    application = (await submit(made)).application_id
    await made.commands.handle(application, asked(Receive(), "k-2"))
    with pytest.raises(KeyReused):
        await made.commands.handle(application, asked(ResetPin(), "k-2"))


async def test_another_clients_same_key_is_another_key(made: Installation) -> None:
    first = await submit(made, "k-1")
    other = asked(SUBMIT, "k-1")
    second = await made.commands.handle(None, type(other)(command=SUBMIT, act=other.act, client="x", key="k-1"))
    assert first.application_id != second.application_id


async def test_a_refusal_is_not_remembered(made: Installation) -> None:
    application = (await submit(made)).application_id
    check = asked(CheckDocuments(complete=True), "k-3")
    with pytest.raises(StatusForbids):
        await made.commands.handle(application, check)
    await made.commands.handle(application, asked(Receive()))
    answer = await made.commands.handle(application, check)
    assert answer.application.version == 3


async def test_an_application_that_nobody_submitted_is_unknown(made: Installation) -> None:
    with pytest.raises(ApplicationUnknown):
        await made.commands.handle(new_application_id(), asked(Receive()))


async def test_who_saw_too_little_is_told_what_came_since(made: Installation) -> None:
    application = (await submit(made)).application_id
    await made.commands.handle(application, asked(Withdraw()))
    with pytest.raises(StaleVersion) as caught:
        await made.commands.handle(application, asked(Receive(), version_seen=1))
    assert (caught.value.seen, caught.value.now) == (1, 2)


async def test_a_right_is_judged_before_a_new_command_and_after_a_repeated_one(made: Installation) -> None:
    first = await submit(made, "k-1")
    application = first.application_id

    def permit(_: object) -> None:
        raise PermissionError

    assert told(await made.commands.handle(None, asked(SUBMIT, "k-1", permit=permit))) == told(first)
    for new in (asked(Issue(), permit=permit), replace(asked(SUBMIT, "k-1", permit=permit), client="x")):
        with pytest.raises(PermissionError):
            await made.commands.handle(application, new)
    assert topics(made, application) == ["submitted"]


async def test_commands_at_the_same_time_are_all_done_one_after_another(made: Installation) -> None:
    application = (await submit(made)).application_id
    resets = (made.commands.handle(application, asked(ResetPin())) for _ in range(6))
    answers = await asyncio.gather(*resets)
    assert sorted(answer.application.version for answer in answers) == [2, 3, 4, 5, 6, 7]
    assert sorted(answer.application.pin_resets for answer in answers) == [1, 2, 3, 4, 5, 6]
    assert topics(made, application) == ["submitted", *["pin-reset"] * 6]


async def test_of_two_that_exclude_one_another_the_second_is_decided_anew(made: Installation) -> None:
    application = (await submit(made)).application_id
    both = (made.commands.handle(application, asked(command)) for command in (Receive(), Receive()))
    answers = await asyncio.gather(*both, return_exceptions=True)
    assert [type(answer) for answer in answers if not isinstance(answer, CommandResult)] == [StatusForbids]
    assert topics(made, application) == ["submitted", "received"]


async def test_one_command_sent_six_times_at_once_is_one_act(made: Installation) -> None:
    submissions = await asyncio.gather(*(submit(made, "k-1") for _ in range(6)))
    assert len({answer.application_id for answer in submissions}) == 1
    assert len({answer.application.number for answer in submissions}) == 1
    application = submissions[0].application_id
    answers = await asyncio.gather(
        *(made.commands.handle(application, asked(Receive(), "k-2")) for _ in range(6)),
    )
    assert {answer.application.version for answer in answers} == {2}
    assert topics(made, application) == ["submitted", "received"]


async def test_two_who_seal_something_of_the_same_person_use_one_key(made: Installation) -> None:
    """As after an import, which brings no person: the first two acts that name one may come together."""
    application = (await submit(made, personal={})).application_id
    both = (made.commands.handle(application, asked(ResetPin(), personal=SITI)) for _ in range(2))
    await asyncio.gather(*both)
    states = [event.state for event in made.recorder.select_events(application)]
    [key] = (await made.keys.dossier_keys(application)).values()
    assert [str(key.key_id).encode() in state for state in states] == [False, True, True]


async def test_what_was_written_is_a_sound_chain(made: Installation) -> None:
    application = (await submit(made)).application_id
    for command in (Receive(), CheckDocuments(complete=True, declare_complete=True), Withdraw()):
        await made.commands.handle(application, asked(command))
    assert list(faults_of_log(made.databases.auditor, lambda *_: None)) == []
    claims = ask(made.databases.auditor, "SELECT length(claim) FROM claims WHERE originator_id = %s", application)
    assert sorted(claims) == [(12,), (16,)]
