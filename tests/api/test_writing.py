"""A request may be repeated, and says what it saw: Idempotency-Key and If-Match."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from tests.api.installation import LICENSING, MAKASSAR
from tests.api.lives import PROCESSING, STAGE, WAYS, arrive, do, done, walk
from tests.running import Jejak, Reply

BODY = {"service": "nib", "applicant": {"name": "Siti Contoh", "nik": "3374014101900001"}}


def submit(running: Jejak, key: str, body: Any = BODY) -> Reply:
    headers = {"Idempotency-Key": key}
    return running.request("POST", "/v1/applications", body, token=running.officer(LICENSING), headers=headers)


def command(running: Jejak, application: str, name: str, body: Any = None, **headers: str) -> Reply:
    path = f"/v1/applications/{application}/{name}"
    return running.request("POST", path, body or {}, token=running.supervisor(LICENSING), headers=headers)


def test_the_same_key_again_is_the_same_act_with_the_same_number_and_pin(running: Jejak) -> None:
    key = str(uuid4())
    first, again = submit(running, key), submit(running, key)
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    assert (
        first.headers["Location"] == again.headers["Location"] == f"/v1/applications/{first.json()['application_id']}"
    )
    assert first.headers["Sync-Token"] == again.headers["Sync-Token"]


def test_the_first_answer_is_given_also_when_the_application_has_gone_on(running: Jejak) -> None:
    key = str(uuid4())
    first = submit(running, key)
    walk(running, first.json()["application_id"], LICENSING, (*PROCESSING, ("reset-pin", {})))
    assert submit(running, key).body == first.body


def test_the_same_key_of_another_client_is_another_act(running: Jejak) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    replies = [
        running.request("POST", "/v1/applications", BODY, token=token, headers=key)
        for token in (running.officer(LICENSING), running.supervisor(LICENSING))
    ]
    assert len({reply.json()["application_id"] for reply in replies}) == 2


def test_eight_at_once_with_one_key_make_one_application(running: Jejak) -> None:
    for _ in range(5):
        key = str(uuid4())
        with ThreadPoolExecutor(8) as threads:
            replies = list(threads.map(lambda key: submit(running, key), [key] * 8))
        assert {reply.status for reply in replies} == {201}
        assert len({reply.body for reply in replies}) == 1


def test_eight_at_once_with_keys_of_their_own_take_a_file_in_once(running: Jejak) -> None:
    arrived = arrive(running, "receive")
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda _: do(running, arrived, "receive", running.officer(LICENSING)), range(8)))
    assert sorted(reply.status for reply in replies) == [200, *[412] * 7]


@pytest.mark.parametrize("other", [{"service": "nib", "applicant": {"name": "Budi"}}, BODY | {"channel": "counter"}])
def test_the_same_key_with_another_body_is_refused(other: Any, running: Jejak) -> None:
    key = str(uuid4())
    submit(running, key)
    reply = submit(running, key, other)
    assert (reply.status, reply.json()["code"]) == (422, "key-reused")


def test_the_same_body_is_the_same_whatever_its_spelling(running: Jejak) -> None:
    key = str(uuid4())
    spelled = b'{ "applicant": {"nik":"3374014101900001", "name":"\\u0053iti Contoh"},\n "service": "nib"}'
    assert submit(running, key).body == submit(running, key, spelled).body


def test_the_same_key_for_another_command_with_the_same_body_is_refused(running: Jejak) -> None:
    arrived = arrive(running, "receive")
    key = str(uuid4())
    assert done(running, arrived, "receive", **{"Idempotency-Key": key}).status == 200
    reply = command(running, arrived.id, "withdraw", **{"Idempotency-Key": key, "If-Match": '"2"'})
    assert (reply.status, reply.json()["code"]) == (422, "key-reused")


def test_a_command_repeated_is_answered_as_at_first_however_old_its_version(running: Jejak) -> None:
    arrived = arrive(running, "receive")
    headers = {"Idempotency-Key": str(uuid4())}
    first = done(running, arrived, "receive", **headers)
    walk(running, arrived.id, LICENSING, (("check-documents", {"complete": True}),), version=2)
    again = done(running, arrived, "receive", **headers)
    assert (first.body, first.headers["ETag"]) == (again.body, again.headers["ETag"])


ANSWERED_IN = ("ETag", "Sync-Token")


@pytest.mark.parametrize("name", WAYS)
def test_every_command_repeated_is_answered_as_at_first_even_if_it_took_the_right_to_it_away(
    name: str, running: Jejak
) -> None:
    arrived = arrive(running, name)
    key = {"Idempotency-Key": str(uuid4())}
    first = done(running, arrived, name, **key)
    again = do(running, arrived, name, running.supervisor(arrived.acting), **key)
    assert (again.status, again.body) == (200, first.body)
    assert [again.headers[each] for each in ANSWERED_IN] == [first.headers[each] for each in ANSWERED_IN]
    other = do(running, arrived, name, running.officer(MAKASSAR), **key)
    nobody = do(running, replace(arrived, id=str(uuid4())), name, running.officer(MAKASSAR), **key)
    assert (other.status, other.json()["code"]) == (nobody.status, nobody.json()["code"])
    assert other.status in (403, 404)


@pytest.mark.parametrize("name", ["transfer", "answer-referral"])
def test_a_colleague_with_the_same_key_is_told_nothing(name: str, running: Jejak) -> None:
    arrived = arrive(running, name)
    key = {"Idempotency-Key": str(uuid4())}
    done(running, arrived, name, **key)
    colleague = do(running, arrived, name, running.officer(arrived.acting), **key)
    assert (colleague.status, colleague.json()["code"]) == (404, "not-found")


def test_a_refusal_is_not_remembered(running: Jejak) -> None:
    arrived = arrive(running, "receive")
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": '"1"'}
    assert command(running, arrived.id, "enter-stage", STAGE, **headers).json()["code"] == "status-forbids"
    version = walk(running, arrived.id, LICENSING, PROCESSING)
    headers["If-Match"] = f'"{version}"'
    assert command(running, arrived.id, "enter-stage", STAGE, **headers).status == 200


@pytest.mark.parametrize("key", [None, "", " ", "a b", "x" * 201, "é"])
def test_a_key_that_is_missing_or_is_none_is_refused(key: str | None, running: Jejak) -> None:
    headers = {"Idempotency-Key": key} if key is not None else {}
    reply = running.request("POST", "/v1/applications", BODY, token=running.officer(LICENSING), headers=headers)
    assert (reply.status, reply.json()["code"]) == (400, "key-required")


def test_a_command_must_say_what_it_saw(running: Jejak) -> None:
    arrived = arrive(running, "receive")
    reply = command(running, arrived.id, "receive", **{"Idempotency-Key": str(uuid4())})
    assert (reply.status, reply.json()["code"]) == (428, "precondition-required")


@pytest.mark.parametrize("seen", ["1", "*", 'W/"1"', '"0"', '"01"', '"1", "2"', '"-1"', '""', '"99999999999"'])
def test_what_it_saw_must_be_a_version(seen: str, running: Jejak) -> None:
    arrived = arrive(running, "receive")
    reply = command(running, arrived.id, "receive", **{"Idempotency-Key": str(uuid4()), "If-Match": seen})
    assert (reply.status, reply.json()["code"]) == (400, "malformed-request")


def test_a_command_is_refused_after_something_relevant_and_told_the_version(running: Jejak) -> None:
    arrived = arrive(running, "check-documents")
    stale = command(running, arrived.id, "withdraw", **{"Idempotency-Key": str(uuid4()), "If-Match": '"1"'})
    assert (stale.status, stale.json()["code"]) == (412, "stale-version")
    assert (stale.json()["version"], stale.headers["ETag"]) == (arrived.version, f'"{arrived.version}"')


def test_a_command_is_not_refused_after_what_is_nothing_to_it(running: Jejak) -> None:
    arrived = arrive(running, "receive")
    walk(running, arrived.id, LICENSING, (("reassign", {"officer": str(uuid4())}), ("reset-pin", {})))
    reply = done(running, arrived, "receive")
    assert reply.json()["version"] == 4


def test_a_command_to_an_application_that_is_not_there_is_not_found(running: Jejak) -> None:
    for application in (str(uuid4()), "1", "%00", "..", "01K2M9XD4TB5"):
        reply = command(running, application, "receive", **{"Idempotency-Key": str(uuid4()), "If-Match": '"1"'})
        assert (reply.status, reply.json()["code"]) == (404, "not-found"), application
