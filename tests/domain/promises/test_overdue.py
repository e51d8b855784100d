"""Tests of the one rule of overdue: a paused file is overdue only if it was when the pause began."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.promises.overdue import overdue
from tests.builders import MONDAY, THURSDAY, TUESDAY, WEDNESDAY

instants = st.integers(0, 10).map(lambda hours: MONDAY + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("due_at", "now", "paused_since", "expected"),
    [
        (None, WEDNESDAY, None, False),
        (TUESDAY, MONDAY, None, False),
        (TUESDAY, TUESDAY, None, False),
        (TUESDAY, WEDNESDAY, None, True),
        (TUESDAY, WEDNESDAY, MONDAY, False),
        (TUESDAY, THURSDAY, TUESDAY, False),
        (TUESDAY, THURSDAY, WEDNESDAY, True),
        (TUESDAY, TUESDAY, WEDNESDAY, False),
    ],
)
def test_a_file_is_overdue_after_its_date_and_a_paused_one_if_it_was_so_before(
    due_at: datetime | None, now: datetime, paused_since: datetime | None, *, expected: bool
) -> None:
    assert overdue(due_at, now, paused_since) is expected


@given(instants, instants, instants, instants)
def test_while_the_clock_stands_still_no_file_becomes_overdue(
    due_at: datetime, since: datetime, now: datetime, later: datetime
) -> None:
    if since <= now <= later:
        assert overdue(due_at, now, since) == overdue(due_at, later, since) == overdue(due_at, since, None)
