"""The clock ledger in the reader's language: what moved the two clocks, how long, and in whose hands the file was.

What is still open is measured up to now, which only the page knows. Days are of 24 hours.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from api.pages.history import said
from api.pages.language import Language, Moment
from api.pages.reader import PageReader
from api.pages.words import CLOCKS, GROUNDS, N_, NN_, PARTIES
from domain.clocks.ledger import Clock, MarkKind, Party
from domain.json_values import parse_instant
from projections.clock_ledger import ShownEntry, ShownSpan
from projections.timeline import TimelineEntry

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """`event` did `what`; `length` until the next line of the same clock."""

    when: Moment
    what: str
    event: str
    office: str
    length: str


@dataclass(frozen=True, slots=True)
class ClockLedger:
    """`hands`: who, and how long in all."""

    whole: str
    lines: list[LedgerLine]
    hands: list[tuple[str, str]]


def clock_ledger(reading: PageReader) -> ClockLedger | None:
    """None where nothing was submitted and no clock ran."""
    ledger = reading.row["ledger"]
    if not ledger["entries"]:
        return None
    return ClockLedger(_whole(reading), _lines(reading), _hands(reading))


def _whole(reading: PageReader) -> str:
    citizen = reading.row["ledger"]["citizen"]
    if citizen is None:
        return ""
    text = N_("From submission to the end: %(length)s.") if citizen["until"] else N_("Since submission: %(length)s.")
    return reading.language.say(text, length=length(reading.language, _span(reading, citizen)))


def _lines(reading: PageReader) -> list[LedgerLine]:
    """The office is named where it is another one than on the line before."""
    entries = reading.row["ledger"]["entries"]
    told = {entry["version"]: entry for entry in reading.row["timeline"]}
    before = ["", *(entry["office"] for entry in entries)]
    return [
        LedgerLine(
            when=reading.moment(entry["at"], entry["office"], told[entry["version"]]["at_quality"]),
            what=reading.language.say(CLOCKS[entry["clock"], entry["kind"]]),
            event=_event(reading, entry, told[entry["version"]]),
            office=reading.office_name(entry["office"]) if entry["office"] != before[place] else "",
            length=_length(reading, entry, entries[place:]),
        )
        for place, entry in enumerate(entries)
    ]


def _event(reading: PageReader, entry: ShownEntry, event: TimelineEntry) -> str:
    """With the ground, where the event's own words do not say it."""
    text = said(reading, event)
    if entry["ground"] is None or "ground" in event["data"]:
        return text
    return f"{text} ({reading.word(GROUNDS, entry['ground'])})"


def _length(reading: PageReader, entry: ShownEntry, ahead: list[ShownEntry]) -> str:
    """The citizen's time counts whole; it is said above the table."""
    if entry["kind"] == MarkKind.STOP or entry["clock"] == Clock.CITIZEN:
        return ""
    until = next((other["at"] for other in ahead[1:] if other["clock"] == Clock.LEGAL), None)
    return length(reading.language, _span(reading, {"since": entry["at"], "until": until}))


def _hands(reading: PageReader) -> list[tuple[str, str]]:
    totals: dict[str, timedelta] = {}
    for span in reading.row["ledger"]["holders"]:
        who = hands(reading, span["holder"], span["office"])
        totals[who] = totals.get(who, timedelta()) + _span(reading, span)
    return [(who, length(reading.language, total)) for who, total in totals.items()]


def hands(reading: PageReader, holder: str, office: str) -> str:
    """The office is named where it is another one than holds the file now."""
    who = reading.word(PARTIES, holder)
    named = holder == Party.OTHER_AGENCY or office not in ("", reading.row["office"])
    return f"{who}: {reading.office_name(office)}" if named else who


def _span(reading: PageReader, span: ShownSpan) -> timedelta:
    until: datetime = parse_instant(span["until"]) if span["until"] else reading.now
    return max(until - parse_instant(span["since"]), timedelta())


def length(language: Language, span: timedelta) -> str:
    """In days and hours, or hours and minutes: what is smaller does not matter then."""
    if span < MINUTE:
        return language.say(N_("less than a minute"))
    days, rest = divmod(span, DAY)
    hours, rest = divmod(rest, HOUR)
    parts = [(NN_("%(num)s day", "%(num)s days"), days), (NN_("%(num)s hour", "%(num)s hours"), hours)]
    if not days:
        parts = [parts[1], (NN_("%(num)s minute", "%(num)s minutes"), rest // MINUTE)]
    return " ".join(language.count(forms, amount) for forms, amount in parts if amount)
