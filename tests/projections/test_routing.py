"""Whom an event concerns, and how much of it an agency sees."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given

from domain.application.events import (
    ApplicationEvent,
    Approved,
    Reassigned,
    Received,
    Recorded,
    ReferralAnswered,
    Referred,
    Rejected,
    Submitted,
    Transferred,
)
from domain.codes import Advice, RejectionReason, Remedy
from projections.routing import Agencies, Agency, Capacity, Concern, capacities, facts, shares
from tests.builders import KTP, MAKASSAR, MONDAY, NUMBER, OFFICER, SEMARANG, SORONG, an_act
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


@given(arbitrary.histories)
def test_each_agency_can_prove_that_it_misses_nothing(history: list[Recorded]) -> None:
    concern, last = Concern(), dict.fromkeys(AGENCIES.feeds, 0)
    for one in history:
        given, concern = shares(concern, one, AGENCIES)
        assert len({share.agency for share in given}) == len(given)
        for share in given:
            assert share.previous == last[share.agency]
            last[share.agency] = one.version
    assert {code: version for code, version in last.items() if version} == concern.told


@given(arbitrary.histories)
def test_an_event_is_told_alike_whoever_else_has_a_feed(history: list[Recorded]) -> None:
    alone = replace(AGENCIES, feeds={"makassar": AGENCIES.feeds["makassar"]})
    assert [one.get("makassar") for one in told(history)] == [one.get("makassar") for one in told(history, alone)]
