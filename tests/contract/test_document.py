"""What is published is valid, complete, and what is answered."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from openapi_spec_validator import validate

from api import responses
from api.operations import OPERATIONS, Operation
from api.problems import KINDS
from domain.refusal_tree import all_refusals
from service_layer.rights import RIGHTS
from tests.api.installation import HEALTH, LICENSING
from tests.api.lives import Arrived, arrive, do, done
from tests.contract.requests import real
from tests.running import Jejak, Reply

COMMANDS = [operation for operation in OPERATIONS if operation.tag == "commands"]
READS = [operation for operation in OPERATIONS if operation.method == "GET" and "{application_id}" in operation.path]
OPEN = [operation for operation in OPERATIONS if operation.method == "GET" and not operation.bearer]


@pytest.fixture(scope="module")
def document(running: Jejak) -> dict[str, Any]:
    published: dict[str, Any] = running.request("GET", "/openapi.json").json()
    return published


@pytest.fixture(scope="module")
def rich(running: Jejak) -> Arrived:
    """An application that has been through nearly everything, so that few of its fields are empty."""
    arrived = arrive(running, "answer-referral")
    done(running, arrived, "answer-referral")
    version = arrived.version + 1
    note = {"note": "Terlalu gelap."}
    defects = {"documents": [{"requirement": "identity-card", "defect": "expired"}]} | note
    steps: list[tuple[str, dict[str, Any]]] = [
        ("return-for-correction", defects),
        ("amend-record", {"amends": 1, "amendment": "time", "corrected_at": "2026-01-05T08:00:00+07:00"}),
        ("reassign", {"officer": "00000000-0000-4000-8000-000000000001"}),
    ]
    for name, body in steps:
        reply = running.ask(running.supervisor(LICENSING), arrived.id, name, version, body)
        assert reply.status == 200, reply.body
        version = reply.json()["version"]
    open_dossier(running, arrived.id)
    return arrived


def open_dossier(running: Jejak, application: str) -> Reply:
    path = f"/v1/applications/{application}/open-dossier"
    return running.request("POST", path, {"purpose": "inspection"}, token=running.officer(LICENSING))


def strictly(given: Any, kind: Any) -> None:
    """The value is of its type, and no key of any object in it is one that the type does not have."""
    msgspec.convert(given, kind, strict=True)
    for value, struct in objects(given, kind):
        known = {field.encode_name for field in msgspec.structs.fields(struct)}
        required = {field.encode_name for field in msgspec.structs.fields(struct) if field.required}
        assert required <= value.keys() <= known, (struct.__name__, value.keys() ^ known)


def objects(given: Any, kind: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Each object within, with its type."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if isinstance(given, dict):
            yield given, kind
            hints = get_type_hints(kind)
            for name, value in given.items():
                if name in hints:
                    yield from objects(value, hints[name])
    elif get_origin(kind) is list:
        for item in given or []:
            yield from objects(item, get_args(kind)[0])
    else:
        for part in get_args(kind):
            if part is not dict and not isinstance(part, str):
                yield from objects(given, part)


def body_of(reply: Reply, operation: Operation) -> None:
    assert reply.status in operation.returns, reply.body
    strictly(reply.json(), operation.returns[reply.status])
    for header in operation.answers:
        assert header in reply.headers, (operation.name, header)


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_the_document_names_every_operation_with_its_roles_and_its_own_words(document: dict[str, Any]) -> None:
    described = {each["operationId"]: each for path in document["paths"].values() for each in path.values()}
    assert described.keys() | {"openapi"} == RIGHTS.keys()
    assert len({each["summary"] for each in described.values()}) == len(described)
    for operation in OPERATIONS:
        each = described[operation.name]
        assert ("security" in each) == operation.bearer
        for bearer in RIGHTS[operation.name] if operation.bearer else ():
            assert bearer.value in each["description"].partition("Roles: ")[2]


def test_a_type_that_is_loosened_is_noticed() -> None:
    item = {"at": "2026-01-05T08:00:00Z", "office": "a", "role": "b", "purpose": "c"}
    entry = {"items": [item], "next": None}
    strictly(entry, responses.AccessesBody)
    item["extra"] = "d"
    with pytest.raises(AssertionError, match="AccessEntry"):
        strictly(entry, responses.AccessesBody)


@pytest.mark.parametrize("operation", COMMANDS, ids=lambda operation: operation.name)
def test_a_command_answers_with_its_body_and_its_headers(operation: Operation, running: Jejak) -> None:
    body_of(done(running, arrive(running, operation.name), operation.name), operation)


@pytest.mark.parametrize("operation", READS, ids=lambda operation: operation.name)
def test_what_is_read_of_an_application_is_of_its_type(operation: Operation, running: Jejak, rich: Arrived) -> None:
    path = operation.path.format(application_id=rich.id)
    reply = running.request("GET", path, token=running.supervisor(LICENSING))
    body_of(reply, operation)
    assert reply.json().get("items") != []


def test_what_is_read_after_each_command_is_of_its_type(running: Jejak) -> None:
    auditor = running.token("--role", "auditor")
    for operation in COMMANDS:
        arrived = arrive(running, operation.name)
        done(running, arrived, operation.name)
        for read in READS:
            body_of(running.request("GET", read.path.format(application_id=arrived.id), token=auditor), read)


@pytest.mark.parametrize("operation", OPEN, ids=lambda operation: operation.name)
def test_what_is_open_is_of_its_type(operation: Operation, running: Jejak) -> None:
    values = {"service": "nib", "office": HEALTH, "mall": "mpp-3374-01", "code": "limited"}
    reply = running.request("GET", operation.path.format(**values))
    assert reply.status == 200
    assert (reply.headers["Content-Type"] or "").startswith(operation.media_type)
    if operation.returns[200] is not str:
        body_of(reply, operation)


def test_submitting_tracking_and_opening_answer_with_their_bodies(running: Jejak, rich: Arrived) -> None:
    by_name = {operation.name: operation for operation in OPERATIONS}
    body = {"service": "nib", "applicant": {"name": "Siti Contoh"}}
    submitted = running.request(
        "POST", "/v1/applications", body, token=running.officer(LICENSING), headers={"Idempotency-Key": "one"}
    )
    body_of(submitted, by_name["submit-application"])
    paper = {"number": rich.paper["tracking_number"], "pin": rich.paper["pin"]}
    body_of(running.request("POST", "/v1/track", paper), by_name["track"])
    body_of(open_dossier(running, rich.id), by_name["open-dossier"])


@pytest.mark.parametrize("name", ["find-by-number", "find-by-person", "give-satisfaction"])
def test_what_is_asked_in_a_body_answers_with_its_body(name: str, running: Jejak) -> None:
    [operation] = [operation for operation in OPERATIONS if operation.name == name]
    known = {"name": "Siti Contoh", "nik": "3374014101900001"}
    running.submit(running.officer(LICENSING), service="nib", applicant=known)
    values, headers, body, token = real(running, name)
    reply = running.request("POST", operation.path.format(**values), body, token=token, headers=headers)
    body_of(reply, operation)
    assert reply.json().get("items") != []


def test_a_feed_answers_with_its_events(running: Jejak, rich: Arrived) -> None:
    [operation] = [operation for operation in OPERATIONS if operation.name == "get-feed"]
    values, _, _, token = real(running, operation.name)
    path = operation.path.format(**values)
    events = running.request("GET", f"{path}?timeout=20000", token=token).json()
    while not any(event["partitionkey"] == rich.id for event in events):
        reply = running.request("GET", f"{path}?timeout=20000&lastEventId={events[-1]['id']}", token=token)
        body_of(reply, operation)
        events = reply.json()


def problems(running: Jejak) -> Iterator[Reply]:
    """Problems of as many kinds as can be had without breaking anything."""
    arrived = arrive(running, "receive")
    token, secret = running.officer(LICENSING), "rahasia-8842"
    path = f"/v1/applications/{arrived.id}"
    yield do(running, arrived, "receive", None)
    yield do(running, arrived, "receive", secret)
    yield do(running, arrived, "receive", running.token("--role", "auditor"))
    yield do(running, arrived, "receive", running.officer(HEALTH))
    yield do(running, arrived, "approve", token)
    yield do(running, arrived, "receive", token, **{"If-Match": secret})
    yield do(running, arrived, "receive", token, **{"Idempotency-Key": f"{secret} {secret}"})
    yield running.request("POST", f"{path}/receive", {secret: secret}, token=token, headers={"Idempotency-Key": "x"})
    key = {"Idempotency-Key": secret}
    for body in ({secret: 1}, {"service": secret}, {"service": "nib", "applicant": {"name": secret}, "channel": secret},
                 {"service": secret, "applicant": {"name": secret}}, [secret], secret.encode(), b"[" * 9000,
                 {"service": "nib", "applicant": {"name": "x"}, "office": secret}):  # fmt: skip
        yield running.request("POST", "/v1/applications", body, token=token, headers=key)
    yield running.request(
        "POST", "/v1/applications", secret.encode(), token=token, headers=key | {"Content-Type": secret}
    )
    yield running.request("POST", "/v1/track", {"number": secret, "pin": secret})
    yield running.request("POST", "/v1/track", {"number": "01K2M9XD4TB5", "pin": secret})
    for address in (f"/{secret}", f"/v1/services/{secret}", f"/v1/offices?limit={secret}", f"/problems/{secret}",
                    f"/v1/applications/{secret}/timeline", f"/static/{secret}"):  # fmt: skip
        yield running.request("GET", address, token=token)
    yield running.request("GET", path, token=token, headers={"Sync-Token": secret})
    yield running.request("GET", path, token=token, headers={"Sync-Token": "applications=9.9"})
    yield running.request("DELETE", path, token=token)


def test_a_problem_says_what_is_wrong_and_what_to_do_and_nothing_that_was_sent(running: Jejak) -> None:
    for reply in problems(running):
        assert 400 <= reply.status < 500, reply.body
        assert reply.headers["Content-Type"] == "application/problem+json"
        told = reply.json()
        strictly(told, responses.ProblemBody)
        assert b"rahasia" not in reply.body, reply.body
        assert "rahasia" not in str(reply.headers)
        assert told["status"] == reply.status
        assert told["title"]
        assert told["detail"]
        assert told["detail"] != told["title"]
        assert told["type"] == f"/problems/{told['code']}"
        assert told["instance"].endswith(told["trace_id"])
        assert all(error["detail"] for error in told.get("errors", []))


@pytest.mark.parametrize("code", [*KINDS, *(refusal.code for refusal in all_refusals())])
def test_every_kind_of_problem_is_explained_in_both_languages(code: str, running: Jejak) -> None:
    pages = [running.request("GET", f"/problems/{code}", headers={"Accept-Language": each}) for each in ("id", "en")]
    assert [page.status for page in pages] == [200, 200]
    assert pages[0].body != pages[1].body


def test_who_asks_for_a_page_is_told_the_problem_as_a_page(running: Jejak) -> None:
    for path in ("/en/nowhere", "/nowhere", "/v1/offices/nowhere"):
        reply = running.request("GET", path, headers={"Accept": "text/html,application/xhtml+xml"})
        assert (reply.status, reply.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
