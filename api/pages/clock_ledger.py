"""The clock ledger in words: the page lists the events that started, paused or stopped the two clocks. The page also
lists the durations and the holders of the file.

Example of a line: "The office's clock is paused", "Documents returned for correction", "2 days". If a span has not
ended, it is measured up to the time of the request. A day has 24 hours.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from api.pages.history import event_text
from api.pages.language import Language, Moment
from api.pages.reader import PageReader
from api.pages.words import CLOCKS, GROUNDS, N_, NN_, PARTIES
from domain.application.status import Status
from domain.clocks.ledger import Clock, MarkKind, Party
from domain.json_values import parse_instant
from projections.clock_ledger import ShownEntry, ShownSpan
from projections.timeline import ShownEvent

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
NO_BREAK = "\N{NO-BREAK SPACE}"
"""This character keeps a number and its unit on one line, because the column of durations is narrow."""


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One entry of the ledger. `event` is the name of the event. `what` says in words how the event changed a clock.
    `length` is the time until the next entry of the same clock.
    """

    when: Moment
    what: str
    event: str
    office: str
    length: str


@dataclass(frozen=True, slots=True)
class ClockLedger:
    """`whole` states the citizen's total time in one sentence. `hands` lists each holder of the file with the holder's
    total time.
    """

    whole: str
    lines: list[LedgerLine]
    hands: list[tuple[str, str]]


def clock_ledger(reading: PageReader) -> ClockLedger | None:
    """Returns the clock ledger in words. Returns None before the submission, because then no clock has started. Returns
    None too if the import of the application was taken back, because then no time counts.
    """
    ledger = reading.row["ledger"]
    if not ledger["entries"] or reading.row["status"] == Status.IMPORT_UNDONE:
        return None
    return ClockLedger(_whole(reading), _lines(reading), _hands(reading))


def _whole(reading: PageReader) -> str:
    citizen = reading.row["ledger"]["citizen"]
    if citizen is None:
        return ""
    text = N_("From submission to the end: %(length)s.") if citizen["until"] else N_("Since submission: %(length)s.")
    return reading.language.say(text, length=length(reading.language, _span(reading, citizen)))


def _lines(reading: PageReader) -> list[LedgerLine]:
    """Returns the lines of the ledger. A line names its office only if the office differs from the office of the
    previous line.
    """
    entries = reading.row["ledger"]["entries"]
    events = {entry["version"]: entry for entry in reading.row["timeline"]}
    before = ["", *(entry["office"] for entry in entries)]
    return [
        LedgerLine(
            when=reading.moment(entry["at"], entry["office"], events[entry["version"]]["at_quality"]),
            what=reading.language.say(CLOCKS[entry["clock"], entry["kind"]]),
            event=_event(reading, entry, events[entry["version"]]),
            office=reading.office_name(entry["office"]) if entry["office"] != before[place] else "",
            length=_length(reading, entry, entries[place:]),
        )
        for place, entry in enumerate(entries)
    ]


def _event(reading: PageReader, entry: ShownEntry, event: ShownEvent) -> str:
    """Returns the event in words. If the event pauses a clock, the text also contains the reason of the pause."""
    text = event_text(reading, event)
    if entry["ground"] is None or "ground" in event["data"]:
        return text
    return f"{text} ({reading.word(GROUNDS, entry['ground'])})"


def _length(reading: PageReader, entry: ShownEntry, ahead: list[ShownEntry]) -> str:
    """Returns the time until the next entry of the legal clock. For the citizen's clock, the text is empty: the page
    shows the total of this clock above the table.
    """
    if entry["kind"] == MarkKind.STOP or entry["clock"] == Clock.CITIZEN:
        return ""
    until = next((other["at"] for other in ahead[1:] if other["clock"] == Clock.LEGAL), None)
    return length(reading.language, _span(reading, {"since": entry["at"], "until": until}))


def _hands(reading: PageReader) -> list[tuple[str, str]]:
    totals: dict[str, timedelta] = {}
    for span in reading.row["ledger"]["holders"]:
        who = holder_name(reading, span["holder"], span["office"])
        totals[who] = totals.get(who, timedelta()) + _span(reading, span)
    return [(who, length(reading.language, total)) for who, total in totals.items()]


def holder_name(reading: PageReader, holder: str, office: str) -> str:
    """Returns the name of the holder. The name of the holder's office is added if another office has the file now."""
    who = reading.word(PARTIES, holder)
    named = holder == Party.OTHER_AGENCY or office not in ("", reading.row["office"])
    return f"{who}: {reading.office_name(office)}" if named else who


def _span(reading: PageReader, span: ShownSpan) -> timedelta:
    until: datetime = parse_instant(span["until"]) if span["until"] else reading.now
    return max(until - parse_instant(span["since"]), timedelta())


def length(language: Language, span: timedelta) -> str:
    """Returns a duration in days and hours. A duration of less than one day is in hours and minutes. Smaller units are
    left out.
    """
    if span < MINUTE:
        return language.say(N_("less than a minute"))
    days, rest = divmod(span, DAY)
    hours, rest = divmod(rest, HOUR)
    parts = [(NN_("%(num)s day", "%(num)s days"), days), (NN_("%(num)s hour", "%(num)s hours"), hours)]
    if not days:
        parts = [parts[1], (NN_("%(num)s minute", "%(num)s minutes"), rest // MINUTE)]
    amounts = (language.count(forms, amount) for forms, amount in parts if amount)
    return " ".join(text.replace(" ", NO_BREAK) for text in amounts)
