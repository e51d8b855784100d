"""What was promised and how it stands: in words before the file is complete, a date after it. Never computed here.

The legal clock stops at the decision, so that is what a promise is compared with; until then, with `now`.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from api.pages.language import Moment
from api.pages.reading import Reading
from api.pages.words import N_, NN_, UNITS
from domain.application import ENDS, HOLDS
from domain.calendar import Unit
from domain.data import parse_instant
from projections.timeline import happened_at

HOURLY = (Unit.SERVICE_MINUTES, Unit.SERVICE_HOURS, Unit.WALL_HOURS)
STOPS_THE_CLOCK = ("approved", "rejected", "handed-over", "withdrawn", "lapsed", "cancelled", "concluded")
WITHOUT_OUTCOME = ("withdrawn", "lapsed", "cancelled")
HOLDING = ("returned-for-correction", "suspended")


@dataclass(frozen=True, slots=True)
class Promised:
    """`standing` is how it stands today; `late` asks for the way to complain."""

    label: str
    headline: str
    when: Moment | None = None
    standing: str = ""
    late: bool = False
    remarks: list[str] = field(default_factory=list)


def promised(reading: Reading) -> Promised | None:
    promise, say = reading.row["promise"], reading.language.say
    if promise is not None:
        return _dated(reading)
    if reading.row["status"] in ENDS:
        return None
    label = say(N_("The promised time"))
    terms = reading.standard.promise if reading.standard else None
    if reading.row["imported"]:
        return Promised(label, say(N_("The agency states no deadline for this application.")))
    if terms is None:
        return Promised(label, say(N_("The standard of this service gives no single figure.")))
    length = reading.language.count(UNITS[terms.unit], terms.n)
    headline = say(N_("%(length)s after your file is complete"), length=length)
    return Promised(label, headline, remarks=[say(N_("You will see a date here as soon as your file is complete."))])


def _dated(reading: Reading) -> Promised:
    promise, language = reading.row["promise"], reading.language
    zone, due = reading.zone(""), parse_instant(promise["due_at"])
    when = (language.at_time if promise["unit"] in HOURLY else language.on_day)(due, zone)
    stopped = next((entry for entry in reading.row["timeline"] if entry["event"] in STOPS_THE_CLOCK), None)
    until = parse_instant(happened_at(stopped)) if stopped else reading.now
    days = (_day(until, zone) - _day(due, zone)).days
    late = days > 0 or (until > due and not (stopped and stopped["at_quality"] == "day"))
    standing = _settled(reading, stopped["event"], days, late=late) if stopped else _running(reading, days, late=late)
    source = promise["unit"] == Unit.SOURCE
    label = N_("Deadline stated by the agency") if source else N_("Promised by")
    return Promised(language.say(label), when.text, when, standing, late, list(_remarks(reading)))


def _running(reading: Reading, days: int, *, late: bool) -> str:
    count, say = reading.language.count, reading.language.say
    if late:
        ago = count(NN_("%(num)s day ago", "%(num)s days ago"), days) if days else say(N_("today"))
        return say(N_("Late: this date passed %(ago)s."), ago=ago)
    left = count(NN_("in %(num)s day", "in %(num)s days"), -days) if days else say(N_("today"))
    return say(N_("On time: %(left)s."), left=left)


def _settled(reading: Reading, event: str, days: int, *, late: bool) -> str:
    if event in WITHOUT_OUTCOME:
        return ""
    decided = event in ("approved", "rejected")
    if not late:
        in_time = N_("Kept: the decision came in time.") if decided else N_("Kept: it ended in time.")
        return reading.language.say(in_time)
    if days == 0:
        same_day = (
            N_("Not kept: the decision came later that day.") if decided else N_("Not kept: it ended later that day.")
        )
        return reading.language.say(same_day)
    if decided:
        late_by = NN_("Not kept: the decision came %(num)s day late.", "Not kept: the decision came %(num)s days late.")
    else:
        late_by = NN_("Not kept: it ended %(num)s day late.", "Not kept: it ended %(num)s days late.")
    return reading.language.count(late_by, days)


def _remarks(reading: Reading) -> list[str]:
    promise, row, language = reading.row["promise"], reading.row, reading.language
    remarks = []
    if promise["unit"] == Unit.SOURCE:
        remarks.append(language.say(N_("It stands in the agency's file; it was not worked out here.")))
    elif row["complete_at"]:
        length = language.count(UNITS[promise["unit"]], promise["n"])
        since = reading.moment(row["complete_at"], row["office"], "day").text
        remarks.append(language.say(N_("%(length)s, counted from %(since)s."), length=length, since=since))
    if row["status"] in HOLDS:
        holds = [entry for entry in row["timeline"] if entry["event"] in HOLDING]
        if holds and holds[-1]["data"]["pauses"]:
            remarks.append(
                language.say(
                    N_("While your application waits, the clock is stopped. The date shown does not count that pause.")
                )
            )
    return remarks


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()
