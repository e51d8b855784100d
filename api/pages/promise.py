"""The promise on the citizen's page: the page shows the promised date, and says whether the promise was kept.

Before the file is complete, the promise is a duration in words ("5 working days after your file is complete"). After
the file is complete, the promise is a date. The page reads this date from the row and never calculates it. The legal
clock stops at the decision. So the promised date is compared with the date of the decision. If there is no decision
yet, the promised date is compared with `now`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from api.pages.clock_ledger import length
from api.pages.language import Moment
from api.pages.reader import PageReader
from api.pages.words import N_, NN_, UNITS
from domain.application.status import ENDS
from domain.json_values import parse_instant
from domain.promises.overdue import overdue
from domain.registry.calendar import Unit, is_working_day
from projections.decisions import DecisionEntry
from projections.promises import PlainPromise
from projections.promises_and_payments import PromiseEntry
from projections.timeline import happened_at

HOURLY = (Unit.SERVICE_MINUTES, Unit.SERVICE_HOURS, Unit.WALL_HOURS)
STOPS_THE_CLOCK = (
    "approved",
    "deemed-approved",
    "rejected",
    "handed-over",
    "withdrawn",
    "lapsed",
    "cancelled",
    "concluded",
)
WITHOUT_OUTCOME = ("withdrawn", "lapsed", "cancelled")


@dataclass(frozen=True, slots=True)
class Promised:
    """`standing` says whether the promise has been kept so far. If `late` is set, the page also says how to
    complain.
    """

    label: str
    headline: str
    when: Moment | None = None
    standing: str = ""
    late: bool = False
    remarks: list[str] = field(default_factory=list)


def promised(reading: PageReader) -> Promised | None:
    """Returns what the page says about the promise. Returns None for an application that ended without a promised
    date.
    """
    promise, say = reading.row["promise"], reading.language.say
    if promise is not None:
        return _dated(reading, promise)
    if reading.row["status"] in ENDS:
        return None
    label = say(N_("The promised time"))
    terms = reading.standard.terms if reading.standard else None
    if reading.row["imported"]:
        return Promised(label, say(N_("The agency states no deadline for this application.")))
    if terms is None:
        reason = reading.standard.no_promise_reason if reading.standard else None
        remarks = [reading.language.of(reason)] if reason else []
        return Promised(label, say(N_("The standard of this service gives no fixed time.")), remarks=remarks)
    length = reading.language.count(UNITS[terms.unit], terms.n)
    headline = say(N_("%(length)s after your file is complete"), length=length)
    date_later = say(N_("You will see a date here as soon as your file is complete."))
    return Promised(label, headline, remarks=[*_by_law(reading), date_later])


def _by_law(reading: PageReader) -> list[str]:
    """Returns one sentence about the default time of the law, if the service standard names no time."""
    standard, say = reading.standard, reading.language.say
    if standard is None or standard.promise or not standard.default_promise:
        return []
    if not standard.promise_basis:
        return [say(N_("The standard of this service names no time, so the time set by law applies."))]
    text = N_("The standard of this service names no time, so the time set by law applies (%(basis)s).")
    return [say(text, basis=standard.promise_basis)]


def _dated(reading: PageReader, promise: PlainPromise) -> Promised:
    language = reading.language
    zone, due = reading.zone(""), parse_instant(promise["due_at"])
    when = (language.at_time if promise["unit"] in HOURLY else language.on_day)(due, zone)
    stops = (entry for entry in reading.row["timeline"] if entry["event"] in STOPS_THE_CLOCK)
    stopped = min(stops, key=lambda entry: entry["version"], default=None)
    until = parse_instant(happened_at(stopped)) if stopped else reading.now
    days = (_day(until, zone) - _day(due, zone)).days
    silent = stopped is not None and stopped["event"] == "deemed-approved"
    decision = reading.row["decision"]
    decided = decision if decision and stopped and decision["decided_by"] == stopped["version"] else None
    paused_since = parse_instant(reading.row["paused_since"]) if reading.row["paused_since"] else None
    if stopped is None:
        late = overdue(due, until, paused_since)
        standing = _running(reading, days, late=late, past=until > due)
    elif decided and decided["reported_late"]:
        late, standing = True, _reported_late(reading, decided, due)
    else:
        late = silent or days > 0 or (until > due and stopped["at_quality"] != "day")
        standing = _settled(reading, stopped["event"], days, late=late)
    if decided and decided["amended_at"]:
        standing = f"{standing} {_as_corrected(reading, decided)}"
    source = promise["unit"] == Unit.SOURCE
    label = N_("Deadline stated by the agency") if source else N_("Promised by")
    remarks = _remarks(reading, promise)
    if decided and not late and not decided["amended_at"]:
        remarks = [*_reported_in_time(reading, decided, due), *remarks]
    return Promised(language.say(label), when.text, when, standing, late, remarks)


def _reported_late(reading: PageReader, decision: DecisionEntry, due: datetime) -> str:
    """Returns a sentence about a decision that was reported too late: the office's allowance for late reports had
    already passed. The late report may be the decision itself, or a correction of the decision's time. The sentence
    names the time of the decision and the time of the report.
    """
    corrected = decision["amended_at"] if parse_instant(decision["stated_at"]) > due else None
    recorded = corrected or decision["recorded_at"] or decision["decided_at"]
    say, zone = reading.language.say, reading.zone("")
    days = (_day(parse_instant(recorded), zone) - _day(due, zone)).days
    after = NN_("%(num)s day after the promised date", "%(num)s days after the promised date")
    return say(
        N_("Counts as late: decided on %(when)s, recorded on %(recorded)s, %(after)s."),
        when=reading.moment(decision["decided_at"], "", "day").text,
        recorded=reading.moment(recorded, "", "day").text,
        after=reading.language.count(after, days) if days else say(N_("later on the promised date")),
    )


def _reported_in_time(reading: PageReader, decision: DecisionEntry, due: datetime) -> Iterator[str]:
    """Yields a sentence if the decision was recorded after the promised date, but within the office's allowance for
    late reports. The sentence names the time of the decision and the time of recording.
    """
    recorded, until = decision["recorded_at"], decision["report_until"]
    if recorded is None or until is None or parse_instant(recorded) <= due:
        return
    yield reading.language.say(
        N_("Decided on %(when)s and recorded on %(recorded)s. The office may record such a decision until %(until)s."),
        when=reading.moment(decision["decided_at"], "", "day").text,
        recorded=reading.moment(recorded, "", "day").text,
        until=reading.moment(until, "", "day").text,
    )


def _as_corrected(reading: PageReader, decision: DecisionEntry) -> str:
    """Returns a sentence about a corrected time. The sentence names the day of the correction, and the day that was
    stated before the correction.
    """
    return reading.language.say(
        N_("As corrected by the office on %(when)s; first recorded as %(stated)s."),
        when=reading.moment(decision["amended_at"] or "", "", "day").text,
        stated=reading.moment(decision["stated_at"], "", "day").text,
    )


def _running(reading: PageReader, days: int, *, late: bool, past: bool) -> str:
    count, say = reading.language.count, reading.language.say
    if late:
        ago = count(NN_("%(num)s day ago", "%(num)s days ago"), days) if days else say(N_("today"))
        return say(N_("Late: this date passed %(ago)s."), ago=ago)
    if past:
        return say(N_("Not late: the clock was stopped before this date. The date moves when the clock runs again."))
    left = count(NN_("in %(num)s day", "in %(num)s days"), -days) if days else say(N_("today"))
    return say(N_("On time: %(left)s."), left=left)


def _settled(reading: PageReader, event: str, days: int, *, late: bool) -> str:
    if event in WITHOUT_OUTCOME:
        return ""
    if event == "deemed-approved":
        return reading.language.say(N_("Not kept: no decision came by this date."))
    decided = event in ("approved", "rejected")
    if not late:
        in_time = N_("Kept: the decision came in time.") if decided else N_("Kept: the application ended in time.")
        return reading.language.say(in_time)
    if days == 0:
        same_day = (
            N_("Not kept: the decision came later that day.")
            if decided
            else N_("Not kept: the application ended later that day.")
        )
        return reading.language.say(same_day)
    if decided:
        late_by = NN_("Not kept: the decision came %(num)s day late.", "Not kept: the decision came %(num)s days late.")
    else:
        late_by = NN_(
            "Not kept: the application ended %(num)s day late.", "Not kept: the application ended %(num)s days late."
        )
    return reading.language.count(late_by, days)


def _remarks(reading: PageReader, promise: PlainPromise) -> list[str]:
    row, language = reading.row, reading.language
    remarks = []
    if promise["unit"] == Unit.SOURCE:
        remarks.append(language.say(N_("This deadline comes from the agency's data. Jejak did not calculate it.")))
    elif row["complete_at"]:
        length = language.count(UNITS[promise["unit"]], promise["n"])
        remarks.append(_counted(reading, promise, length, row["complete_at"]))
        remarks += _by_law(reading)
    remarks += moves(reading)
    legal = row["ledger"]["legal"]
    if legal and legal[-1]["until"] is None and not legal[-1]["running"]:
        remarks.append(
            language.say(
                N_("While your application waits, the clock is stopped. The date shown does not include this pause.")
            )
        )
    return remarks


def _counted(reading: PageReader, promise: PlainPromise, length: str, complete_at: str) -> str:
    """Returns a sentence that names the day from which the promise is counted. From this day, the citizen can count the
    days up to the promised date.
    """
    language, counted_from = reading.language, promise["counted_from"]
    if counted_from is None:
        since = reading.moment(complete_at, reading.row["office"], "day").text
        return language.say(N_("%(length)s, counted from %(since)s."), length=length, since=since)
    text = (
        N_("%(length)s. Received after closing time, so counted from %(day)s.")
        if _on_an_open_day(reading, parse_instant(complete_at))
        else N_("%(length)s. Received on a day when the office was closed, so counted from %(day)s.")
    )
    return language.say(text, length=length, day=language.day(date.fromisoformat(counted_from)))


def _on_an_open_day(reading: PageReader, at: datetime) -> bool:
    """Returns whether the office is open on the day of `at`. Returns True if no calendar covers this day."""
    code = reading.row["office"]
    known = reading.registry.calendar_from(at, code) if reading.office else None
    if known is None:
        return True
    hours = reading.registry.opening_hours(code, reading.row["service"])
    return is_working_day(_day(at, hours.zone), known[0], hours)


def moves(reading: PageReader) -> list[str]:
    """Returns one sentence for each change of the promised date. So the page still shows every date that the citizen
    saw before.
    """
    promises = reading.row["promises"]
    return [_move(reading, was, now) for was, now in pairwise(promises) if was["due_at"] != now["due_at"]]


def _move(reading: PageReader, was: PromiseEntry, now: PromiseEntry) -> str:
    zone, language = reading.zone(""), reading.language
    before, after = (parse_instant(promise["due_at"]) for promise in (was, now))
    show = language.at_time if now["unit"] in HOURLY else language.on_day
    dates = {"was": show(before, zone).text, "now": show(after, zone).text}
    match now["why"]:
        case "pause":
            text = N_("It was %(was)s, now %(now)s, because the clock was paused for %(length)s.")
            return language.say(text, **dates, length=_moved_by(reading, now["unit"], before, after))
        case "extension":
            text = N_("It was %(was)s, now %(now)s, because the deadline was extended: %(basis)s.")
            return language.say(text, **dates, basis=_basis(reading, now["extension"] or ""))
        case "transfer":
            return language.say(N_("It was %(was)s, now %(now)s, because another office took the file over."), **dates)
        case "calendar":
            return language.say(N_("It was %(was)s, now %(now)s, because the days off changed."), **dates)
        case _:
            return language.say(N_("It was %(was)s, now %(now)s, because the file was declared complete."), **dates)


def _basis(reading: PageReader, extension: str) -> str:
    listed = (reading.standard.extensions if reading.standard else None) or ()
    return next((each.basis for each in listed if each.code == extension), extension)


def _moved_by(reading: PageReader, unit: str, before: datetime, after: datetime) -> str:
    """Returns in words by how much the promised date moved from `before` to `after`. If the promise is counted in
    working days or in calendar days, the length has the same unit. Otherwise the length is in days and hours.
    """
    if unit in HOURLY:
        return length(reading.language, after - before)
    zone, code = reading.zone(""), reading.row["office"]
    first, last = _day(before, zone), _day(after, zone)
    days = [first + timedelta(days=place) for place in range(1, (last - first).days + 1)]
    calendars = reading.registry.calendar_from(before, code) if reading.office else None
    if unit != Unit.WORKING_DAYS or calendars is None or last > calendars[0].last_day:
        return reading.language.count(UNITS[Unit.CALENDAR_DAYS], len(days))
    hours = reading.registry.opening_hours(code)
    return reading.language.count(UNITS[unit], sum(is_working_day(day, calendars[0], hours) for day in days))


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()
