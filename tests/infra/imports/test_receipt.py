"""The receipt log of a Dutch municipality: all of it is here, at its time and in its place, by an independent count."""

import json
import random
from collections import Counter
from typing import Any

import psycopg
import pytest

from infra import catalogue
from infra.postgres.packing import unpack
from tests.infra.imports.bringing import stored
from tests.infra.imports.conftest import Imported
from tests.infra.imports.reading import OFFICES, Entry, Fact, by_department, facts_of

ENTRIES = """
SELECT originator_id::text, state->>'at', topic, coalesce(state->'data'->>'stage', ''), state->>'at_quality',
       state->>'office', state->>'channel', state->'data'->'promise'->>'due_at', originator_version
FROM events WHERE topic LIKE 'application.%' ORDER BY originator_id, originator_version
"""
TRUTH = {"General": (1_390, 105, 370), "Customer contact": (29, 0, 1), "Experts": (15, 0, 6)}
"""Cases, never ended, late: as published with the data."""
ASKED_OVER_HTTP = 50


@pytest.fixture(scope="module")
def facts(receipt: Imported) -> list[Fact]:
    return facts_of(receipt.file)


def stored_entries(conninfo: str) -> dict[str, list[Entry]]:
    """By application, in the order of the stream."""
    found: dict[str, list[Entry]] = {}
    with psycopg.connect(conninfo) as connection:
        for key, at, topic, stage, quality, office, channel, _, version in connection.execute(ENTRIES):
            entries = found.setdefault(key, [])
            entries.append((at, _kind(topic), stage, quality, office, channel))
            assert version == len(entries)
    return found


def _kind(topic: str) -> str:
    return topic.removeprefix("application.").removesuffix(".v1")


def shown(timeline: list[dict[str, Any]]) -> tuple[Entry, ...]:
    return tuple(
        (e["at"], e["event"], e["data"].get("stage", ""), e["at_quality"], e["office"], e["channel"]) for e in timeline
    )


def rows(conninfo: str) -> dict[str, dict[str, Any]]:
    with psycopg.connect(conninfo) as connection:
        found = connection.execute("SELECT application_id::text, body FROM views.progress")
        return {key: json.loads(unpack(body)) for key, body in found}


def test_everything_is_brought_in_and_nothing_refused(receipt: Imported) -> None:
    assert receipt.first == {
        "applications": 1_434,
        "events": 11_340,
        "new_events": 11_340,
        "duplicates": 0,
        "rejected": 0,
        "first": "2010-09-30T22:00:00.020000Z",
        "last": "2012-01-23T14:42:54.644000Z",
    }


def test_the_source_has_what_we_say_it_has(facts: list[Fact]) -> None:
    kinds = Counter(entry[1] for fact in facts for entry in fact.entries)
    assert kinds["submitted"] == len(facts) == 1_434
    assert kinds["concluded"] == 1_329
    assert kinds.total() == 1_434 + 8_577 + 1_329
    assert (kinds["received"], kinds["referred"], kinds["referral-answered"]) == (1_434, 18, 21)


def test_a_second_run_adds_nothing(receipt: Imported) -> None:
    assert receipt.second == {**receipt.first, "new_events": 0, "duplicates": 11_340}
    offices_and_the_service = 5
    basics = len(list(catalogue.basics()))  # regions and calendars, which `serve` publishes
    assert stored(receipt.conninfo) == 11_340 + offices_and_the_service + basics


def test_every_event_stands_at_its_time_and_in_its_place(receipt: Imported, facts: list[Fact]) -> None:
    expected = {fact.entries for fact in facts}
    assert len(expected) == 1_434  # no two cases are alike, so equal sets mean case by case
    assert {tuple(entries) for entries in stored_entries(receipt.conninfo).values()} == expected


def test_the_source_s_own_deadline_is_the_promise(receipt: Imported, facts: list[Fact]) -> None:
    with psycopg.connect(receipt.conninfo) as connection:
        promised = Counter((row[1], row[7]) for row in connection.execute(ENTRIES) if row[8] == 1)
    assert promised == Counter((fact.entries[0][0], fact.due_at) for fact in facts)


def test_every_timeline_agrees_with_the_file(receipt: Imported, facts: list[Fact]) -> None:
    timelines = {shown(row["timeline"]) for row in rows(receipt.conninfo).values()}
    assert timelines == {fact.timeline for fact in facts}


@pytest.mark.parametrize(
    "asked", [ASKED_OVER_HTTP, pytest.param(None, marks=[pytest.mark.prove, pytest.mark.timeout(600)])]
)
def test_a_timeline_read_over_http_agrees_with_the_file(
    receipt: Imported, facts: list[Fact], asked: int | None
) -> None:
    running = receipt.running
    auditor = running.token("--role", "auditor")
    application = {tuple(entries): key for key, entries in stored_entries(receipt.conninfo).items()}
    for fact in random.sample(facts, asked) if asked else facts:
        path = f"/v1/applications/{application[fact.entries]}/timeline"
        answer = running.request("GET", path, token=auditor)
        assert answer.status == 200, fact.case
        assert shown(answer.json()["items"]) == fact.timeline, fact.case


def test_late_and_open_by_department_are_as_the_file_says(receipt: Imported, facts: list[Fact]) -> None:
    assert by_department(facts) == TRUTH
    cases: Counter[str] = Counter()
    never_ended: Counter[str] = Counter()
    late: Counter[str] = Counter()
    due: dict[str, str] = {}
    ended: dict[str, str] = {}
    office_of: dict[str, str] = {}
    with psycopg.connect(receipt.conninfo) as connection:
        for key, at, topic, _, _, office, _, due_at, _ in connection.execute(ENTRIES):
            office_of[key] = office
            if _kind(topic) == "submitted":
                due[key] = due_at
            if _kind(topic) == "concluded":
                ended[key] = at
    for key, office in office_of.items():
        cases[office] += 1
        never_ended[office] += key not in ended
        late[office] += key in ended and ended[key] > due[key]
    counted = {name: (cases[code], never_ended[code], late[code]) for name, code in OFFICES.items()}
    assert counted == TRUTH


def test_what_the_procedure_would_have_refused_is_stored_and_marked(receipt: Imported) -> None:
    with psycopg.connect(receipt.conninfo) as connection:
        marked = connection.execute("SELECT count(*) FROM events WHERE state->'data' ? 'deviates'").fetchone()
        after_the_end = connection.execute(
            "SELECT count(DISTINCT later.originator_id) FROM events AS ended JOIN events AS later USING (originator_id)"
            " WHERE ended.topic = 'application.concluded.v1' AND later.originator_version > ended.originator_version"
            " AND NOT later.state->'data' ? 'deviates'"
        ).fetchone()
    assert marked is not None
    assert marked[0] > 0
    assert after_the_end == (0,)


def test_fsck_finds_nothing_wrong(receipt: Imported) -> None:
    assert json.loads(receipt.running.command("fsck", "--json").stdout) == {"faults": []}


def test_the_statistics_count_by_department_what_the_raw_log_says(receipt: Imported, facts: list[Fact]) -> None:
    """The exact figures, as the auditor reads them; the public's say no less coarsely what they may."""
    auditor = receipt.running.token("--role", "auditor")
    body = receipt.running.request("GET", "/v1/statistics/exact", token=auditor).json()
    counted = {line["key"]: (line["submitted"], line["open"], line["late"]) for line in body["tables"]["office"]}
    assert by_department(facts) == TRUTH
    assert {name: counted[office] for name, office in OFFICES.items()} == TRUTH
    public = receipt.running.request("GET", "/v1/statistics").json()
    coarse = {line["key"]: (line["submitted"], line["open"], line["late"]) for line in public["tables"]["office"]}
    assert [coarse[office] for office in OFFICES.values()] == [
        (1_390, 100, 370),
        (20, "<10", "<10"),
        (10, "<10", "<10"),
    ]
