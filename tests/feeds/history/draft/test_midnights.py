"""Where most times of a column are midnights, the source knows only the date: the draft says so, and finds the zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.history.draft.moments import Moments, zone_of
from feeds.history.time_parsing import TimeReader
from tests.feeds.history.draft.telling import ZONE, Draft, draft_of

ZONES = ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Europe/Amsterdam", "America/New_York", "Pacific/Auckland"]
DAYS = st.lists(st.dates(date(2005, 1, 1), date(2026, 12, 31)), min_size=3, max_size=20)


def log(texts: list[str]) -> str:
    return "\n".join(
        ["case,activity,timestamp", *(f"K{place // 2},Langkah,{text}" for place, text in enumerate(texts))]
    )


def days_in(draft: Draft, texts: list[str]) -> list[tuple[date, str]]:
    """The local day of each time, in the zone of the draft, and its quality."""
    clock = TimeReader(draft.mapping, draft.mapping.events)
    read = [clock.read(text) for text in texts]
    return [(one[0].astimezone(ZoneInfo(draft.mapping.zone)).date(), one[1]) for one in read if one]


@settings(max_examples=60, deadline=None)
@given(zone=st.sampled_from(ZONES), days=DAYS)
def test_a_midnight_at_an_offset_stays_on_its_day(zone: str, days: list[date]) -> None:
    texts = [datetime.combine(day, time(), ZoneInfo(zone)).isoformat() for day in days]
    draft = draft_of(log(texts))
    assert days_in(draft, texts) == [(day, "day") for day in days]


@settings(max_examples=60, deadline=None)
@given(days=DAYS, form=st.sampled_from(["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]))
def test_a_midnight_without_an_offset_or_of_utc_stays_on_its_day(days: list[date], form: str) -> None:
    texts = [day.strftime(form) for day in days]
    draft = draft_of(log(texts))
    assert draft.mapping.zone == ZONE
    assert days_in(draft, texts) == [(day, "day") for day in days]


@settings(max_examples=30, deadline=None)
@given(days=DAYS)
def test_midnights_of_the_installation_that_are_written_in_utc_are_days(days: list[date]) -> None:
    local = [datetime.combine(day, time(), ZoneInfo(ZONE)) for day in days]
    texts = [at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in local]
    assert days_in(draft_of(log(texts)), texts) == [(day, "day") for day in days]


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Honolulu"])
def test_a_midnight_of_utc_is_never_on_the_day_before(zone: str) -> None:
    column = Moments()
    column.see("2026-03-02T00:00:00Z")
    assert zone_of([column], zone) == ("UTC", True)
    assert column.day_at(ZoneInfo("UTC")) == ["00:00:00"]


def test_fines_that_are_dated_by_day_are_not_shown_on_the_day_before() -> None:
    texts = ["2000-01-01T00:00:00+01:00", "2006-07-24T00:00:00+02:00", "2007-12-31T00:00:00+01:00"] * 4
    draft = draft_of(log(texts))
    assert "day_at" in draft.questions
    assert {day.isoformat() for day, quality in days_in(draft, texts) if quality == "day"} == {
        text[:10] for text in texts
    }


def test_a_midnight_among_many_other_times_is_a_midnight() -> None:
    times = [datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=61 * n) for n in range(60)]
    draft = draft_of(log([at.isoformat() for at in times]))
    assert draft.mapping.events.day_at == []


def test_the_zone_of_a_draft_without_offsets_is_that_of_the_installation() -> None:
    draft = draft_of(log(["2026-03-02 08:30", "2026-03-03 08:31", "2026-03-04 08:32"]))
    assert (draft.mapping.zone, draft.mapping.events.day_at) == (ZONE, [])
    assert "write their time zone here" in draft.questions
