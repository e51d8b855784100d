"""Test data: one office in Semarang with the holidays of 2026 and 2027, and local calendars for it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.promises.steps import promised
from domain.provenance import Promise
from domain.registry.calendar import Unit
from domain.registry.editions import CalendarPublished, OfficeRegistered, Registry, SpecialHours
from domain.registry.places import OpeningDay
from domain.registry.terms import PromiseTerms
from tests.builders import CLOSED, OPEN, SEMARANG, an_office, registry_of
from tests.domain.registry.test_calendar import HOLIDAYS, JOINT_LEAVE

SERVICE, EDITION = "sip", "sip@1"
WIB = "Asia/Jakarta"
RAMADAN = OpeningDay(opens="08:00", closes="13:30")
NATIONAL = CalendarPublished(
    code="id-2026",
    edition=1,
    first_day=date(2026, 1, 1),
    last_day=date(2026, 12, 31),
    holidays=tuple(sorted(HOLIDAYS)),
    joint_leave=tuple(sorted(JOINT_LEAVE)),
)
NEXT_YEAR = CalendarPublished(
    code="id-2027",
    edition=1,
    first_day=date(2027, 1, 1),
    last_day=date(2027, 12, 31),
    holidays=(date(2027, 1, 1),),
    joint_leave=(),
)


def local(text: str, zone: str = WIB) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def days(*texts: str) -> tuple[date, ...]:
    return tuple(map(date.fromisoformat, texts))


def the_office(zone: str = WIB, **settings: Any) -> OfficeRegistered:
    return replace(an_office(SEMARANG, zone), **settings)


def closed_on(*closures: date, code: str = "closures-3374", **more: Any) -> CalendarPublished:
    """Return a local calendar of the office, by default for the first half of 2026."""
    laid: dict[str, Any] = {
        "code": code,
        "edition": 1,
        "first_day": date(2026, 1, 1),
        "last_day": date(2026, 6, 30),
        "holidays": (),
        "joint_leave": (),
        "offices": (SEMARANG,),
        "closures": closures or None,
    }
    return CalendarPublished(**{**laid, **more})


def special(first: str, last: str, *opening_days: OpeningDay) -> SpecialHours:
    week = opening_days or (RAMADAN,) * 5 + (CLOSED,) * 2
    return SpecialHours(first_day=date.fromisoformat(first), last_day=date.fromisoformat(last), opening_days=week)


def country(*more: Any, office: OfficeRegistered | None = None) -> Registry:
    return registry_of([office or the_office(), NATIONAL, NEXT_YEAR, *more])


def promise(n: int, unit: Unit, start: datetime, registry: Registry, *, roll_forward: bool | None = None) -> Promise:
    terms = PromiseTerms(unit=unit, n=n, roll_forward=roll_forward)
    return promised(terms, start, **place(registry), edition=EDITION)


def place(registry: Registry, service: str = SERVICE) -> Mapping[str, Any]:
    return {"office": SEMARANG, "service": service, "registry": registry}


MONDAYS_ONLY = (OPEN, *(CLOSED,) * 6)
HOUR = timedelta(hours=1)
