from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.application.events import DeclaredComplete, RecordAmended, ReturnedForCorrection, Submitted
from domain.codes import Amendment, Defect
from domain.json_values import data_of, instant, parse_instant, plain
from tests.builders import BLURRED, KTP, MONDAY, NUMBER, PROMISE

WIB = timezone(timedelta(hours=7))
zones = st.timezones() | st.just(UTC)
instants = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=zones, allow_imaginary=False)  # noqa: DTZ001 - bounds of local time


def test_an_instant_is_utc_with_six_digits() -> None:
    assert instant(datetime(2026, 3, 9, 10, tzinfo=WIB)) == "2026-03-09T03:00:00.000000Z"
    assert instant(datetime(2026, 3, 9, 3, 0, 0, 5, tzinfo=UTC)) == "2026-03-09T03:00:00.000005Z"


@given(instants)
def test_an_instant_is_read_back_as_it_was(at: datetime) -> None:
    assert parse_instant(instant(at)) == at.astimezone(UTC)
    assert parse_instant(instant(at)).tzinfo is UTC


@given(instants, instants)
def test_the_order_of_the_text_is_the_order_of_time(one: datetime, other: datetime) -> None:
    assert (instant(one) < instant(other)) == (one.astimezone(UTC) < other.astimezone(UTC))


def test_an_absent_field_is_left_out() -> None:
    assert data_of(DeclaredComplete()) == {}
    assert data_of(Submitted(service=KTP, standard=3, number=NUMBER, regency="33.74")) == {
        "service": "ktp-el",
        "standard": 3,
        "number": "01K2M9XD4TB5",
        "regency": "33.74",
    }


def test_what_an_event_holds_becomes_plain_values() -> None:
    assert data_of(ReturnedForCorrection(documents=(BLURRED,), pauses=False)) == {
        "documents": [{"requirement": "photograph", "defect": "illegible"}],
        "pauses": False,
    }
    assert data_of(RecordAmended(amends=2, amendment=Amendment.TIME, corrected_at=MONDAY)) == {
        "amends": 2,
        "amendment": "time",
        "corrected_at": "2026-03-09T03:00:00.000000Z",
    }


def test_a_promise_is_told_in_full() -> None:
    assert data_of(DeclaredComplete(promise=PROMISE)) == {
        "promise": {
            "unit": "working_days",
            "n": 5,
            "due_at": "2026-03-16T08:00:00.000000Z",
            "standard": "ktp-el@3",
            "calendar": "id-2026@1",
            "rule": "day-zero-is-completeness",
        }
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (7, 7),
        ("code", "code"),
        (Defect.EXPIRED, "expired"),
        (date(2026, 3, 9), "2026-03-09"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ((1, (Defect.MISSING, None)), [1, ["missing", None]]),
    ],
)
def test_a_value_of_an_event_is_plain(value: Any, expected: Any) -> None:
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


@pytest.mark.parametrize("value", [1.5, [], {}, b"", frozenset(), timedelta(1)])
def test_an_event_holds_nothing_else(value: Any) -> None:
    with pytest.raises(TypeError, match=f"an event holds no {type(value).__name__}"):
        plain(value)
