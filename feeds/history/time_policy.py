"""Time policies: the mapping contains policies for unclear times. A policy says which instant to use, or leaves out the
event or the whole case.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from domain.codes import Quality
from feeds.history.mapping import Mapping
from feeds.history.source import Log, SourceCase, SourceError
from feeds.history.time_parsing import ReadTime, TimeReader, TimeUnclear, Trouble, formats_of

TROUBLES: dict[Trouble, tuple[str, str]] = {
    "unreadable": (
        "a time cannot be read",
        'a time such as 2011-10-11 09:21:26, or other formats, or unreadable_time = "empty" or "leave_out"',
    ),
    "doubled": ("a local time occurs twice in the zone", 'doubled = "earlier", "later" or "leave_out"'),
    "missing": ("a local time does not exist in the zone", 'missing = "earlier", "later" or "leave_out"'),
    "order": ("day and month are in the other order", 'one order in the whole column, formats = ["dmy"] or ["mdy"]'),
}
"""Maps each fault of a time to two texts: a description of the fault, and the lines that the mapping needs."""

EXAMPLES = 3
NEIGHBOUR = "no time: the time of another record of the case"
UNREADABLE = "a time cannot be read: treated as empty"
FIRST_EVENT = "no submission time: the time of the first event"
UNDATED = "a case without any time: the day of `undated`"


@dataclass(slots=True)
class Replaced:
    """Counts the times that a policy of the mapping replaces. `places` has the first places in the file, by reason.
    The text of a cell is never kept, because the text may be personal data.
    """

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    places: dict[str, list[str]] = field(default_factory=dict)

    def note(self, reason: str, place: str) -> None:
        self.counts[reason] += 1
        if self.counts[reason] <= EXAMPLES:
            self.places.setdefault(reason, []).append(place)

    @property
    def share(self) -> float:
        return min(self.counts.total() / max(self.rows, 1), 1.0)

    def lines(self) -> list[str]:
        return [f"{count} ({why}), for example {', '.join(self.places[why])}" for why, count in self.counts.items()]


class LeftOut(Exception):
    """This exception means that a policy of the mapping leaves out an event or a whole case. `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Policy:
    def __init__(self, file: Log, mapping: Mapping) -> None:
        self._file = file
        self._mapping = mapping
        self._side = {
            "unreadable": mapping.unreadable_time,
            "doubled": mapping.doubled,
            "missing": mapping.missing,
            "order": None,
        }
        self.replaced = Replaced()

    def instant(self, source: SourceCase, line: int, text: str, clock: TimeReader) -> ReadTime | None:
        """Returns the instant of a text. Returns None if the text is empty or counts as empty. Raises LeftOut,
        SourceError.
        """
        if not text:
            return None
        try:
            at = clock.read(text)
        except TimeUnclear as unclear:
            match self._side[unclear.trouble]:
                case "leave_out":
                    raise LeftOut(TROUBLES[unclear.trouble][0]) from unclear
                case "empty":
                    self.replaced.note(UNREADABLE, source.place(line))
                    return None
                case _:
                    raise self._refusal(source, line, text, clock, unclear.trouble) from unclear
        if clock.proof is None and clock.proves_order(text):
            clock.proof = source.place(line)
        return at

    def _refusal(self, source: SourceCase, line: int, text: str, clock: TimeReader, trouble: Trouble) -> SourceError:
        wrong, expected = TROUBLES[trouble]
        fitting = formats_of(text) if trouble == "unreadable" else []
        if fitting:
            expected = " or ".join(f'formats = ["{word}"]' for word in fitting) + f", or {expected}"
        if trouble == "order":
            wrong = f"{wrong} than in {clock.proof or 'the formats of the mapping'}"
        wrong = f"{wrong}, in the column {clock.column!r}"
        return SourceError(self._file, source.place(line), wrong, f"{expected} in the mapping")

    def happened(self, source: SourceCase, line: int, text: str, clock: TimeReader) -> ReadTime | None:
        """Returns the instant of an event. Works like `instant`, and also applies the policy for weekends. This policy
        may leave out an event at a weekend if only the date of the event is known.
        """
        at = self.instant(source, line, text, clock)
        if at and self._mapping.weekends == "leave_out" and clock.is_weekend(at):
            raise LeftOut("a date at a weekend")
        return at

    def row(self, source: SourceCase, line: int, text: str, clock: TimeReader) -> ReadTime | None:
        """Returns the instant of an event that has its own row. Works like `happened`, and also applies the policy for
        an empty time. Returns None if the event gets the time of the previous event.
        """
        at = self.happened(source, line, text, clock)
        if at:
            return at
        if self._mapping.empty_time == "previous":
            if clock.is_empty(text):
                self.replaced.note(NEIGHBOUR, source.place(line))
            return None
        if self._mapping.empty_time == "leave_out":
            raise LeftOut("no time")
        wrong = f"an event has no {self._mapping.events.at}"
        expected = 'a time, or empty_time = "previous" or "leave_out" in the mapping'
        raise SourceError(self._file, source.place(line), wrong, expected)

    def unsubmitted(self, source: SourceCase, text: str, clock: TimeReader) -> None:
        """Applies the policy for a case whose submission time is empty. The submission may get the time of the first
        event. Raises LeftOut, SourceError.
        """
        match self._mapping.empty_submission:
            case "first_event":
                if clock.is_empty(text):
                    self.replaced.note(FIRST_EVENT, source.place(source.line))
            case "leave_out":
                raise LeftOut("no submission time")
            case _:
                wrong = f"the case has no time in the column {clock.column!r}"
                expected = 'a time, or empty_submission = "first_event" or "leave_out" in the mapping'
                raise SourceError(self._file, source.place(source.line), wrong, expected)

    def undated(self, source: SourceCase) -> date:
        """Returns the day for a case without any time. Raises SourceError."""
        if self._mapping.undated:
            self.replaced.note(UNDATED, source.place(source.line))
            return self._mapping.undated
        wrong = "the case has neither a submission time nor an event with a time"
        raise SourceError(
            self._file, source.place(source.line), wrong, "one of these times, or undated = a date such as 2026-01-01"
        )


def neighbours(times: Iterable[ReadTime | None], otherwise: ReadTime) -> list[ReadTime]:
    """Fills the gaps in a list of times. A missing time is replaced by the previous time. If the list begins with
    missing times, these are replaced by the next time in the list. If all times are missing, each of them is replaced
    by the time in `otherwise`. A replaced time is precise only to the day.
    """
    given = list(times)
    last = next((time for time in given if time), otherwise)
    filled = []
    for time in given:
        last = time or (last[0], Quality.DAY)
        filled.append(last)
    return filled
