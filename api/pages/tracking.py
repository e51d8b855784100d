"""The upper part of the citizen's page: it shows the status, what the reader must do now, and the facts of the
application.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from api.pages.clock_ledger import holder_name
from api.pages.history import defects
from api.pages.language import Moment
from api.pages.notices import unpaid
from api.pages.reader import PageReader
from api.pages.terms import terms
from api.pages.words import CHANNELS, N_, REASONS, REMEDIES, STATUSES
from domain.application.status import ENDS, Status
from domain.codes import Channel
from domain.registry.calendar import OpeningSpan, span_of
from domain.registry.editions import OfficeRegistered


@dataclass(frozen=True, slots=True)
class Duty:
    """The task that somebody must do now. If `pressing` is true, the application waits for the reader. `who` names the
    person or the office that must act now.
    """

    text: str
    items: list[str] = field(default_factory=list)
    pressing: bool = False
    who: str = ""


@dataclass(frozen=True, slots=True)
class FactLine:
    name: str
    text: str
    when: Moment | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """One access: an office opened sealed data of the application."""

    when: Moment
    office: str


def status(reading: PageReader) -> str:
    code = reading.row["status"]
    return reading.word(STATUSES, code) if code else reading.language.say(N_("no status yet"))


def duty(reading: PageReader) -> Duty:
    row, say = reading.row, reading.language.say
    office = reading.office_name(row["office"])
    you, nobody = say(N_("you")), say(N_("nobody"))
    disputed = row["dispute"] is not None and row["dispute"]["state"] == "open"
    match row["status"]:
        case Status.RETURNED:
            text = say(N_("Correct these documents and hand them in at %(office)s:"), office=office)
            return Duty(text, defects(reading, row["to_correct"]), pressing=True, who=you)
        case Status.READY | Status.HANDED_OVER if disputed:
            text = say(N_("Nothing. The office must answer your dispute."))
            return Duty(text, who=office)
        case Status.READY:
            return Duty(say(N_("Collect it at %(office)s."), office=office), pressing=True, who=you)
        case Status.REJECTED if row["rejection"]:
            return Duty(reading.word(REMEDIES, row["rejection"]["remedy"]), who=nobody)
        case Status.IMPORT_UNDONE:
            return Duty(say(N_("Nothing. If you have a question, ask %(office)s."), office=office), who=nobody)
        case ended if ended in ENDS:
            return Duty(say(N_("Nothing. This application has ended.")), who=nobody)
        case _ if unpaid(reading):
            return Duty(say(N_("Please pay. See “Payments” below.")), pressing=True, who=you)
        case _:
            return Duty(say(N_("Nothing. Each new step will appear on this page.")), who=_turn(reading))


def _turn(reading: PageReader) -> str:
    """Returns a text with the holder of the file and the name of the holder's office."""
    holders = reading.row["ledger"]["holders"]
    if not holders:
        return reading.office_name(reading.row["office"])
    who, office = holder_name(reading, holders[-1]["holder"], holders[-1]["office"]), holders[-1]["office"]
    return f"{who}, {reading.office_name(office)}" if office == reading.row["office"] else who


def rejection(reading: PageReader) -> str | None:
    rejected = reading.row["rejection"]
    return reading.word(REASONS, rejected["reason"]) if rejected else None


def facts(reading: PageReader) -> list[FactLine]:
    row, say = reading.row, reading.language.say
    return [
        FactLine(say(N_("Fee")), _fee(reading)),
        FactLine(say(N_("Office")), reading.office_name(row["office"])),
        *_opening(reading),
        *_submitted(reading),
        *(FactLine(name, text) for name, text in terms(reading)),
    ]


def _fee(reading: PageReader) -> str:
    standard, say = reading.standard, reading.language.say
    if standard is None or standard.imported:
        return say(N_("not stated by the agency"))
    if standard.fee_idr is None:
        return say(N_("depends on your case; ask at the counter"))
    if standard.fee_idr == 0:
        return say(N_("free of charge"))
    return reading.language.rupiah(standard.fee_idr)


def _opening(reading: PageReader) -> list[FactLine]:
    """Returns the opening hours of today, in the time zone of the office. Imported offices have no opening hours."""
    office, language = reading.office, reading.language
    if office is None or office.imported or not any(day.opens for day in office.opening_days):
        return []
    local = reading.now.astimezone(ZoneInfo(office.zone))
    name = language.say(N_("Open today, %(weekday)s"), weekday=language.weekday(local.date()))
    today = _span(reading, office, local.date())
    if today is None:
        return [FactLine(name, language.say(N_("closed")))]
    hours = f"{_clock(reading, local, today[0])}–{_clock(reading, local, today[1])}"  # noqa: RUF001 - a span
    return [FactLine(name, f"{hours} {language.zone(local, office.zone)}")]


def _clock(reading: PageReader, local: datetime, at: time) -> str:
    return local.replace(hour=at.hour, minute=at.minute).strftime(reading.language.clock)


def _span(reading: PageReader, office: OfficeRegistered, day: date) -> OpeningSpan | None:
    """Returns the opening hours of the service's counter on `day`. If no calendar covers today, returns the usual
    opening hours of that weekday.
    """
    calendars = reading.registry.calendar_from(reading.now, office.code)
    hours = reading.registry.opening_hours(office.code, reading.row["service"])
    return span_of(day, calendars[0], hours) if calendars else hours.days[day.weekday()]


def _submitted(reading: PageReader) -> list[FactLine]:
    row, say = reading.row, reading.language.say
    if row["submitted_at"] is None:
        return []
    entry = next(entry for entry in row["timeline"] if entry["event"] == "submitted")
    when = reading.moment(row["submitted_at"], entry["office"], entry["at_quality"])
    submitted = FactLine(say(N_("Submitted on")), when.text, when)
    if row["channel"] is None or row["channel"] == Channel.UNKNOWN:
        return [submitted]
    return [submitted, FactLine(say(N_("Way of applying")), reading.word(CHANNELS, row["channel"]))]


def opened(reading: PageReader, accesses: list[dict[str, Any]]) -> list[Opened]:
    return [
        Opened(reading.moment(_text(access["at"]), access["office"]), reading.office_name(access["office"]))
        for access in accesses
    ]


def _text(at: datetime | str) -> str:
    return at.isoformat() if isinstance(at, datetime) else at


def example(reading: PageReader) -> bool:
    """Returns whether the service or the office is an example. An application for an example service, or at an example
    office, is not real.
    """
    standard, office = reading.standard, reading.office
    return bool((standard and standard.example) or (office and office.example))


def as_of(reading: PageReader) -> Moment:
    return reading.language.at_time(reading.now, reading.zone(""))
