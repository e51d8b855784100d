"""What a row shows beside status and timeline: dues, obstacles, disputes, links, the ledger; times that are mended."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.application.events import (
    Approved,
    CorrectionSupplied,
    DecisionReportedLate,
    Disputed,
    DisputeDismissed,
    RecordAmended,
    Recorded,
    Reopened,
    Resumed,
    StageCompleted,
    StageEntered,
)
from domain.application.incident_events import (
    ComplaintReferred,
    InspectionDone,
    Linked,
    ObstacleCleared,
    PaymentExpired,
    PaymentReceived,
    PaymentRequested,
)
from domain.application.promise_events import DeadlineExtended, PromiseMoved
from domain.codes import (
    Amendment,
    ComplaintKind,
    Decision,
    DismissalReason,
    DisputeReason,
    LifeEvent,
    Quality,
    RejectionReason,
    Remedy,
)
from domain.provenance import Promise
from tests.builders import (
    COMPLETE,
    DEEMED,
    HANDED_OVER,
    INSPECTION,
    MAKASSAR,
    MONDAY,
    OUT_OF_STOCK,
    PAUSED,
    PAYMENT,
    PROMISE,
    SEMARANG,
    SUBMITTED,
    SUSPENDED,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    on,
)
from tests.spec import given

AT_MONDAY, AT_TUESDAY, AT_WEDNESDAY = (f"2026-03-{day:02}T03:00:00.000000Z" for day in (9, 10, 11))


def later(days: int) -> Promise:
    return replace(PROMISE, due_at=PROMISE.due_at + timedelta(days=days))


def amended(version: int, at: datetime) -> RecordAmended:
    return RecordAmended(amends=version, amendment=Amendment.TIME, corrected_at=at)


@pytest.mark.parametrize(
    ("moved", "why", "extension"),
    [
        ((*SUSPENDED, Resumed(promise=later(2))), "pause", None),
        ((*PAUSED, CorrectionSupplied(promise=later(2))), "pause", None),
        ((*COMPLETE, PAYMENT, PaymentReceived(payment=1, amount_idr=1, promise=later(2))), "pause", None),
        ((*COMPLETE, PAYMENT, PaymentExpired(payment=1, promise=later(2))), "pause", None),
        ((*COMPLETE, PromiseMoved(promise=later(2))), "calendar", None),
        ((*COMPLETE, DeadlineExtended(extension="study", promise=later(2))), "extension", "study"),
    ],
)
def test_a_promise_that_was_shown_stays_in_the_history(moved: Any, why: str, extension: str | None) -> None:
    row = given(*moved).row
    first, last = row["promises"]
    assert (first["why"], first["set_by"], first["due_at"]) == ("completeness", 4, "2026-03-16T08:00:00.000000Z")
    assert (last["why"], last["set_by"], last["extension"]) == (why, len(moved), extension)
    assert row["promise"]
    assert last["due_at"] == row["promise"]["due_at"] == "2026-03-18T08:00:00.000000Z"


def test_a_payment_is_asked_received_or_too_late() -> None:
    asked = on(MONDAY, PaymentRequested(payment=1, amount_idr=50_000, pauses=False, expires_at=THURSDAY))
    [open_] = given(*COMPLETE, asked).row["payments"]
    assert (open_["amount_idr"], open_["expires_at"]) == (50_000, "2026-03-12T03:00:00.000000Z")
    assert (open_["received_at"], open_["expired_at"]) == (None, None)
    [paid] = given(*COMPLETE, PAYMENT, on(TUESDAY, PaymentReceived(payment=1, amount_idr=49_000))).row["payments"]
    assert (paid["received_idr"], paid["received_at"], paid["received_by"]) == (49_000, AT_TUESDAY, 6)
    [over] = given(*COMPLETE, PAYMENT, on(TUESDAY, PaymentExpired(payment=1))).row["payments"]
    assert (over["expired_at"], over["expired_by"]) == (AT_TUESDAY, 6)
    assert given(*COMPLETE, PAYMENT, PaymentExpired(payment=2)).row["payments"][0]["expired_at"] is None


def test_obstacles_may_overlap() -> None:
    second = replace(OUT_OF_STOCK, obstacle=2)
    cleared = on(WEDNESDAY, ObstacleCleared(obstacle=1))
    found = given(*COMPLETE, OUT_OF_STOCK, on(TUESDAY, second), cleared).row["obstacles"]
    assert [(o["obstacle"], o["code"], o["reported_at"], o["cleared_at"]) for o in found] == [
        (1, "H-BLANGKO", AT_MONDAY, AT_WEDNESDAY),
        (2, "H-BLANGKO", AT_TUESDAY, None),
    ]


def test_an_inspection_is_planned_and_done() -> None:
    planned = {"inspection": 1, "on": "2026-03-11", "scheduled_at": AT_MONDAY, "scheduled_by": 5}
    given(*COMPLETE, INSPECTION).shows(inspections=[planned | {"done_at": None, "done_by": None}])
    done = on(WEDNESDAY, InspectionDone(inspection=1))
    given(*COMPLETE, INSPECTION, done).shows(inspections=[planned | {"done_at": AT_WEDNESDAY, "done_by": 6}])


def test_a_dispute_is_open_until_it_is_dismissed_or_right() -> None:
    disputed = (*HANDED_OVER, on(TUESDAY, Disputed(reason=DisputeReason.WRONG_DATA)))
    dispute = given(*disputed).row["dispute"]
    assert dispute
    assert (dispute["state"], dispute["reason"], dispute["settled_at"]) == ("open", "wrong_data", None)
    dismissed = on(WEDNESDAY, DisputeDismissed(reason=DismissalReason.PRODUCT_IS_RIGHT))
    dispute = given(*disputed, dismissed).row["dispute"]
    assert dispute
    assert (dispute["state"], dispute["dismissal"], dispute["settled_at"]) == (
        "dismissed",
        "product_is_right",
        AT_WEDNESDAY,
    )
    row = given(*disputed, on(WEDNESDAY, Reopened())).row
    assert row["dispute"]
    assert (row["dispute"]["state"], row["status"], row["ended_at"], row["ended_by"]) == (
        "reopened",
        "approved",
        None,
        None,
    )
    given(*HANDED_OVER, Reopened()).shows(dispute=None, status="approved")


def test_links_and_complaints_are_listed() -> None:
    link = Linked(link=UUID(int=1), life_event=LifeEvent.BIRTH, others=(UUID(int=2),), supplied=("photograph",))
    complaint = ComplaintReferred(complaint=1, kind=ComplaintKind.COMPLAINT, verify_by=PROMISE, answer_by=later(14))
    row = given(*COMPLETE, link, complaint).row
    assert row["links"] == [
        {
            "link": str(UUID(int=1)),
            "life_event": "birth",
            "others": [str(UUID(int=2))],
            "supplied": ["photograph"],
            "linked_at": AT_MONDAY,
            "linked_by": 5,
        }
    ]
    assert row["complaints"] == [
        {
            "complaint": 1,
            "kind": "complaint",
            "verify_due_at": "2026-03-16T08:00:00.000000Z",
            "answer_due_at": "2026-03-30T08:00:00.000000Z",
            "referred_at": AT_MONDAY,
            "referred_by": 6,
        }
    ]


def test_the_office_that_linked_an_application_of_another_office_has_no_part_in_it() -> None:
    link = Linked(link=UUID(int=1), life_event=LifeEvent.BIRTH, others=(UUID(int=2),))
    assert given(*COMPLETE, on(MONDAY, link, office=MAKASSAR)).row["offices"] == [SEMARANG]


def test_silence_is_shown_with_its_evidence_and_a_late_decision_beside_it() -> None:
    late = DecisionReportedLate(
        decision=Decision.REJECTED, reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION
    )
    row = given(*DEEMED, late).row
    evidence = row["deemed"]
    assert evidence
    assert (evidence["basis"], evidence["silent_until"], evidence["deemed_by"]) == ("uu-30-2014-53", 4, 5)
    assert evidence["promise"] == row["promise"]
    assert row["late_decision"] == {
        "decision": "rejected",
        "reason": "not_eligible",
        "remedy": "objection",
        "decided_at": AT_MONDAY,
        "decided_by": 6,
    }
    assert (row["status"], row["rejection"]) == ("deemed_approved", None)


def test_the_ledger_names_what_moved_a_clock() -> None:
    row = given(*COMPLETE, on(TUESDAY, SUSPENDED[-1]), on(WEDNESDAY, Resumed())).row
    assert [(e["clock"], e["kind"], e["event"], e["version"], e["ground"]) for e in row["ledger"]["entries"]] == [
        ("citizen", "start", "submitted", 1, None),
        ("legal", "start", "declared-complete", 4, None),
        ("legal", "pause", "suspended", 5, "awaiting-payment"),
        ("legal", "resume", "resumed", 6, None),
    ]
    assert row["ledger"]["legal"] == [
        {"since": AT_MONDAY, "until": AT_TUESDAY, "running": True},
        {"since": AT_TUESDAY, "until": AT_WEDNESDAY, "running": False},
        {"since": AT_WEDNESDAY, "until": None, "running": True},
    ]
    assert row["ledger"]["counts"] == {"returns": 0, "last_minute_returns": 0, "restarts": 0, "pauses": 1}


def test_a_corrected_time_corrects_every_instant_that_its_event_states() -> None:
    entered = (*COMPLETE, on(TUESDAY, StageEntered(stage="verification")), OUT_OF_STOCK)
    given(*entered, amended(1, TUESDAY)).shows(submitted_at=AT_TUESDAY, complete_at=AT_MONDAY)
    row = given(*entered, amended(4, TUESDAY)).row
    assert (row["complete_at"], row["promises"][0]["set_at"]) == (AT_TUESDAY, AT_TUESDAY)
    assert row["ledger"]["legal"][0]["since"] == AT_TUESDAY
    assert given(*entered, amended(5, WEDNESDAY)).row["stages"][0]["entered_at"] == AT_WEDNESDAY
    assert given(*entered, amended(6, WEDNESDAY)).row["obstacles"][0]["reported_at"] == AT_WEDNESDAY
    last = len(HANDED_OVER)
    given(*HANDED_OVER, amended(last, TUESDAY)).shows(ended_at=AT_TUESDAY, ended_by=last)
    unsaid = RecordAmended(amends=1, amendment=Amendment.TIME)
    given(*entered, unsaid).shows(submitted_at=AT_MONDAY)


def flags(*happened: Any) -> dict[int, list[str]]:
    return {entry["version"]: entry["flags"] for entry in given(*happened).row["timeline"] if entry["flags"]}


def test_what_happened_before_the_outcome_and_came_after_it_is_late() -> None:
    decided = (*COMPLETE, on(TUESDAY, StageEntered(stage="survey")), on(WEDNESDAY, Approved()))
    survey = StageCompleted(stage="survey")
    assert flags(*decided) == {}
    assert flags(*decided, on(TUESDAY, survey)) == {7: ["late"]}
    assert flags(*decided, on(THURSDAY, survey)) == {}
    assert flags(*decided, on(THURSDAY, survey), on(THURSDAY, amended(7, MONDAY))) == {7: ["late"]}
    assert flags(*decided, on(TUESDAY, survey), on(THURSDAY, amended(7, THURSDAY))) == {}
    assert given(*decided, on(TUESDAY, survey)).row["status"] == "approved"


@pytest.mark.parametrize(
    ("quality", "minutes", "told"),
    [
        (Quality.DEVICE, 6, ["clock_ahead"]),
        (Quality.DEVICE, 5, []),
        (Quality.SERVER, 6, []),
        (Quality.SOURCE, 6, []),
    ],
)
def test_a_device_whose_clock_is_ahead_is_flagged(quality: Quality, minutes: int, told: list[str]) -> None:
    plain = on(MONDAY, SUBMITTED[0])
    ahead = Recorded(
        version=1,
        act=replace(plain.act, at_quality=quality),
        event=plain.event,
        recorded_at=MONDAY - timedelta(minutes=minutes),
    )
    assert given(ahead).row["timeline"][0]["flags"] == told


def test_a_late_fact_of_a_device_whose_clock_is_ahead_has_both_flags() -> None:
    act = replace(on(TUESDAY, Approved()).act, at_quality=Quality.DEVICE)
    ahead = Recorded(version=0, act=act, event=StageEntered(stage="survey"), recorded_at=MONDAY)
    assert flags(*COMPLETE, on(WEDNESDAY, Approved()), ahead) == {6: ["late", "clock_ahead"]}


def test_any_order_of_arrival_gives_the_same_timeline_and_ledger() -> None:
    start = on(MONDAY, SUBMITTED[0])
    rest = [on(MONDAY + timedelta(hours=hour), event) for hour, event in enumerate(PAUSED[1:], start=1)]
    more = [on(TUESDAY, CorrectionSupplied()), on(WEDNESDAY, OUT_OF_STOCK), on(THURSDAY, Approved())]
    rows = [given(start, *order).row for order in ([*rest, *more], [*more, *rest], [*more[::-1], *rest[::-1]])]
    seen = [[(e["event"], e["at"], e["data"]) for e in row["timeline"]] for row in rows]
    spans = [{name: row["ledger"][name] for name in ("legal", "citizen", "holders", "counts")} for row in rows]
    assert seen[0] == seen[1] == seen[2]
    assert spans[0] == spans[1] == spans[2]
