"""Whom an event concerns, and how much of it an agency sees."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings

from domain.application.events import (
    ApplicationEvent,
    Approved,
    Reassigned,
    Received,
    RecordAmended,
    Recorded,
    ReferralAnswered,
    Referred,
    Rejected,
    Reopened,
    StageEntered,
    Submitted,
    Transferred,
)
from domain.application.incident_events import PaymentReceived, PaymentRequested
from domain.application.promise_events import DeadlineExtended
from domain.codes import Advice, Amendment, RejectionReason, Remedy, Role
from domain.json_values import data_of, instant
from projections import desk, file_facts, progress
from projections.routing import Agencies, Agency, Capacity, Concern, Share, capacities, facts, shares, so_far
from tests.builders import (
    APPLICATION,
    COMPLETE,
    KTP,
    MAKASSAR,
    MONDAY,
    NUMBER,
    OFFICER,
    PROMISE,
    REJECTED,
    SEMARANG,
    SORONG,
    SUSPENDED,
    TUESDAY,
    an_act,
    stage_done,
)
from tests.domain import arbitrary

OFFICES = {SEMARANG: "semarang", MAKASSAR: "makassar", SORONG: "sorong"}
AGENCIES = Agencies(
    feeds={
        "semarang": Agency(code="semarang"),
        "makassar": Agency(code="makassar"),
        "ministry": Agency(code="ministry", owns={KTP: None}),
    },
    offices=OFFICES,
)
SUBMITTED = Submitted(service=KTP, standard=3, number=NUMBER, district="33.74.01")


def recorded(*events: ApplicationEvent) -> list[Recorded]:
    return [
        Recorded(
            version=version, act=an_act(office=SEMARANG), event=event, recorded_at=MONDAY + timedelta(hours=version)
        )
        for version, event in enumerate(events, 1)
    ]


def told(happened: list[Recorded], agencies: Agencies = AGENCIES) -> list[dict[str, tuple[Capacity, int]]]:
    """Of each event: who is told, as what, after which version."""
    concern, found = Concern(), []
    for one in happened:
        given, concern = shares(concern, one, agencies)
        found.append({share.agency: (share.capacity, share.previous) for share in given})
    return found


def test_the_holder_and_the_owner_of_the_service_are_told_of_everything() -> None:
    assert told(recorded(SUBMITTED, Received(), Approved())) == [
        {"semarang": (Capacity.HOLDER, n), "ministry": (Capacity.OWNER, n)} for n in (0, 1, 2)
    ]


def test_both_holders_are_told_of_a_transfer_and_the_new_one_alone_of_what_follows() -> None:
    _, transferred, received = told(recorded(SUBMITTED, Transferred(to=MAKASSAR), Received()))
    assert transferred["semarang"] == (Capacity.HOLDER, 1)
    assert transferred["makassar"] == (Capacity.HOLDER, 0)
    assert "semarang" not in received
    assert received["makassar"] == (Capacity.HOLDER, 2)


def test_who_is_asked_for_advice_is_told_of_that_and_of_the_answer() -> None:
    found = told(
        recorded(
            SUBMITTED,
            Referred(referral=1, to=MAKASSAR),
            Received(),
            ReferralAnswered(referral=1, advice=Advice.FAVOURABLE),
            Rejected(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION),
        )
    )
    assert [one.get("makassar") for one in found] == [None, (Capacity.ASKED, 0), None, (Capacity.ASKED, 2), None]


def test_who_is_still_asked_is_told_that_nobody_waits_any_more() -> None:
    rejected = Rejected(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION)
    found = told(recorded(SUBMITTED, Referred(referral=1, to=MAKASSAR), rejected))
    assert found[2]["makassar"] == (Capacity.ASKED, 2)


def test_the_answer_of_one_referral_is_not_told_to_who_was_asked_in_another() -> None:
    found = told(
        recorded(
            SUBMITTED,
            Referred(referral=1, to=MAKASSAR),
            Referred(referral=2, to=SORONG),
            ReferralAnswered(referral=2, advice=Advice.UNFAVOURABLE),
        )
    )
    assert [one.get("makassar") for one in found[2:]] == [None, None]


def test_an_office_whose_agency_has_no_feed_is_told_nothing() -> None:
    assert told(recorded(SUBMITTED, Transferred(to=SORONG)))[1].keys() == {"semarang", "ministry"}


def test_what_was_recorded_before_an_agency_began_is_not_in_its_feed() -> None:
    second = MONDAY + timedelta(hours=2)
    late = replace(
        AGENCIES,
        feeds={
            "semarang": Agency(code="semarang", since=second),
            "ministry": Agency(code="ministry", owns={KTP: second}),
        },
    )
    assert told(recorded(SUBMITTED, Received()), late) == [
        {},
        {"semarang": (Capacity.HOLDER, 0), "ministry": (Capacity.OWNER, 0)},
    ]
    unknown = [replace(one, recorded_at=None) for one in recorded(SUBMITTED)]
    assert told(unknown, late) == [{}]


def test_each_sees_what_its_part_needs() -> None:
    seen = {capacity: facts(SUBMITTED, capacity).keys() for capacity in Capacity}
    assert seen == {
        Capacity.HOLDER: {"service", "standard", "number", "district"},
        Capacity.OWNER: {"service", "standard"},
        Capacity.ASKED: set(),
    }
    assert facts(Referred(referral=1, to=MAKASSAR), Capacity.ASKED) == {"referral": 1, "to": MAKASSAR}


def test_who_was_asked_is_told_of_few_events() -> None:
    assert capacities(Referred) == (Capacity.HOLDER, Capacity.OWNER, Capacity.ASKED)
    assert capacities(Received) == (Capacity.HOLDER, Capacity.OWNER)


def test_nobody_sees_who_acts() -> None:
    assert [facts(Reassigned(officer=OFFICER), capacity) for capacity in Capacity] == [{}, {}, {}]


# The state of the file, for an agency that does not know the earlier events

AT = instant(MONDAY)
LEVY = PaymentRequested(payment=1, amount_idr=50_000, pauses=True, tariff_idr=50_000)
WORKED_ON = (
    *(replace(SUBMITTED, district="33.74.01"), *COMPLETE[1:]),
    *stage_done("verification"),
    StageEntered(stage="assessment"),
    LEVY,
)
"""A file with a promise, a stage that is done, a stage that goes on, and a payment that pauses the clock."""
STATE = {
    "number": NUMBER,
    "district": "33.74.01",
    "submitted_at": AT,
    "complete_at": AT,
    "promise": data_of(PROMISE),
    "extensions": [],
    "pausing": ["payment-1"],
    "paused_since": AT,
    "stages": [
        {"stage": "verification", "office": SEMARANG, "entered_at": AT, "completed_at": AT},
        {"stage": "assessment", "office": SEMARANG, "entered_at": AT},
    ],
    "payments": [
        {
            "payment": 1,
            "amount_idr": 50_000,
            "tariff_idr": 50_000,
            "requested_at": AT,
            "open_idr": 50_000,
            "excess_idr": 0,
            "refund_idr": 0,
        }
    ],
}


def begun(happened: list[Recorded], agencies: Agencies = AGENCIES) -> list[dict[str, Any]]:
    """Of each event: who gets the state of the file with this event, and which state."""
    return [
        {share.agency: so_far(concern, share.capacity) for share in given if share.begins}
        for given, concern in routed(happened, agencies)
    ]


def routed(happened: list[Recorded], agencies: Agencies = AGENCIES) -> list[tuple[list[Share], Concern]]:
    concern, found = Concern(), []
    for one in happened:
        given, concern = shares(concern, one, agencies)
        found.append((given, concern))
    return found


def without(state: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name not in names}


def test_given_a_file_when_it_is_transferred_then_the_new_holder_gets_its_state() -> None:
    *before, transferred, after = begun(recorded(*WORKED_ON, Transferred(to=MAKASSAR), Received()))
    assert before == [{}] * len(WORKED_ON)
    assert transferred == {"makassar": STATE}
    assert after == {}


def test_given_a_file_when_a_supervisor_transfers_it_then_the_new_holder_gets_its_state() -> None:
    happened = recorded(*WORKED_ON, Transferred(to=MAKASSAR))
    happened[-1] = replace(happened[-1], act=an_act(by=Role.SUPERVISOR))
    assert begun(happened)[-1] == {"makassar": STATE}


def test_given_a_file_when_advice_is_asked_then_the_asked_office_gets_the_promise_and_no_more() -> None:
    answered = ReferralAnswered(referral=1, advice=Advice.FAVOURABLE)
    again = Referred(referral=2, to=MAKASSAR)
    *_, referred, answer, second = begun(recorded(*WORKED_ON, Referred(referral=1, to=MAKASSAR), answered, again))
    asked = {name: STATE[name] for name in ("submitted_at", "complete_at", "promise", "paused_since")}
    assert referred == {"makassar": asked}
    assert answer == {}
    assert second == {"makassar": asked}


def test_given_a_file_when_a_new_owner_gets_its_first_event_then_with_what_an_owner_sees() -> None:
    begins = MONDAY + timedelta(hours=len(WORKED_ON) + 1)
    new = Agencies(feeds={"ministry": Agency(code="ministry", owns={KTP: begins})})
    *before, first, second = begun(recorded(*WORKED_ON, Received(), Received()), new)
    assert before == [{}] * len(WORKED_ON)
    assert first == {"ministry": without(STATE, "number", "district")}
    assert second == {}


def test_an_owner_that_becomes_the_holder_gets_what_an_owner_does_not_see() -> None:
    both = replace(AGENCIES, feeds={"makassar": Agency(code="makassar", owns={KTP: None})})
    *_, transferred, back = begun(recorded(*WORKED_ON, Transferred(to=MAKASSAR), Transferred(to=SEMARANG)), both)
    assert transferred == {"makassar": STATE}
    assert back == {}


def test_an_earlier_holder_gets_the_state_again_if_it_missed_an_event() -> None:
    away, back = Transferred(to=MAKASSAR), Transferred(to=SEMARANG)
    assert begun(recorded(*WORKED_ON, away, back))[-1] == {}
    missed = begun(recorded(*WORKED_ON, away, *stage_done("assessment"), back))[-1]
    assert missed.keys() == {"semarang"}


def test_an_agency_that_sees_an_application_from_its_submission_on_gets_no_state() -> None:
    assert begun(recorded(*WORKED_ON)) == [{}] * len(WORKED_ON)


def test_the_state_has_the_times_as_corrected_the_extensions_and_no_stage_that_was_taken_back() -> None:
    complete = 4
    happened = recorded(
        *COMPLETE,
        *stage_done("printing"),
        DeadlineExtended(extension="technical-study", promise=PROMISE),
        replace(LEVY, pauses=False),
        PaymentReceived(payment=1, amount_idr=50_000),
        *(RecordAmended(amends=amends, amendment=Amendment.TIME, corrected_at=TUESDAY) for amends in (complete, 8, 9)),
        RecordAmended(amends=1, amendment=Amendment.ENTERED_IN_ERROR),
        Reopened(redo=("printing",)),
        Transferred(to=MAKASSAR),
    )
    state = begun(happened)[-1]["makassar"]
    corrected = instant(TUESDAY)
    assert (state["submitted_at"], state["complete_at"]) == (AT, corrected)
    assert state["extensions"] == ["technical-study"]
    assert state["stages"] == []
    [payment] = state["payments"]
    assert (payment["requested_at"], payment["received_at"]) == (corrected, corrected)
    assert (payment["received_idr"], payment["open_idr"]) == (50_000, 0)


def test_of_a_decided_file_no_pause_is_told_and_no_due_date() -> None:
    decided = (*SUSPENDED, REJECTED[-1])
    state = begun(recorded(*decided, Transferred(to=MAKASSAR)))[-1]["makassar"]
    assert state["pausing"] == []
    assert "paused_since" not in state
    assert [file_facts.due_facts(concern.file) for _, concern in routed(recorded(*decided))][-3:] == [
        {"paused": False, "due_at": instant(PROMISE.due_at)},
        {"paused": True, "due_at": instant(PROMISE.due_at), "paused_since": AT},
        {"paused": False},
    ]


SOME_YET_TO_BEGIN = replace(
    AGENCIES,
    feeds={
        **AGENCIES.feeds,
        "sorong": Agency(code="sorong", since=MONDAY + timedelta(hours=20)),
        "newcomer": Agency(code="newcomer", owns={KTP: MONDAY + timedelta(hours=20)}),
    },
)
SEES = {
    Capacity.HOLDER: set(STATE) | {"regency"},
    Capacity.OWNER: set(STATE) - {"number", "district"},
    Capacity.ASKED: {"submitted_at", "complete_at", "promise", "paused_since"},
}


def states_after(history: list[Recorded]) -> dict[int, dict[str, Any]]:
    """The whole state of the file after each event, from the row of the citizen's page."""
    row, found = None, {}
    for one in history:
        row = progress.project(row, APPLICATION, one)
        found[one.version] = data_of(file_facts.so_far(row))
    return found


@given(arbitrary.histories)
@settings(max_examples=50)
def test_the_state_is_that_of_the_whole_history_as_far_as_the_capacity_sees_it(history: list[Recorded]) -> None:
    states = states_after(history)
    for told_to, concern in routed(history, SOME_YET_TO_BEGIN):
        for share in told_to:
            assert so_far(concern, share.capacity) == {
                name: value for name, value in states[concern.version].items() if name in SEES[share.capacity]
            }


@given(arbitrary.histories)
def test_who_gets_no_state_has_got_all_events_that_it_may_see(history: list[Recorded]) -> None:
    """Who has it may see all events between: it got the one before this, or the state, in no lesser capacity."""
    order = list(Capacity)
    last: dict[str, tuple[int, Capacity]] = {}
    for version, (told_to, _) in enumerate(routed(history, SOME_YET_TO_BEGIN), 1):
        for share in told_to:
            if not share.begins and share.capacity is not Capacity.ASKED and version > 1:
                before, capacity = last[share.agency]
                assert before == version - 1
                assert order.index(capacity) <= order.index(share.capacity)
            assert share.begins or share.previous or version == 1
            last[share.agency] = (version, share.capacity)


@given(arbitrary.histories)
def test_the_facts_about_the_due_date_are_those_of_the_desk(history: list[Recorded]) -> None:
    submitted_once = [one for one in history if not isinstance(one.event, Submitted)]
    happened = [replace(one, version=version) for version, one in enumerate(submitted_once, 1)]
    row = None
    for one, (_, concern) in zip(happened, routed(happened), strict=True):
        row = desk.project(row, APPLICATION, one)
        since = row["details"]["paused_since"]
        due = {
            "due_at": instant(row["due_at"]) if row["due_at"] else None,
            "paused": row["paused"] and row["decided_at"] is None,
            "paused_since": since if row["decided_at"] is None else None,
        }
        assert file_facts.due_facts(concern.file) == {name: each for name, each in due.items() if each is not None}


@given(arbitrary.histories)
def test_each_agency_can_prove_that_it_misses_nothing(history: list[Recorded]) -> None:
    concern, last = Concern(), dict.fromkeys(AGENCIES.feeds, 0)
    for one in history:
        given, concern = shares(concern, one, AGENCIES)
        assert len({share.agency for share in given}) == len(given)
        for share in given:
            assert share.previous == last[share.agency]
            last[share.agency] = one.version
    assert {code: version for code, version in last.items() if version} == {
        code: told.version for code, told in concern.told.items()
    }


@given(arbitrary.histories)
def test_an_event_is_told_alike_whoever_else_has_a_feed(history: list[Recorded]) -> None:
    alone = replace(AGENCIES, feeds={"makassar": AGENCIES.feeds["makassar"]})
    assert [one.get("makassar") for one in told(history)] == [one.get("makassar") for one in told(history, alone)]
