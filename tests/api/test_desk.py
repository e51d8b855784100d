"""An office's queue over HTTP: whose it is, its order, its pages, and what of it depends on now."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from api.endpoints.desk import file_of, soon
from domain.application.events import DeclaredComplete, Recorded, Suspended
from projections.desk import DeskRow, project
from service_layer.rights import Bearer, Principal
from tests.api.installation import HEALTH, IMMIGRATION, LICENSING, MAKASSAR, catalogued
from tests.api.lives import PROCESSING, walk
from tests.builders import (
    APPLICATION,
    COMPLETE,
    INFORMATION,
    NEXT_MONDAY_AT_CLOSING,
    OFFICER,
    REGISTRY,
    SEMARANG,
    an_act,
    submitted,
)
from tests.running import Jejak, Reply

DAY = timedelta(days=1)
SUPERVISOR = Principal(bearer=Bearer.SUPERVISOR, actor=OFFICER, office=SEMARANG)


@pytest.fixture(scope="module")
def desk() -> Iterator[Jejak]:
    """An installation with five files of licensing, of which two are due, and one of immigration."""
    with catalogued() as made:
        for steps in (PROCESSING, (), PROCESSING, (), ()):
            paper = made.submit(made.officer(LICENSING), service="sip", applicant={"name": "Siti Contoh"})
            walk(made, paper["application_id"], LICENSING, steps)
        made.submit(made.officer(IMMIGRATION), service="paspor", applicant={"name": "Siti Contoh"})
        yield made


def queue(running: Jejak, token: str | None, query: str = "", **headers: str) -> Reply:
    return running.request("GET", f"/v1/desk{query}", token=token, headers=headers)


def items(running: Jejak, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = queue(running, running.supervisor(LICENSING), query).json()["items"]
    return found


def test_the_sooner_due_stands_first_and_what_has_no_date_last(desk: Jejak) -> None:
    found = items(desk)
    assert [item["due_at"] is None for item in found] == [False, False, True, True, True]
    assert [(item["due_at"] or "~", item["application_id"]) for item in found] == sorted(
        (item["due_at"] or "~", item["application_id"]) for item in found
    )
    assert {(item["service"], item["overdue"], item["paused"]) for item in found} == {("sip", False, False)}


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_page_after_page_gives_each_file_once(desk: Jejak, limit: int) -> None:
    found, query = [], f"?limit={limit}"
    while True:
        body = queue(desk, desk.supervisor(LICENSING), query).json()
        found += body["items"]
        if body["next"] is None:
            break
        query = f"?limit={limit}&after={body['next']}"
    assert found == items(desk)


def test_files_are_picked_by_status_and_by_officer(desk: Jejak) -> None:
    assert {item["status"] for item in items(desk, "?status=processing")} == {"processing"}
    assert len(items(desk, "?status=processing")) == 2
    assert items(desk, "?status=returned") == []
    assert items(desk, "?mine=true") == []


def test_a_file_that_was_given_to_an_officer_is_theirs_and_the_supervisor_sees_whose(running: Jejak) -> None:
    officer = str(uuid4())
    given = running.submit(running.officer(HEALTH), service="sip", applicant={"name": "Siti Contoh"})
    running.ask(running.supervisor(HEALTH), given["application_id"], "reassign", 1, {"officer": officer})
    theirs = running.token("--role", "officer", "--office", HEALTH, "--actor", officer)
    [mine] = queue(running, theirs, "?mine=true").json()["items"]
    assert (mine["application_id"], mine["mine"], mine["officer"]) == (given["application_id"], True, None)
    seen = queue(running, running.supervisor(HEALTH)).json()["items"]
    assert [item["officer"] for item in seen if item["application_id"] == given["application_id"]] == [officer]


def test_each_sees_the_files_of_their_own_office_alone(desk: Jejak) -> None:
    for bearer in (desk.officer, desk.supervisor):
        assert len(queue(desk, bearer(LICENSING)).json()["items"]) == 5
        assert queue(desk, bearer(MAKASSAR)).json()["items"] == []
        assert queue(desk, bearer(LICENSING), f"?office={IMMIGRATION}").status == 404
    agency = desk.token("--agency", "pemda-3374")
    assert len(queue(desk, agency, f"?office={LICENSING}").json()["items"]) == 5
    assert queue(desk, agency, f"?office={HEALTH}").json()["office"] == HEALTH
    assert queue(desk, agency, f"?office={IMMIGRATION}").status == 404
    assert (queue(desk, agency).status, queue(desk, agency).json()["errors"][0]["pointer"]) == (400, "?office")


def test_who_keeps_no_files_has_no_desk(desk: Jejak) -> None:
    assert [queue(desk, desk.token("--role", role)).status for role in ("auditor", "operator")] == [403, 403]
    assert queue(desk, None).status == 401


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "?limit"),
        ("limit=101", "?limit"),
        ("status=handed_over", "?status"),
        ("mine=yes", "?mine"),
        ("after=here", "?after"),
        ("after=9999-99-99T00:00:00.000000Z_00000000-0000-0000-0000-000000000000", "?after"),
        ("after=-_000000000000000000000000000000000000", "?after"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_with_its_place(desk: Jejak, query: str, pointer: str) -> None:
    reply = queue(desk, desk.officer(LICENSING), f"?{query}")
    assert (reply.status, reply.json()["errors"][0]["pointer"]) == (400, pointer)


def test_who_wrote_sees_it(desk: Jejak) -> None:
    paper = desk.submit(desk.officer(HEALTH), service="sip", applicant={"name": "Siti Contoh"})
    sync = desk.ask(desk.officer(HEALTH), paper["application_id"], "receive", 1, Prefer="").headers["Sync-Token"]
    seen = queue(desk, desk.officer(HEALTH), **{"Sync-Token": sync or ""}).json()["items"]
    assert [item["status"] for item in seen if item["application_id"] == paper["application_id"]] == ["received"]


def row_of(*happened: Any) -> DeskRow:
    row = None
    for version, event in enumerate(happened, 1):
        row = project(row, APPLICATION, Recorded(version=version, act=an_act(), event=event))
    assert row is not None
    return row


def judged(row: DeskRow, now: datetime) -> tuple[bool, str | None, bool]:
    item = file_of(row, SUPERVISOR, REGISTRY, now, soon(now, SEMARANG, REGISTRY))
    return item["overdue"], item["deemed_approval_at"], item["deemed_soon"]


DUE = "2026-03-16T08:00:00.000000Z"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (5 * DAY, (False, DUE, False)),  # Wednesday: two working days end on Friday
        (4.9 * DAY, (False, DUE, True)),  # after closing: Thursday counts
        (timedelta(0), (False, DUE, True)),
        (-DAY, (True, DUE, True)),
    ],
)
def test_silence_grants_soon_within_two_working_days_of_the_office(
    before: timedelta, expected: tuple[bool, str, bool]
) -> None:
    assert judged(row_of(*COMPLETE), NEXT_MONDAY_AT_CLOSING - before) == expected


def test_while_the_clock_is_paused_nothing_draws_nearer() -> None:
    paused = row_of(*COMPLETE, Suspended(ground="awaiting-payment", pauses=True))
    assert judged(paused, NEXT_MONDAY_AT_CLOSING + DAY) == (False, None, False)


def test_without_a_date_or_where_silence_says_nothing_nothing_is_granted() -> None:
    assert judged(row_of(*COMPLETE[:-1]), NEXT_MONDAY_AT_CLOSING) == (False, None, False)
    [event] = submitted(INFORMATION)
    dated = row_of(event, DeclaredComplete(promise=COMPLETE[-1].promise))  # type: ignore[union-attr] # it has one
    assert judged(dated, NEXT_MONDAY_AT_CLOSING + DAY) == (True, None, False)


def test_where_no_calendar_reaches_two_days_are_two_days() -> None:
    assert soon(datetime(2031, 1, 1, tzinfo=UTC), SEMARANG, REGISTRY) == datetime(2031, 1, 3, tzinfo=UTC)
    assert soon(datetime(2027, 12, 31, 9, tzinfo=UTC), SEMARANG, REGISTRY) == datetime(2028, 1, 2, 9, tzinfo=UTC)
