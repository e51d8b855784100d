"""The law's default: a service whose standard names no time is held to five working days, if it relies on the law."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from domain.application.commands import DeclareComplete, MovePromise
from domain.application.events import DeclaredComplete
from domain.application.promise_events import PromiseMoved
from domain.registry.calendar import Unit
from domain.registry.editions import LAW_DEFAULT, PromiseTerms, StandardPublished
from domain.registry.registry import Registry, evolve
from tests.builders import CHECKED, COMPLETE, KTP, KTP_STANDARD, NEXT_MONDAY_AT_CLOSING, PROMISE, REGISTRY, a_calendar
from tests.spec import given

BY_LAW = replace(KTP_STANDARD, promise=None, default_promise=True, promise_basis="UU 30/2014 pasal 53")
OWN = PromiseTerms(unit=Unit.WORKING_DAYS, n=2)


def under(standard: StandardPublished) -> Registry:
    return replace(REGISTRY, services={KTP: (standard,)})


def test_the_laws_default_is_five_working_days() -> None:
    assert PromiseTerms(unit=Unit.WORKING_DAYS, n=5) == LAW_DEFAULT == BY_LAW.terms


@pytest.mark.parametrize(
    ("own", "default", "expected"),
    [
        (OWN, None, datetime(2026, 3, 11, 8, tzinfo=UTC)),
        (OWN, True, datetime(2026, 3, 11, 8, tzinfo=UTC)),
        (None, True, NEXT_MONDAY_AT_CLOSING),
        (None, False, None),
        (None, None, None),
    ],
)
def test_a_file_is_promised_a_date_by_its_standard_or_by_the_law(
    own: PromiseTerms | None,
    default: bool | None,  # noqa: FBT001 - a case of the table
    expected: datetime | None,
) -> None:
    standard = replace(KTP_STANDARD, promise=own, default_promise=default)
    [event] = given(*CHECKED, registry=under(standard)).when(DeclareComplete()).decided()
    assert isinstance(event, DeclaredComplete)
    assert (event.promise and event.promise.due_at) == expected


def test_a_date_promised_by_law_moves_with_the_calendar_like_any_other() -> None:
    closed = replace(a_calendar(2026, date(2026, 3, 11)), edition=2)
    moved = replace(PROMISE, due_at=datetime(2026, 3, 17, 8, tzinfo=UTC), calendar="id-2026@2")
    given(*COMPLETE, registry=evolve(under(BY_LAW), closed)).when(MovePromise()).then(PromiseMoved(promise=moved))
