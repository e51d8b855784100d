"""Links between offices: a birth needs a certificate and a family card at the civil registry, and insurance at BPJS."""

import secrets
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.api.installation import HEALTH, INSURANCE, SEMARANG
from tests.api.lives import walk
from tests.running import Jejak, Reply

MOTHER = {"name": "Siti Contoh"}
WAIT = {"Prefer": "wait=5"}


@dataclass(frozen=True, slots=True)
class Birth:
    """The receipts of the certificate, the family card and the insurance."""

    certificate: dict[str, Any]
    card: dict[str, Any]
    insurance: dict[str, Any]


def submitted(running: Jejak, service: str, office: str, applicant: dict[str, Any] = MOTHER) -> dict[str, Any]:
    return running.submit(running.officer(office), service=service, applicant=applicant)


def a_birth(running: Jejak, applicant: dict[str, Any] = MOTHER) -> Birth:
    return Birth(
        submitted(running, "akta-kelahiran", SEMARANG, applicant),
        submitted(running, "kartu-keluarga", SEMARANG, applicant),
        submitted(running, "jkn-pbpu", INSURANCE, applicant),
    )


def link(running: Jejak, office: str, *named: dict[str, Any], key: str = "") -> Reply:
    headers = {"Idempotency-Key": key or str(uuid4()), **WAIT}
    body = {"life_event": "birth", "applications": list(named)}
    return running.request("POST", "/v1/links", body, token=running.officer(office), headers=headers)


def held(paper: dict[str, Any]) -> dict[str, Any]:
    return {"application_id": paper["application_id"], "version": paper["version"]}


def shown(paper: dict[str, Any]) -> dict[str, Any]:
    return {"number": paper["tracking_number"].lower(), "pin": f"{paper['pin'][:4]}\u2013{paper['pin'][4:]}"}


def links_of(running: Jejak, paper: dict[str, Any], office: str) -> list[dict[str, Any]]:
    path = f"/v1/applications/{paper['application_id']}"
    read: list[dict[str, Any]] = running.request("GET", path, token=running.officer(office)).json()["links"]
    return read


def page(running: Jejak, paper: dict[str, Any]) -> str:
    token = running.request("POST", "/v1/track", shown(paper)).json()["read_token"]
    path = f"/en/applications/{paper['application_id']}"
    return running.request("GET", path, headers={"Cookie": f"jejak_session={token}"}).body.decode()


@pytest.mark.parametrize("by", ["pin", "qr", "qr-address"])
def test_what_the_citizen_shows_is_linked_at_once_though_another_office_holds_it(by: str, running: Jejak) -> None:
    birth, key = a_birth(running), str(uuid4())
    qr = birth.insurance["qr"]
    proof = {"pin": shown(birth.insurance), "qr": {"qr": qr.rpartition("/")[2]}, "qr-address": {"qr": qr}}[by]
    named = (held(birth.certificate), held(birth.card), proof)
    reply = link(running, SEMARANG, *named, key=key)
    assert reply.status == 200, reply.body
    done = reply.json()
    papers = (birth.certificate, birth.card, birth.insurance)
    assert [each["application_id"] for each in done["applications"]] == [each["application_id"] for each in papers]
    assert done["waiting"] == []
    assert link(running, SEMARANG, *named, key=key).body == reply.body
    certificate, card, insurance = (
        links_of(running, paper, office) for paper, office in zip(papers, (SEMARANG, SEMARANG, INSURANCE), strict=True)
    )
    assert {each[0]["link"] for each in (certificate, card, insurance)} == {done["link"]}
    assert [each[0]["supplied"] for each in (certificate, card, insurance)] == [
        [],
        ["marriage-book", "family-card"],
        ["family-card"],
    ], "each document is asked for once"
    path = f"/v1/applications/{birth.insurance['application_id']}"
    assert running.request("GET", path, token=running.officer(SEMARANG)).status == 404, "a link opens no file"


def test_a_link_repeated_is_answered_as_at_first_after_the_file_went_elsewhere(running: Jejak) -> None:
    birth, key = a_birth(running), str(uuid4())
    named = (held(birth.certificate), {"qr": birth.insurance["qr"]})
    first = link(running, SEMARANG, *named, key=key)
    assert first.status == 200, first.body
    application, body = birth.certificate["application_id"], {"to": HEALTH, "reason": "wrong_jurisdiction"}
    transferred = running.ask(running.supervisor(SEMARANG), application, "transfer", 2, body)
    assert transferred.status == 200, transferred.body
    again = link(running, SEMARANG, *named, key=key)
    assert (again.status, again.body) == (200, first.body)
    assert link(running, SEMARANG, *named).status == 404


def test_the_document_that_the_registry_asks_for_is_not_asked_for_again_by_the_insurance(running: Jejak) -> None:
    birth = a_birth(running)
    assert link(running, SEMARANG, held(birth.card), shown(birth.insurance)).status == 200
    walk(running, birth.insurance["application_id"], INSURANCE, (("receive", {}),), 2)
    body = {"complete": False, "missing": ["family-card"]}
    refused = running.ask(running.officer(INSURANCE), birth.insurance["application_id"], "check-documents", 3, body)
    assert (refused.status, refused.json()["code"]) == (409, "asked-in-linked-application")


def test_without_the_citizens_paper_the_other_office_must_accept(running: Jejak) -> None:
    nik = f"337401410190{secrets.randbelow(9999) + 1:04}"
    birth = a_birth(running, MOTHER | {"nik": nik})
    by_number = {"number": birth.insurance["tracking_number"]}
    offered = link(running, SEMARANG, held(birth.card), by_number)
    assert offered.status == 200, offered.body
    assert [each["application_id"] for each in offered.json()["applications"]] == [birth.card["application_id"]]
    assert offered.json()["waiting"] == [birth.insurance["application_id"]]
    assert links_of(running, birth.insurance, INSURANCE) == []
    assert "health insurance" not in page(running, birth.card), "nothing shows before the other office accepts"
    assert "Not yet confirmed by the other office: 1 application." in page(running, birth.card)
    accepted = link(running, INSURANCE, held(birth.insurance), {"number": birth.card["tracking_number"]})
    assert accepted.status == 200, accepted.body
    assert accepted.json()["link"] == offered.json()["link"]
    assert [each["application_id"] for each in accepted.json()["applications"]] == [birth.insurance["application_id"]]
    assert accepted.json()["waiting"] == []
    assert links_of(running, birth.insurance, INSURANCE)[0]["supplied"] == ["family-card"]
    assert links_of(running, birth.card, SEMARANG)[0]["supplied"] == []
    again = link(running, SEMARANG, held({**birth.card, "version": 2}), by_number)
    assert (again.status, again.json()["code"]) == (409, "already-linked")


def test_an_offer_is_completed_by_the_citizens_paper(running: Jejak) -> None:
    birth = a_birth(running, MOTHER | {"nik": f"337401410190{secrets.randbelow(9999) + 1:04}"})
    offered = link(running, SEMARANG, held(birth.card), {"number": birth.insurance["tracking_number"]})
    completed = link(running, SEMARANG, held(birth.card), shown(birth.insurance))
    assert completed.status == 200, completed.body
    assert completed.json()["link"] == offered.json()["link"]
    assert [each["application_id"] for each in completed.json()["applications"]] == [birth.insurance["application_id"]]


def test_another_persons_application_cannot_be_named_without_the_paper(running: Jejak) -> None:
    birth = a_birth(running)  # without a NIK, nothing says that it is the same person
    number = {"number": birth.insurance["tracking_number"]}
    by_id = {"application_id": birth.insurance["application_id"]}
    nobodys = {"application_id": str(uuid4())}
    replies = [link(running, SEMARANG, held(birth.card), other) for other in (number, by_id, nobodys)]
    assert [reply.status for reply in replies] == [404] * 3
    assert len({reply.json()["code"] for reply in replies}) == 1
    assert links_of(running, birth.card, SEMARANG) == []


def test_who_holds_no_side_links_nothing_even_with_all_papers(running: Jejak) -> None:
    birth = a_birth(running)
    assert link(running, HEALTH, shown(birth.card), shown(birth.insurance)).status == 404


def test_a_wrong_pin_links_nothing(running: Jejak) -> None:
    birth = a_birth(running)
    wrong = shown(birth.insurance) | {"pin": f"{(int(birth.insurance['pin']) + 1) % 10**8:08}"}
    assert link(running, SEMARANG, held(birth.card), wrong).status == 403
    assert link(running, SEMARANG, held(birth.card), {"qr": "A" * 32}).json()["errors"][0]["pointer"] == (
        "/applications/1/qr"
    )


@pytest.mark.parametrize(
    ("named", "pointer"),
    [
        ({}, "/applications/1"),
        ({"number": "01K2M9XD4TB5", "application_id": str(uuid4())}, "/applications/1"),
        ({"application_id": str(uuid4()), "pin": "51658548"}, "/applications/1/pin"),
        ({"number": "01K2M9XD4TB6", "pin": "51658548"}, "/applications/1/number"),
    ],
)
def test_a_name_that_is_none_is_pointed_at(named: dict[str, Any], pointer: str, running: Jejak) -> None:
    card = submitted(running, "kartu-keluarga", SEMARANG)
    reply = link(running, SEMARANG, held(card), named)
    assert reply.status == 422
    assert [error["pointer"] for error in reply.json()["errors"]] == [pointer]
    assert not any(str(value).encode() in reply.body for value in named.values())


def test_the_page_shows_linked_applications_and_leads_to_them(running: Jejak) -> None:
    birth = a_birth(running)
    assert link(running, SEMARANG, held(birth.certificate), shown(birth.insurance)).status == 200
    text = page(running, birth.certificate)
    path = f"/en/applications/{birth.insurance['application_id']}"
    service = "Activation of national health insurance for the self-employed"
    assert f'<dt><a href="{path}">{service}</a></dt><dd>submitted, not yet received by the office</dd>' in text
    assert birth.insurance["tracking_number"] not in text.replace("-", "")
    assert "To open one of them, use the number and the PIN of its own receipt." in text
    other = running.request("GET", path)
    assert (other.status, other.headers["Location"]) == (303, "/en/")
