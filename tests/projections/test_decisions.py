"""Tests of the decision in an application's row: both times, and the correction."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.application.events import Approved, RecordAmended, Recorded, Rejected
from domain.codes import Amendment, Quality, RejectionReason, Remedy
from domain.json_values import instant
from projections.decisions import DecisionEntry
from tests.builders import COMPLETE, PROMISE, an_act, on
from tests.spec import given

DUE, DAY = PROMISE.due_at, timedelta(days=1)
NUMBER = len(COMPLETE) + 1
REJECTED = Rejected(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION)
AT_DUE = replace(an_act(DUE), at_quality=Quality.DEVICE)


def decision(*after: Recorded) -> DecisionEntry:
    entry = given(*COMPLETE, *after).row["decision"]
    assert entry is not None
    return entry


def shows(entry: DecisionEntry, **part: Any) -> None:
    assert {**entry, **part} == entry


def test_there_is_none_before_the_decision() -> None:
    assert given(*COMPLETE).row["decision"] is None


def test_a_decision_shows_both_its_times() -> None:
    recorded = Recorded(
        version=0, act=AT_DUE, event=replace(REJECTED, report_until=DUE + DAY), recorded_at=DUE + 2 * DAY
    )
    shows(
        decision(recorded),
        decision="rejected",
        decided_at=instant(DUE),
        decided_by=NUMBER,
        stated_at=instant(DUE),
        recorded_at=instant(DUE + 2 * DAY),
        report_until=instant(DUE + DAY),
        reported_late=True,
        amended_at=None,
    )
    shows(decision(replace(recorded, recorded_at=DUE + DAY)), reported_late=False)


def test_the_first_decision_counts_and_other_amendments_do_not_touch_it() -> None:
    other = RecordAmended(amends=1, amendment=Amendment.TIME, corrected_at=DUE)
    entry = decision(on(DUE, Approved()), on(DUE, REJECTED), on(DUE, other))
    shows(entry, decision="approved", recorded_at=None, report_until=None, amended_at=None)


def test_a_correction_shows_the_first_time_and_when_it_was_made() -> None:
    amended = RecordAmended(amends=NUMBER, amendment=Amendment.TIME, corrected_at=DUE, report_until=DUE + DAY)
    late = on(DUE + DAY, Approved())
    shows(
        decision(late, on(DUE + 3 * DAY, amended)),
        decided_at=instant(DUE),
        stated_at=instant(DUE + DAY),
        report_until=instant(DUE + DAY),
        reported_late=True,
        amended_at=instant(DUE + 3 * DAY),
        amended_by=NUMBER + 1,
    )
    shows(decision(late, on(DUE + DAY, amended)), reported_late=False)
    harmless = replace(amended, report_until=None)
    shows(decision(late, on(DUE + 3 * DAY, harmless)), report_until=None, reported_late=False)


def test_a_corrected_time_after_the_promised_date_is_late_by_itself_and_not_reported_late() -> None:
    event = replace(REJECTED, report_until=DUE + DAY)
    backdated = Recorded(version=0, act=AT_DUE, event=event, recorded_at=DUE + 2 * DAY)
    later = RecordAmended(amends=NUMBER, amendment=Amendment.TIME, corrected_at=DUE + DAY)
    shows(decision(backdated, on(DUE + 3 * DAY, later)), decided_at=instant(DUE + DAY), reported_late=False)
    earlier = replace(later, corrected_at=DUE - DAY)
    shows(decision(backdated, on(DUE + 3 * DAY, earlier)), decided_at=instant(DUE - DAY), reported_late=True)
