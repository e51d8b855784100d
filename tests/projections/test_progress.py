"""What a citizen sees of an application, event by event."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain.application.events import (
    ApplicationEvent,
    Concluded,
    CorrectionSupplied,
    DeclaredComplete,
    DocumentsChecked,
    PinReset,
    Reassigned,
    Received,
    Recorded,
    ReferralAnswered,
    Referred,
    Rejected,
    Submitted,
    Transferred,
)
from domain.codes import Advice, Channel, Quality, RejectionReason, Remedy, Role, TransferReason
from domain.provenance import Act
from tests.builders import (
    ANSWERED,
    APPLICATION,
    APPROVED,
    CHECKED,
    COMPLETE,
    HANDED_OVER,
    KTP,
    LAPSED,
    MAKASSAR,
    MONDAY,
    NUMBER,
    OFFICER,
    PAUSED,
    PROMISE,
    RECEIVED,
    REFERRED,
    RETURNED,
    SEMARANG,
    SORONG,
    SUBMITTED,
    SUSPENDED,
    TUESDAY,
    WEDNESDAY,
    on,
)
from tests.spec import given

AT_MONDAY, AT_TUESDAY, AT_WEDNESDAY = (
    "2026-03-09T03:00:00.000000Z",
    "2026-03-10T03:00:00.000000Z",
    "2026-03-11T03:00:00.000000Z",
)
TOLD = {
    "unit": "working_days",
    "n": 5,
    "due_at": "2026-03-16T08:00:00.000000Z",
    "standard": "ktp-el@3",
    "calendar": "id-2026@1",
    "rule": "day-zero-is-completeness",
    "counted_from": None,
}
KEYS = set(given(*SUBMITTED).row)


def test_a_submission_is_shown_in_full() -> None:
    event = Submitted(service=KTP, standard=3, number=NUMBER, district="33.74.01")
    row: dict[str, Any] = {**given(on(MONDAY, event, by=Role.APPLICANT)).row}
    timeline, marks = row.pop("timeline"), row.pop("marks")
    assert row == {
        "application_id": str(APPLICATION),
        "tracking_number": NUMBER,
        "version": 1,
        "status": "submitted",
        "underlying": "received",
        "service": "ktp-el",
        "standard": 3,
        "channel": "counter",
        "office": SEMARANG,
        "offices": [SEMARANG],
        "officer": None,
        "district": "33.74.01",
        "regency": None,
        "submitted_at": AT_MONDAY,
        "submitted_by": 1,
        "complete_at": None,
        "complete_by": None,
        "ended_at": None,
        "ended_by": None,
        "decided": False,
        "promise": None,
        "promises": [],
        "payments": [],
        "pausing": [],
        "paused_since": None,
        "complaints": [],
        "documents_complete": None,
        "to_correct": [],
        "stages": [],
        "referrals": [],
        "obstacles": [],
        "inspections": [],
        "dispute": None,
        "links": [],
        "deemed": None,
        "late_decision": None,
        "rejection": None,
        "decision": None,
        "imported": False,
        "pin_resets": 0,
        "ledger": {
            "entries": [
                {
                    "clock": "citizen",
                    "kind": "start",
                    "at": AT_MONDAY,
                    "version": 1,
                    "event": "submitted",
                    "ground": None,
                    "office": SEMARANG,
                }
            ],
            "legal": [],
            "citizen": {"since": AT_MONDAY, "until": None},
            "holders": [{"since": AT_MONDAY, "until": None, "holder": "front_office", "office": SEMARANG}],
            "counts": {"returns": 0, "last_minute_returns": 0, "restarts": 0, "pauses": 0},
        },
    }
    assert [mark[0] for mark in marks] == ["start", "office"]
    assert timeline == [
        {
            "version": 1,
            "event": "submitted",
            "at": AT_MONDAY,
            "at_quality": "server",
            "recorded_at": None,
            "by": "applicant",
            "office": SEMARANG,
            "channel": "counter",
            "data": {"service": "ktp-el", "standard": 3, "number": NUMBER, "district": "33.74.01"},
            "amended": None,
            "flags": [],
        }
    ]


def test_imported_history_is_shown_as_such_with_its_own_deadline() -> None:
    act = Act(at=MONDAY, by=Role.IMPORT, channel=Channel.POST, at_quality=Quality.DAY)
    event = Submitted(service=KTP, standard=3, number=NUMBER, promise=PROMISE, deviates="service-unknown")
    shown = given(Recorded(version=1, act=act, event=event, recorded_at=TUESDAY))
    shown.shows(imported=True, promise=TOLD, channel="post", office="", offices=[])
    [entry] = shown.row["timeline"]
    assert (entry["at_quality"], entry["recorded_at"]) == ("day", AT_TUESDAY)
    assert entry["data"]["deviates"] == "service-unknown"


@pytest.mark.parametrize(
    ("history", "part"),
    [
        (RECEIVED, {"status": "received"}),
        (CHECKED, {"status": "received", "documents_complete": True}),
        ((*RECEIVED, DocumentsChecked(complete=False)), {"documents_complete": False}),
        (RETURNED, {"status": "returned", "to_correct": [{"requirement": "photograph", "defect": "illegible"}]}),
        ((*RETURNED, CorrectionSupplied()), {"status": "received", "to_correct": [], "documents_complete": None}),
        (COMPLETE, {"status": "processing", "complete_at": AT_MONDAY, "promise": TOLD}),
        ((*RECEIVED, DeclaredComplete()), {"status": "processing", "complete_at": AT_MONDAY, "promise": None}),
        ((*COMPLETE, DeclaredComplete()), {"promise": TOLD}),
        (
            (*CHECKED, DeclaredComplete(promise=replace(PROMISE, counted_from=date(2026, 3, 10)))),
            {"promise": TOLD | {"counted_from": "2026-03-10"}},
        ),
        (PAUSED, {"status": "returned", "underlying": "processing"}),
        (SUSPENDED, {"status": "suspended", "underlying": "processing"}),
        (APPROVED, {"status": "approved", "ended_at": None, "rejection": None}),
        (HANDED_OVER, {"status": "handed_over", "ended_at": AT_MONDAY}),
        (LAPSED, {"status": "lapsed", "ended_at": AT_MONDAY}),
        ((*COMPLETE, Reassigned(officer=OFFICER)), {"officer": str(OFFICER)}),
        ((*SUBMITTED, PinReset(), PinReset()), {"pin_resets": 2, "status": "submitted"}),
    ],
)
def test_the_row_tells_where_the_application_is(history: tuple[ApplicationEvent, ...], part: dict[str, Any]) -> None:
    given(*history).shows(**part)


@pytest.mark.parametrize("history", [(Received(),), (Concluded(),), REFERRED, HANDED_OVER, LAPSED, PAUSED])
def test_all_keys_are_always_there(history: tuple[ApplicationEvent, ...]) -> None:
    for length in range(1, len(history) + 1):
        assert set(given(*history[:length]).row) == KEYS


def test_a_row_without_a_submission_has_no_status_until_something_is_known() -> None:
    given(PinReset()).shows(status=None, tracking_number="", version=1, ended_at=None)


def test_a_rejection_shows_why_and_what_can_be_done() -> None:
    rejected = Rejected(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION)
    given(*COMPLETE, rejected).shows(rejection={"reason": "not_eligible", "remedy": "objection"}, status="rejected")


def test_an_end_keeps_its_time_whatever_is_recorded_after_it() -> None:
    given(*LAPSED, on(TUESDAY, Concluded())).shows(status="lapsed", ended_at=AT_MONDAY)


def test_a_transfer_shows_the_new_office_and_no_officer() -> None:
    given(*COMPLETE, Reassigned(officer=OFFICER), Transferred(to=MAKASSAR)).shows(
        office=MAKASSAR, offices=[SEMARANG, MAKASSAR], officer=None
    )


def test_a_transfer_to_an_office_that_the_service_does_not_list_is_flagged_with_its_reason() -> None:
    away = Transferred(to=MAKASSAR, reason=TransferReason.OFFICE_CLOSED, unlisted=True)
    entry = given(*COMPLETE, away, Rejected(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION)).row[
        "timeline"
    ][len(COMPLETE)]
    assert (entry["flags"], entry["data"]["reason"]) == (["unlisted_office"], "office_closed")
    assert given(*COMPLETE, Transferred(to=MAKASSAR)).row["timeline"][-1]["flags"] == []


def test_referrals_show_who_was_asked_and_what_they_said() -> None:
    unanswered = {"answered_at": None, "answered_by": None, "advice": None}
    asked = {"referral": 1, "to": MAKASSAR, "asked_at": AT_MONDAY, "asked_by": 5} | unanswered
    answered = asked | {"answered_at": AT_MONDAY, "answered_by": 6, "advice": "favourable"}
    given(*REFERRED).shows(referrals=[asked], offices=[SEMARANG, MAKASSAR])
    given(*ANSWERED).shows(referrals=[answered])
    second = {"referral": 2, "to": SORONG, "asked_at": AT_TUESDAY, "asked_by": 7} | unanswered
    asked_again = (*ANSWERED, on(TUESDAY, Referred(referral=2, to=SORONG)))
    given(*asked_again).shows(referrals=[answered, second])
    answer = on(WEDNESDAY, ReferralAnswered(referral=2, advice=Advice.INFORMATIVE), office=SORONG)
    given(*asked_again, answer).shows(
        referrals=[answered, second | {"answered_at": AT_WEDNESDAY, "answered_by": 8, "advice": "informative"}]
    )
