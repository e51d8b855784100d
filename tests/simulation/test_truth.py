"""The truth of a plan: what was meant of each application, and sums that anyone can do again by hand."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import product
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.figures import COUNTS, Figures
from projections.figures import TABLES as TABLES_SHOWN
from simulation.sums import DECISIONS, OUTCOMES, SILENCE, TABLES, MeantFact, figures, quantile, rounded, statistics
from simulation.truth import truth
from tests.simulation.plans import a_plan, a_season, country

START = datetime(2026, 3, 9, 3, tzinfo=UTC)
AS_OF = START + timedelta(days=10)
OFFICES_IN_THE_MALL = {counter.office for counter in country().malls["mpp-3374-01"].counters}


def a_fact(
    *, answered: float | None = None, due: float | None = None, outcome: str = "granted", service: str = "nib"
) -> MeantFact:
    """Submitted at the start; the rest in days after it."""
    return MeantFact(
        ordinal=0,
        service=service,
        office="pemda-3374-dpmptsp",
        channel="counter",
        month="2026-03",
        submitted_at=START,
        complete_at=None,
        due_at=None if due is None else START + timedelta(days=due),
        answered_at=None if answered is None else START + timedelta(days=answered),
        ended_at=None,
        status="handed_over",
        outcome=None if answered is None else outcome,
        returns=0,
        answer_known_at=None if answered is None else START + timedelta(days=answered),
    )


ON_TIME, LATE, UNPROMISED = a_fact(answered=1, due=1), a_fact(answered=3, due=2), a_fact(answered=2)
WAITING, OVERDUE = a_fact(due=11), a_fact(due=9)


def test_an_answer_is_on_time_until_the_very_instant_it_was_promised_for() -> None:
    assert (ON_TIME.judged, LATE.judged, UNPROMISED.judged, WAITING.judged) == (
        "on_time",
        "late",
        "without_deadline",
        "",
    )


def test_silence_keeps_no_promise() -> None:
    assert replace(ON_TIME, outcome=SILENCE).judged == "late"


def test_a_decision_that_was_reported_too_late_is_late() -> None:
    backdated = replace(ON_TIME, reported_late=True)
    assert backdated.judged == "late"
    shown = figures([ON_TIME, backdated, LATE, UNPROMISED], AS_OF)
    assert (shown["on_time"], shown["late"], shown["reported_late"], shown["reported_late_percent"]) == (1, 2, 1, 33.3)


def test_what_is_known_later_than_it_was_due_is_late_by_the_record() -> None:
    known_late = replace(ON_TIME, answer_known_at=START + timedelta(days=2))
    assert (known_late.judged, known_late.judged_by_record) == ("on_time", "late")


def test_a_paused_application_is_overdue_only_if_it_was_when_the_pause_began() -> None:
    for paused, expected in ((8.0, False), (9.0, False), (9.5, True), (None, True)):
        since = None if paused is None else START + timedelta(days=paused)
        assert replace(OVERDUE, paused_since=since).overdue(AS_OF) is expected


def test_figures_count_days_and_shares() -> None:
    shown = figures([ON_TIME, LATE, UNPROMISED, WAITING, OVERDUE], AS_OF)
    assert (shown["submitted"], shown["open"], shown["overdue"], shown["answered"]) == (5, 2, 1, 3)
    assert (shown["on_time"], shown["late"], shown["without_deadline"]) == (1, 1, 1)
    assert (shown["on_time_percent"], shown["days_median"], shown["days_p90"]) == (50.0, 2.0, 2.8)
    assert shown["open_age_days_median"] == 10.0


def test_what_cannot_be_measured_is_none() -> None:
    shown = figures([], AS_OF)
    assert {shown[name] for name in shown if name not in COUNTS} == {None}
    assert {shown[name] for name in COUNTS} == {0}


def test_they_have_the_shape_of_the_figures_that_are_shown() -> None:
    assert set(figures([], AS_OF)) == {field.name for field in fields(Figures)}
    assert TABLES == TABLES_SHOWN


@pytest.mark.parametrize(("value", "step", "expected"), [(Fraction(5, 4), "0.1", 1.3), (Fraction(1, 3), "0.01", 0.33)])
def test_halves_are_rounded_up(value: Fraction, step: str, expected: float) -> None:
    assert rounded(value, step) == expected


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=30))
def test_the_median_is_that_of_the_library(hours: list[int]) -> None:
    spans = sorted(timedelta(hours=h) for h in hours)
    assert quantile(spans, Fraction(1, 2)) == pytest.approx(median(hours) / 24, abs=0.0051)


@pytest.mark.parametrize("with_sample", [False, True])
def test_a_truth_holds_the_plans_numbers_each_application_and_the_sums(*, with_sample: bool) -> None:
    first, *applications, last = truth(a_plan(25, days=20, with_sample=with_sample))
    assert first == {"simulation": {"seed": 1, "days": 20, "applications": 25, "until": "2026-11-25"}}
    assert [one["ordinal"] for one in applications] == list(range(25))
    assert last["statistics"]["as_of"] == "2026-11-24T17:00:00.000000Z"
    assert last["statistics"]["total"]["submitted"] == 25


def test_each_link_counts_once_and_is_told_by_all_its_applications() -> None:
    *applications, last = list(truth(a_season()))[1:]
    linked = {one["ordinal"]: one["linked"] for one in applications if one["linked"]}
    families = {tuple(sorted((ordinal, *others))) for ordinal, others in linked.items()}
    assert last["links"] == len(families) > 0
    assert sum(map(len, families)) == len(linked) == sum("linked" in kinds(one) for one in applications)


def test_no_number_and_no_id_is_told() -> None:
    told = [event["data"] for one in list(truth(a_season()))[1:-1] for event in one["events"]]
    assert all({"number", "officer", "link", "others"}.isdisjoint(data) for data in told)


def test_the_sums_add_up() -> None:
    shown = list(truth(a_season()))[-1]["statistics"]
    everywhere = [line for table in shown["tables"].values() for line in table.values()]
    for figures_of in (shown["total"], *everywhere):
        assert figures_of["answered"] == sum(figures_of[outcome] for outcome in OUTCOMES)
        assert figures_of["decided"] == sum(figures_of[outcome] for outcome in DECISIONS)
    at_offices = shown["tables"]["office"].values()
    for figures_of in (line for line in (shown["total"], *everywhere) if line not in at_offices):
        assert figures_of["submitted"] == figures_of["open"] + figures_of["answered"]
        assert figures_of["decided"] == figures_of["on_time"] + figures_of["late"] + figures_of["without_deadline"]
    for table, lines in shown["tables"].items():
        for name in COUNTS:
            added = sum(line[name] for line in lines.values())
            assert added == shown["total"][name] if table != "mall" else 0 <= added <= shown["total"][name]


def test_who_comes_to_the_counter_of_an_office_in_the_mall_is_counted_in_the_mall() -> None:
    for one in list(truth(a_season()))[1:-1]:
        first = one["events"][0]
        at_a_counter = first["channel"] == "counter" and first["office"] in OFFICES_IN_THE_MALL
        assert one["mall"] == first["data"].get("mall") == ("mpp-3374-01" if at_a_counter else None)
    told = [event for one in list(truth(a_season()))[1:-1] for event in one["events"]]
    assert any("mall" in event["data"] for event in told if event["topic"] == "application.handed-over.v1")


def test_each_application_agrees_with_its_own_events() -> None:
    for one in list(truth(a_season()))[1:-1]:
        topics = [event["topic"].split(".")[1] for event in one["events"]]
        assert [event["version"] for event in one["events"]] == list(range(1, len(topics) + 1))
        assert one["submitted_at"] == one["events"][0]["at"]
        assert one["returns"] == topics.count("returned-for-correction")
        assert (one["answered_at"] is None) == (one["outcome"] is None)
        if "declared-complete" in topics:
            assert one["complete_at"] == one["events"][topics.index("declared-complete")]["at"]
        promises = [event["data"]["promise"]["due_at"] for event in one["events"] if "promise" in event["data"]]
        assert one["due_at"] == (promises[-1] if promises else None)


def test_what_silence_granted_was_answered_when_it_was_due() -> None:
    silent = [one for one in list(truth(a_season()))[1:-1] if "deemed-approved" in kinds(one)]
    assert silent
    for one in silent:
        assert (one["answered_at"], one["outcome"]) == (one["due_at"], SILENCE)


def test_what_is_counted_at_least_once_is_in_the_events() -> None:
    applications, sums = list(truth(a_season()))[1:-1], list(truth(a_season()))[-1]["statistics"]["total"]
    assert sums["obstructed"] == sum("obstacle-reported" in kinds(one) for one in applications) > 0
    assert sums["restarted"] == sum("reopened" in kinds(one) for one in applications) > 0
    assert sums["deemed_approved"] == sum("deemed-approved" in kinds(one) for one in applications) > 0
    assert (
        sums["paused"] == sum(any(e["data"].get("pauses") is True for e in one["events"]) for one in applications) > 0
    )
    assert 0 < sums["returned_last_minute"] <= sums["returned"]


def test_an_end_that_was_disputed_and_undone_is_none() -> None:
    for one in list(truth(a_season()))[1:-1]:
        if "reopened" in kinds(one):
            again = kinds(one).index("reopened")
            assert one["answered_at"] < one["events"][again]["at"]
            assert one["ended_at"] is None or one["ended_at"] > one["events"][again]["at"]


def kinds(one: dict[str, Any]) -> list[str]:
    return [event["topic"].split(".")[1] for event in one["events"]]


def test_the_office_is_that_of_who_holds_it_in_the_end() -> None:
    transferred = [
        life for life in a_season().lives() if "Transfer" in {type(step.command).__name__ for step in life.steps}
    ]
    by_ordinal: dict[int, Any] = {one["ordinal"]: one for one in list(truth(a_season()))[1:-1]}
    assert transferred
    for life in transferred:
        one = by_ordinal[life.arrival.ordinal]
        assert (one["submitted_office"], one["office"]) == (life.arrival.office, life.application.office)


def test_files_are_handed_on_also_late_and_to_offices_that_the_service_does_not_list() -> None:
    told = [event for one in list(truth(a_season()))[1:-1] for event in one["events"]]
    moved = [event["data"] for event in told if event["topic"] == "application.transferred.v1"]
    assert {("promise" in data, data.get("unlisted", False)) for data in moved} == set(product((False, True), repeat=2))
    assert all("reason" in data for data in moved if data.get("unlisted"))


def test_what_was_handed_on_counts_where_each_thing_happened() -> None:
    places = {"submitted": "office-a", "answered": "office-b", "due": "office-a", "handed_over": "office-c"}
    late = replace(LATE, office="office-c", places=places, handed_over_at=START + timedelta(days=4))
    lines = statistics([late], AS_OF)["tables"]["office"]
    assert {
        key: {
            name
            for name in ("submitted", "open", "answered", "decided", "late", "granted", "handed_over")
            if line[name]
        }
        for key, line in lines.items()
    } == {
        "office-a": {"submitted", "late"},
        "office-b": {"answered", "decided", "granted"},
        "office-c": {"handed_over"},
    }


def test_what_ended_without_a_decision_is_neither_on_time_nor_late() -> None:
    shown = figures(
        [ON_TIME, UNPROMISED, replace(ON_TIME, outcome="withdrawn"), replace(LATE, outcome="lapsed")], AS_OF
    )
    assert (shown["answered"], shown["decided"], shown["on_time"], shown["late"]) == (4, 2, 1, 0)
    assert (shown["on_time_percent"], shown["without_deadline_percent"]) == (100.0, 50.0)


def test_at_an_earlier_time_less_had_happened() -> None:
    last = list(truth(a_season()))[-1]
    total, earlier = last["statistics"]["total"], last["earlier"]["total"]
    assert last["earlier"]["as_of"] < last["statistics"]["as_of"]
    for name in ("submitted", "answered", "decided", "handed_over", "returned", "paused"):
        assert 0 < earlier[name] < total[name]
    assert earlier["submitted"] == earlier["open"] + earlier["answered"]


def test_statistics_group_by_what_they_say() -> None:
    other = replace(ON_TIME, service="sip", month="2026-04")
    tables = statistics([ON_TIME, other], AS_OF)["tables"]
    assert list(tables["service"]) == ["nib", "sip"]
    assert {key: line["submitted"] for key, line in tables["month"].items()} == {"2026-03": 1, "2026-04": 1}
