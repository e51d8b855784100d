"""What would make promises impossible is refused before it is published."""

import pytest

from domain.refusals import TooManyCalendars
from domain.registry import registry
from domain.registry.publication import check
from domain.registry.registry import Registry
from tests.builders import KTP_STANDARD, REGISTRY
from tests.domain.offices import NATIONAL, closed_on

ELSEWHERE = "pemda-7371-disdukcapil"


def with_local_calendars(number: int) -> Registry:
    found = REGISTRY
    for place in range(number):
        found = registry.evolve(found, closed_on(code=f"some-closures-of-{place}"))
    return found


def test_a_calendar_too_many_for_one_office_is_refused_when_it_is_published() -> None:
    check(closed_on(code="some-closures-of-2"), with_local_calendars(2))
    with pytest.raises(TooManyCalendars):
        check(closed_on(code="some-closures-of-3"), with_local_calendars(3))
    with pytest.raises(TooManyCalendars):
        check(closed_on(code="a" * 79), REGISTRY)


def test_a_newer_edition_another_office_or_another_kind_of_edition_is_not_counted() -> None:
    crowded = with_local_calendars(3)
    check(closed_on(code="some-closures-of-1", edition=2), crowded)
    check(closed_on(code="some-closures-of-4", offices=(ELSEWHERE,)), crowded)
    check(NATIONAL, crowded)
    check(KTP_STANDARD, crowded)
