"""Late reports: until when a decision made in time may be recorded and still count as made in time.

A decision can be recorded after the promised date with an earlier time, for example by a mobile unit without a network.
Each office publishes how many working days it allows for that. A decision that is recorded later counts as late, so
backdating keeps no promise. The decision's event holds the instant, so views need no calendar.
"""

from datetime import datetime, timedelta

from domain.codes import Channel
from domain.promises import deadlines
from domain.registry.calendar import CalendarTooShort, Unit
from domain.registry.editions import Registry
from domain.rules import rests_on


@rests_on("late-report")
def report_until(due: datetime, channel: Channel, *, office: str, service: str, registry: Registry) -> datetime | None:
    """Return the last instant at which a decision that fell due at `due` can be recorded in time, in UTC.

    That is the closing time of the last allowed working day, and never before `due`. Where no calendar reaches that
    day, calendar days are counted. None if the office is not registered.
    """
    registered = registry.offices.get(office)
    if registered is None:
        return None
    days = registered.allowed_late(channel)
    known = registry.calendar_from(due, office)
    try:
        if known is None:
            return due + timedelta(days=days)
        hours = registry.opening_hours(office, service)
        return max(due, deadlines.further(due, Unit.WORKING_DAYS, days, known[0], hours))
    except CalendarTooShort:
        return due + timedelta(days=days)


@rests_on("late-report")
def is_late(known_at: datetime, until: datetime | None) -> bool:
    """Whether a report at `known_at` is too late. `until`: None if the report needs no allowance."""
    return until is not None and known_at > until
