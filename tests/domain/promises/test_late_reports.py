"""Tests of the allowance for late reports: where no calendar or no office is known, and the instant itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.codes import Channel
from domain.promises.late_reports import is_late, report_until
from tests.builders import KTP, NEXT_MONDAY_AT_CLOSING, REGISTRY, SEMARANG

DUE, DAY = NEXT_MONDAY_AT_CLOSING, timedelta(days=1)


def test_calendar_days_count_where_no_calendar_reaches() -> None:
    without = replace(REGISTRY, calendars={})
    until = report_until(DUE, Channel.COUNTER, office=SEMARANG, service=KTP, registry=without)
    assert until == DUE + DAY
    last_day = datetime(2027, 12, 31, 8, tzinfo=UTC)
    until = report_until(last_day, Channel.MOBILE, office=SEMARANG, service=KTP, registry=REGISTRY)
    assert until == last_day + 5 * DAY


def test_the_allowance_is_never_over_before_the_promise_is_due() -> None:
    office = replace(REGISTRY.offices[SEMARANG], late_report_days=0)
    registry = replace(REGISTRY, offices={SEMARANG: office})
    night = DUE + timedelta(hours=5)
    assert report_until(night, Channel.COUNTER, office=SEMARANG, service=KTP, registry=registry) == night


def test_an_office_that_is_not_registered_has_no_allowance() -> None:
    assert report_until(DUE, Channel.COUNTER, office="elsewhere", service=KTP, registry=REGISTRY) is None


def test_a_report_at_the_last_instant_is_in_time() -> None:
    assert not is_late(DUE, None)
    assert not is_late(DUE, DUE)
    assert is_late(DUE + timedelta(microseconds=1), DUE)
