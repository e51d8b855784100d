"""Persons as they are sent, and how an office finds what it holds of one: checked, sealed, and never repeated."""

import secrets
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from service_layer.rights import RIGHTS, Bearer
from tests.api.installation import HEALTH, LICENSING, MAKASSAR, OFFICES
from tests.api.lives import walk
from tests.running import Jejak, Reply

SITI = {"name": "Siti Contoh"}


def a_nik() -> str:
    """Of a woman born on 1 January 1990."""
    return f"337401410190{secrets.randbelow(9999) + 1:04}"


def submit(running: Jejak, applicant: dict[str, Any], **more: Any) -> Reply:
    body = {"service": "nib", "applicant": applicant, **more}
    headers = {"Idempotency-Key": str(uuid4()), "Prefer": "wait=10"}
    return running.request("POST", "/v1/applications", body, token=running.officer(LICENSING), headers=headers)


def find(running: Jejak, nik: str, token: str | None) -> Reply:
    return running.request("POST", "/v1/persons/find", {"nik": nik}, token=token)


@pytest.mark.parametrize(
    ("nik", "says"),
    [
        ("337401410190000", "A NIK has 16 digits."),
        ("3374014113900001", "Digits 9 and 10 are a month"),
        ("3374014001900001", "Digits 7 and 8 are a day of birth"),
        ("3374013002900001", "there is no such day in any century"),
        ("3374014101900000", "serial number"),
        ("Siti Contoh", "A NIK has 16 digits."),
    ],
)
@pytest.mark.parametrize("role", ["applicant", "subject", "proxy"])
def test_a_nik_that_is_none_is_pointed_at_with_its_fault(role: str, nik: str, says: str, running: Jejak) -> None:
    persons: dict[str, Any] = {"applicant": SITI} | {role: SITI | {"nik": nik}}
    reply = submit(running, **persons)
    assert reply.status == 422
    [error] = reply.json()["errors"]
    assert error["pointer"] == f"/{role}/nik"
    assert says in error["detail"]
    assert nik.encode() not in reply.body


def test_what_is_odd_about_a_nik_is_a_warning_and_the_same_again(running: Jejak) -> None:
    nik = a_nik()
    applicant = SITI | {"nik": "99" + nik[2:], "birth_date": "1991-01-01", "sex": "male"}
    body = {"service": "nib", "applicant": applicant, "district": "33.74.01", "proxy": SITI | {"nik": nik}}
    key = {"Idempotency-Key": str(uuid4())}
    replies = [
        running.request("POST", "/v1/applications", body, token=running.officer(LICENSING), headers=key)
        for _ in range(2)
    ]
    assert [reply.status for reply in replies] == [201, 201]
    warnings = replies[0].json()["warnings"]
    assert {each["pointer"] for each in warnings} == {"/applicant/nik"}
    assert [each["code"] for each in warnings] == [
        "province-unknown",
        "regency-differs",
        "birth-date-differs",
        "sex-differs",
    ]
    assert replies[0].body == replies[1].body
    assert nik[2:].encode() not in replies[0].body


def test_without_a_nik_or_with_a_plain_one_nothing_is_odd(running: Jejak) -> None:
    assert submit(running, SITI).json()["warnings"] == []
    plain = SITI | {"nik": a_nik(), "birth_date": "1990-01-01", "sex": "female"}
    newborn = {"name": "Bayi Contoh", "birth_date": "2026-11-01"}
    assert submit(running, plain, subject=newborn, district="33.74.01").json()["warnings"] == []


def test_who_has_no_nik_brings_another_document_which_is_sealed(running: Jejak) -> None:
    foreigner = SITI | {"other_document": {"kind": "kitas", "number": "2C11JE0001-T"}}
    reply = submit(running, foreigner, subject={"name": "Bayi Contoh"}, proxy=SITI | {"nik": a_nik()})
    path = f"/v1/applications/{reply.json()['application_id']}/open-dossier"
    opened = running.request("POST", path, {"purpose": "verify-identity"}, token=running.officer(LICENSING)).json()
    parts = {part["role"]: part["content"] for part in opened["items"]}
    assert parts.keys() == {"applicant", "subject", "proxy"}
    assert parts["applicant"] == foreigner
    assert parts["subject"] == {"name": "Bayi Contoh"}


def test_a_document_of_no_known_kind_is_refused(running: Jejak) -> None:
    reply = submit(running, SITI | {"other_document": {"kind": "library-card", "number": "1"}})
    assert (reply.status, reply.json()["errors"][0]["pointer"]) == (422, "/applicant/other_document/kind")


def test_an_office_finds_what_it_is_concerned_with_and_nothing_else(running: Jejak) -> None:
    nik = a_nik()
    own = submit(running, SITI | {"nik": nik}).json()["application_id"]
    referred = submit(running, SITI, proxy=SITI | {"nik": nik}).json()["application_id"]
    walk(running, referred, LICENSING, (("receive", {}), ("refer", {"to": HEALTH})))
    submit(running, SITI | {"nik": a_nik()})

    def shown(token: str) -> list[dict[str, Any]]:
        reply = find(running, nik, token)
        assert reply.status == 200, reply.body
        assert nik.encode() not in reply.body
        items: list[dict[str, Any]] = reply.json()["items"]
        return items

    both = shown(running.officer(LICENSING))
    assert [each["application_id"] for each in both] == [referred, own], "the newest first"
    assert both[1] == {"application_id": own, "service": "nib", "status": "submitted", "office": LICENSING}
    assert both == shown(running.supervisor(LICENSING))
    assert [each["application_id"] for each in shown(running.officer(HEALTH))] == [referred]
    assert shown(running.officer(MAKASSAR)) == []


def test_what_was_found_is_in_the_access_log_of_each_application_shown(running: Jejak) -> None:
    nik = a_nik()
    paper = submit(running, SITI | {"nik": nik}).json()
    find(running, nik, running.officer(LICENSING))
    find(running, nik, running.officer(MAKASSAR))
    path = f"/v1/applications/{paper['application_id']}/accesses"
    entries = running.request("GET", path, token=running.supervisor(LICENSING)).json()["items"]
    assert [(each["office"], each["role"], each["purpose"]) for each in entries] == [
        (LICENSING, "officer", "find-by-person")
    ]


def test_nobody_else_may_find_a_person(running: Jejak) -> None:
    nik = a_nik()
    paper = submit(running, SITI | {"nik": nik}).json()
    tracked = running.request("POST", "/v1/track", {"number": paper["tracking_number"], "pin": paper["pin"]})
    bearers = {
        Bearer.CITIZEN: tracked.json()["read_token"],
        Bearer.AUDITOR: running.token("--role", "auditor"),
        Bearer.OPERATOR: running.token("--role", "operator"),
        Bearer.AGENCY: running.token("--agency", OFFICES[LICENSING]),
    }
    assert {Bearer.PUBLIC, *bearers, *RIGHTS["find-by-person"]} == set(Bearer)
    assert find(running, nik, None).status == 401
    for bearer, token in bearers.items():
        assert find(running, nik, token).status == 403, bearer


def test_a_person_is_not_found_by_what_is_no_nik_or_by_one_that_nobody_has(running: Jejak) -> None:
    reply = find(running, "3374014013900001", running.officer(LICENSING))
    assert (reply.status, reply.json()["errors"][0]["pointer"]) == (422, "/nik")
    unknown = find(running, "3374010112300001", running.officer(LICENSING))
    assert unknown.json() == {"items": [], "next": None}


def test_a_person_who_was_erased_is_found_no_more(running: Jejak) -> None:
    nik = a_nik()
    application = submit(running, SITI | {"nik": nik}).json()["application_id"]
    running.command("erase", application, "--yes")
    assert find(running, nik, running.officer(LICENSING)).json()["items"] == []


@pytest.mark.parametrize("role", ["applicant", "subject", "proxy"])
@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "\u200b \u3164", "no visible character"),
        ("name", "Siti\u202ehtnoC", "direction of the text"),
        ("name", "Siti\tContoh", "control character"),
        ("phone", "81234567890", "begins with 0"),
        ("phone", "0812 halo", "has digits"),
        ("email", "siti.contoh", "name@domain"),
        ("address", "\u2067Semarang", "direction of the text"),
    ],
)
def test_a_value_about_a_person_that_cannot_be_right_is_pointed_at(
    role: str, field: str, value: str, says: str, running: Jejak
) -> None:
    persons: dict[str, Any] = {"applicant": SITI} | {role: SITI | {field: value}}
    reply = submit(running, **persons)
    assert reply.status == 422
    [error] = reply.json()["errors"]
    assert error["pointer"] == f"/{role}/{field}"
    assert says in error["detail"]
    assert value.encode() not in reply.body


def test_telephone_and_email_are_kept_in_one_form(running: Jejak) -> None:
    person = SITI | {"phone": "0812\u20133456\u20137890", "email": " siti@Example.ID"}
    reply = submit(running, person)
    path = f"/v1/applications/{reply.json()['application_id']}/open-dossier"
    opened = running.request("POST", path, {"purpose": "verify-identity"}, token=running.officer(LICENSING)).json()
    assert opened["items"][0]["content"] == SITI | {"phone": "+6281234567890", "email": "siti@example.id"}


def warned(reply: Reply) -> list[tuple[str, str]]:
    assert reply.status == 201, reply.body
    return [(each["pointer"], each["code"]) for each in reply.json()["warnings"]]


def test_an_open_application_of_the_same_person_for_the_same_service_is_a_warning(running: Jejak) -> None:
    nik = a_nik()
    key = {"Idempotency-Key": str(uuid4())}
    body = {"service": "nib", "applicant": SITI | {"nik": nik}}
    first = running.request("POST", "/v1/applications", body, token=running.officer(LICENSING), headers=key)
    assert warned(first) == []
    second = submit(running, SITI, subject=SITI | {"nik": nik})
    assert warned(second) == [("/subject/nik", "open-application")]
    number, application = first.json()["tracking_number"], first.json()["application_id"]
    assert not any(each.encode() in second.body for each in (nik, number, application))
    walk(running, second.json()["application_id"], LICENSING, (("withdraw", {}),))
    assert warned(submit(running, SITI, proxy=SITI | {"nik": nik})) == [], "a proxy may act for many"
    repeated = running.request("POST", "/v1/applications", body, token=running.officer(LICENSING), headers=key)
    assert repeated.body == first.body, "an application is no repetition of itself"
    walk(running, application, LICENSING, (("withdraw", {}),))
    assert warned(submit(running, SITI | {"nik": nik})) == []


def test_an_open_application_for_another_service_is_no_warning(running: Jejak) -> None:
    nik = a_nik()
    submit(running, SITI | {"nik": nik})
    assert warned(submit(running, SITI | {"nik": nik}, service="sip")) == []


@pytest.mark.parametrize("dash", ["-", "\u2010", "\u2013", "\u2014", "\u2212", " ", "\u00a0"])
def test_number_and_pin_are_read_as_they_are_typed(dash: str, running: Jejak) -> None:
    paper = submit(running, SITI).json()
    number, pin = paper["tracking_number"].lower(), paper["pin"]
    typed = {"number": dash.join([number[:4], number[4:8], number[8:]]), "pin": dash.join([pin[:4], pin[4:]])}
    assert running.request("POST", "/v1/track", typed).json()["application_id"] == paper["application_id"]
    form = urlencode(typed).encode()
    assert running.request("POST", "/id/track", form).status == 303
