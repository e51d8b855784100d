"""Late reports: an office may record a decision some days after the office made the decision.

For example, a mobile unit has no network on the promised date. This module computes the last instant at which such a
decision still counts as on time. Each office publishes an allowance for late reports, in working days. A decision that
is recorded after the allowance counts as late. So an office gains nothing if it states an earlier time afterwards. The
event of the decision holds the last instant of the allowance, so views need no calendar.
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
    """Return an instant in UTC. A decision that is recorded after this instant counts as late.

    `due` is the due instant of the decision. The result is the closing time of the last allowed working day. The result
    is never before `due`. If no calendar reaches that day, calendar days are counted. Return None if the office is not
    registered.
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
    """Tell whether a decision that was recorded at `known_at` was recorded too late. `until` is None if the decision
    needs no allowance.
    """
    return until is not None and known_at > until
