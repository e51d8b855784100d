"""Drafts of event logs in XES: transitions, persons and plans of a case."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.feeds.history.draft.telling import draft_of
from tests.feeds.history.odd_logs import as_xes

EVENT = "concept:name", "lifecycle:transition", "time:timestamp"


def event(name: str, transition: str, at: str) -> dict[str, str]:
    return dict(zip(EVENT, (name, transition, at), strict=True))


def test_starts_and_schedules_are_kept_beside_completions() -> None:
    events = [
        event("W_Check", "SCHEDULE", "2011-10-01T10:00:00+02:00"),
        event("W_Check", "START", "2011-10-01T11:00:00+02:00"),
        event("W_Check", "COMPLETE", "2011-10-02T12:00:00+02:00"),
        event("A_CANCELLED", "COMPLETE", "2011-10-03T12:00:00+02:00"),
    ]
    draft = draft_of(as_xes([({"concept:name": "1"}, events)]), "log.xes")
    assert draft.cases["1"] == [
        "submitted 2011-10-01 15:00",
        "stage-planned w-check 2011-10-01 15:00",
        "stage-entered w-check 2011-10-01 16:00",
        "stage-completed w-check 2011-10-02 17:00",
        "cancelled 2011-10-03 17:00",
    ]


def test_a_log_of_completions_alone_needs_no_transitions() -> None:
    events = [
        event("Check", word, f"2011-10-0{n}T10:00:00+02:00") for n, word in enumerate(("complete", "COMPLETE"), 1)
    ]
    draft = draft_of(as_xes([({"concept:name": "1"}, events)]), "log.xes")
    assert draft.mapping.events.lifecycle is None


@settings(max_examples=30, deadline=None)
@given(
    fact=st.sampled_from(["birthdate", "tanggal_lahir", "valid_until", "enddate_planned"]),
    years=st.lists(st.integers(1950, 2005), min_size=2, max_size=6),
)
def test_births_and_plans_of_a_case_are_no_steps(fact: str, years: list[int]) -> None:
    cases = [
        (
            {"concept:name": f"K{number}", fact: f"{year}-01-02", "startdate": "2026-03-02T00:00:00+07:00"},
            [event("Check", "complete", "2026-03-03T10:00:00+07:00")],
        )
        for number, year in enumerate(years)
    ]
    draft = draft_of(as_xes(cases), "log.xes")
    assert all(
        told == ["submitted 2026-03-02 (day)", "stage-completed check 2026-03-03 10:00"]
        for told in draft.cases.values()
    )
