"""Late reports: until when a decision that was made in time may be recorded and still counts as on time.

A decision can be recorded after the promised date with an earlier time. For example, a mobile unit has no network on
the promised date. Each office publishes its allowance for such late reports. A decision that is recorded after the
allowance counts as late. So an office gains nothing if it states an earlier time afterwards. The event of the decision
holds the last instant of the allowance. So views need no calendar.
"""

from datetime import datetime, timedelta

from domain.codes import Channel
from domain.promises import deadlines
from domain.registry.calendar import CalendarTooShort, Unit
from domain.registry.editions import OfficeRegistered
from domain.registry.registry import Registry
from domain.rules import rests_on

DAYS = 1
"""The default allowance, in working days, of every channel except `mobile`."""
DAYS_MOBILE = 5
"""The default allowance of the channel `mobile`, in working days."""


@rests_on("late-report")
def allowed_days(office: OfficeRegistered, channel: Channel) -> int:
    """Return the office's allowance for this channel, in working days."""
    given, default = office.late_report_days, DAYS
    if channel is Channel.MOBILE:
        given, default = office.late_report_days_mobile, DAYS_MOBILE
    return default if given is None else given


@rests_on("late-report")
def report_until(due: datetime, channel: Channel, *, office: str, service: str, registry: Registry) -> datetime | None:
    """Return the last instant, in UTC, at which a decision that was due at `due` can be recorded and count as on time.

    This instant is the closing time of the last allowed working day, and never before `due`. If no calendar reaches
    that day, calendar days are counted. Return None if the office is not registered.
    """
    registered = registry.offices.get(office)
    if registered is None:
        return None
    days = allowed_days(registered, channel)
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
    """Tell whether a report at `known_at` is too late. `until` is None if the report needs no allowance."""
    return until is not None and known_at > until
