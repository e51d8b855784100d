"""Who may do what: every operation, by every bearer, of the file's own office and of another."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from api.operations import OPERATIONS
from service_layer.rights import RIGHTS, STAFF, SUPERVISORS, Bearer, Relation
from tests.api.installation import HEALTH, LICENSING, MAKASSAR, OFFICES
from tests.api.lives import WAYS, Arrived, arrive, do, done
from tests.running import Jejak, Reply

READS = {"get-application": "", "get-timeline": "/timeline", "get-accesses": "/accesses"}
OPEN = {operation.name: operation for operation in OPERATIONS if not operation.bearer}
IN_OFFICES = {Bearer.OFFICER, Bearer.SUPERVISOR, Bearer.AGENCY}


@dataclass(frozen=True, slots=True)
class Asking:
    """A bearer, and what ties it to the application: nothing, its holding it, its being asked for advice, its own."""

    bearer: Bearer
    tie: Relation | None
    token: str | None


def token_of(running: Jejak, bearer: Bearer, office: str) -> str:
    if bearer is Bearer.AGENCY:
        return running.token("--agency", OFFICES[office])
    return running.token("--role", bearer.value, "--office", office)


def read_token(running: Jejak, paper: dict[str, str]) -> str:
    body = {"number": paper["tracking_number"], "pin": paper["pin"]}
    token: str = running.request("POST", "/v1/track", body).json()["read_token"]
    return token


def askings(running: Jejak, arrived: Arrived, stranger: dict[str, str]) -> Iterator[Asking]:
    """Every bearer in every relation to the application that it can have."""
    yield Asking(Bearer.PUBLIC, None, None)
    yield Asking(Bearer.CITIZEN, Relation.OWN, read_token(running, arrived.paper))
    yield Asking(Bearer.CITIZEN, None, read_token(running, stranger))
    for bearer in IN_OFFICES:
        yield Asking(bearer, Relation.HOLDER, token_of(running, bearer, arrived.office))
        yield Asking(bearer, None, token_of(running, bearer, MAKASSAR))
    if arrived.acting != arrived.office:
        for bearer in (Bearer.OFFICER, Bearer.SUPERVISOR):
            yield Asking(bearer, Relation.CONCERNED, token_of(running, bearer, arrived.acting))
    for bearer in (Bearer.AUDITOR, Bearer.OPERATOR):
        yield Asking(bearer, None, running.token("--role", bearer.value))


def expected(operation: str, asking: Asking) -> int:
    """0: it may."""
    granted = RIGHTS[operation].get(asking.bearer)
    if granted is None:
        return 401 if asking.bearer is Bearer.PUBLIC else 403
    enough = {
        Relation.ANY: (None, *Relation),
        Relation.HOLDER: (Relation.HOLDER,),
        Relation.CONCERNED: (Relation.HOLDER, Relation.CONCERNED),
        Relation.OWN: (Relation.OWN,),
    }
    return 0 if asking.tie in enough[granted] else 404


def judged(reply: Reply, status: int, operation: str, asking: Asking) -> None:
    said = (operation, asking.bearer.value, asking.tie, reply.body)
    if status:
        assert reply.status == status, said
    else:
        assert reply.status not in (401, 403, 404), said


@pytest.fixture(scope="module")
def stranger(running: Jejak) -> dict[str, str]:
    """The receipt of somebody else."""
    paper: dict[str, str] = arrive(running, "receive").paper
    return paper


def test_every_operation_has_its_entry_and_no_entry_is_of_nothing() -> None:
    assert {operation.name for operation in OPERATIONS} | {"openapi"} == RIGHTS.keys()


def test_every_command_has_its_way() -> None:
    assert {operation.name for operation in OPERATIONS if operation.tag == "commands"} == WAYS.keys()


def test_what_undoes_is_the_supervisors_alone_and_the_operator_opens_nothing() -> None:
    for operation in ("reassign", "lapse", "cancel", "amend-record"):
        assert RIGHTS[operation] == SUPERVISORS == {Bearer.SUPERVISOR: Relation.HOLDER}
    assert RIGHTS["open-dossier"] == STAFF == dict.fromkeys((Bearer.OFFICER, Bearer.SUPERVISOR), Relation.HOLDER)
    assert {name for name, granted in RIGHTS.items() if Bearer.OPERATOR in granted} == {*OPEN, "openapi"}


def test_an_agencys_system_does_what_its_offices_do_and_neither_undoes_nor_opens_nor_speaks_for_the_citizen() -> None:
    commands = {operation.name for operation in OPERATIONS if operation.tag == "commands"}
    denied = {name for name in commands if Bearer.AGENCY not in RIGHTS[name]}
    undoing = {name for name in commands if RIGHTS[name] == SUPERVISORS}
    assert denied == {*undoing, "dispute", "reset-pin"}
    assert {"open-dossier", "link-applications", "find-by-person"}.isdisjoint(
        name for name, granted in RIGHTS.items() if Bearer.AGENCY in granted
    )


@pytest.mark.parametrize("command", WAYS)
def test_a_command_is_done_by_who_may_and_by_nobody_else(
    command: str, running: Jejak, stranger: dict[str, str]
) -> None:
    arrived = arrive(running, command)
    allowed = []
    for asking in askings(running, arrived, stranger):
        status = expected(command, asking)
        if status:
            judged(do(running, arrived, command, asking.token), status, command, asking)
        else:
            allowed.append(asking)
    assert allowed
    for place, asking in enumerate(allowed):
        fresh = arrived if place == 0 else arrive(running, command)
        # An agency's system acts for each of its offices: here for the one that was asked, too.
        if asking.tie is Relation.HOLDER and fresh.acting != fresh.office and asking.bearer is not Bearer.AGENCY:
            refused = do(running, fresh, command, asking.token)
            assert refused.json()["code"] == "not-the-referred-office"
        else:
            assert do(running, fresh, command, asking.token).status == 200, (command, asking)


@pytest.mark.parametrize("operation", [*READS, "open-dossier"])
def test_an_application_is_read_by_who_may_and_by_nobody_else(
    operation: str, running: Jejak, stranger: dict[str, str]
) -> None:
    arrived = arrive(running, "answer-referral")
    sync = {"Sync-Token": done(running, arrived, "answer-referral").headers["Sync-Token"]}
    path = f"/v1/applications/{arrived.id}"
    for asking in askings(running, arrived, stranger):
        if operation == "open-dossier":
            body = {"purpose": "process-application"}
            reply = running.request("POST", f"{path}/open-dossier", body, token=asking.token, headers=sync)
        else:
            reply = running.request("GET", path + READS[operation], token=asking.token, headers=sync)
        status = expected(operation, asking)
        judged(reply, status, operation, asking)
        assert status or reply.status == 200


def test_an_application_is_submitted_by_who_may_and_by_nobody_else(running: Jejak, stranger: dict[str, str]) -> None:
    body = {"service": "nib", "office": LICENSING, "applicant": {"name": "Siti Contoh"}}
    for asking in askings(running, arrive(running, "receive"), stranger):
        key = {"Idempotency-Key": "again"}
        reply = running.request("POST", "/v1/applications", body, token=asking.token, headers=key)
        status = expected("submit-application", asking)
        if not status and asking.tie is None:
            assert (reply.status, reply.json()["errors"][0]["pointer"]) == (422, "/office"), "another's office"
        else:
            assert reply.status == (status or 201), (asking.bearer, reply.body)


def test_an_officer_of_an_office_that_was_not_asked_is_told_of_no_application(running: Jejak) -> None:
    arrived = arrive(running, "answer-referral")
    elsewhere = do(running, arrived, "answer-referral", running.officer(MAKASSAR))
    assert (elsewhere.status, elsewhere.json()["code"]) == (404, "not-found")
    assert do(running, arrived, "answer-referral", running.officer(HEALTH)).status == 200


def test_what_is_open_is_open_to_every_bearer(running: Jejak, stranger: dict[str, str]) -> None:
    arrived = arrive(running, "receive")
    values = {"service": "nib", "office": LICENSING, "mall": "mpp-3374-01", "code": "not-found"}
    track = {"number": stranger["tracking_number"], "pin": stranger["pin"]}
    for asking in askings(running, arrived, stranger):
        for operation in OPEN.values():
            body = track if operation.name == "track" else None
            reply = running.request(operation.method, operation.path.format(**values), body, token=asking.token)
            assert reply.status == 200, (operation.name, asking)


@pytest.mark.parametrize(
    "bearer",
    ["Bearer", "Bearer x", "Bearer a.b.c", "Basic dTpw", "bearer é", "Bearer W10.W10.W10", "Bearer e30.e30.e30"],
)
def test_a_bearer_that_is_not_ours_is_refused_and_never_taken_for_the_public(bearer: str, running: Jejak) -> None:
    reply = running.request(
        "GET", f"/v1/applications/{arrive(running, 'receive').id}", headers={"Authorization": bearer}
    )
    assert (reply.status, reply.json()["code"]) == (401, "unauthenticated")
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="jejak"'


def test_a_read_token_is_no_bearer_of_staff_and_a_session_is_no_bearer_of_another(
    running: Jejak, stranger: dict[str, str]
) -> None:
    arrived = arrive(running, "receive")
    head, claims, mark = running.officer(LICENSING).split(".")
    for altered in (f"{head}.{claims}.{mark[::-1]}", f"{head}.{claims}.", f"{head}..{mark}"):
        assert do(running, arrived, "receive", altered).status == 401
    assert do(running, arrived, "receive", read_token(running, stranger)).status == 403
