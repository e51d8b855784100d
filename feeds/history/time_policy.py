"""Time policies: the mapping contains policies for unclear times. A policy says which instant to use, or leaves out the
event or the whole case.
"""

from collections.abc import Iterable
from datetime import date

from domain.codes import Quality
from feeds.history.mapping import Mapping
from feeds.history.source import Log, SourceCase, SourceError
from feeds.history.time_parsing import ReadTime, TimeReader, TimeUnclear, Trouble

TROUBLES: dict[Trouble, tuple[str, str]] = {
    "unreadable": (
        "a time cannot be read",
        'ISO 8601 such as 2011-10-11T09:21:26+02:00, or other formats, or unreadable_time = "empty" or "leave_out"',
    ),
    "doubled": ("a local time occurs twice in the zone", 'doubled = "earlier", "later" or "leave_out"'),
    "missing": ("a local time does not exist in the zone", 'missing = "earlier", "later" or "leave_out"'),
}
"""Maps each fault of a time to two texts: a description of the fault, and the lines that the mapping needs."""


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
        }

    def instant(self, source: SourceCase, line: int, text: str, clock: TimeReader) -> ReadTime | None:
        """Returns the instant of a text. Returns None if the text is empty or counts as empty. Raises LeftOut,
        SourceError.
        """
        if not text:
            return None
        try:
            return clock.read(text)
        except TimeUnclear as unclear:
            wrong, words = TROUBLES[unclear.trouble]
            match self._side[unclear.trouble]:
                case "leave_out":
                    raise LeftOut(wrong) from unclear
                case "empty":
                    return None
                case _:
                    raise SourceError(self._file, source.place(line), wrong, f"{words} in the mapping") from unclear

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
        if at or self._mapping.empty_time == "previous":
            return at
        if self._mapping.empty_time == "leave_out":
            raise LeftOut("no time")
        wrong = f"an event has no {self._mapping.events.at}"
        raise SourceError(self._file, source.place(line), wrong, 'a time, or empty_time = "previous" in the mapping')

    def undated(self, source: SourceCase) -> date:
        """Returns the day for a case without any time. Raises SourceError."""
        if self._mapping.undated:
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
