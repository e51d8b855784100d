"""What the mapping says of times that a source leaves unclear: which instant to take, or what to leave out."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from domain.codes import Quality
from feeds.history.mapping import Mapping
from feeds.history.source import SourceCase, SourceError
from feeds.history.time_parsing import ReadTime, TimeReader, TimeUnclear, Trouble

TROUBLES: dict[Trouble, tuple[str, str]] = {
    "unreadable": (
        "a time cannot be read",
        'ISO 8601, as 2011-10-11T09:21:26+02:00, or formats that fit, or unreadable_time = "empty" or "leave_out"',
    ),
    "doubled": ("a local time occurs twice in the zone", 'doubled = "earlier", "later" or "leave_out"'),
    "missing": ("a local time never was in the zone", 'missing = "earlier", "later" or "leave_out"'),
}
"""What is wrong, and the words that the mapping lacks."""


class LeftOut(Exception):
    """A policy of the mapping leaves it out, and says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Policy:
    def __init__(self, file: Path, mapping: Mapping) -> None:
        self._file = file
        self._mapping = mapping
        self._side = {
            "unreadable": mapping.unreadable_time,
            "doubled": mapping.doubled,
            "missing": mapping.missing,
        }

    def instant(self, source: SourceCase, line: int, text: str, clock: TimeReader) -> ReadTime | None:
        """None where nothing is told. Raises LeftOut, SourceError."""
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
        """As `instant`, of what is an event: a date at a weekend may be left out."""
        found = self.instant(source, line, text, clock)
        if found and self._mapping.weekends == "leave_out" and clock.is_weekend(found):
            raise LeftOut("a date at a weekend")
        return found

    def row(self, source: SourceCase, line: int, text: str, clock: TimeReader) -> ReadTime | None:
        """As `happened`, of an event's row; None where the time is that of its neighbour."""
        found = self.happened(source, line, text, clock)
        if found or self._mapping.empty_time == "previous":
            return found
        if self._mapping.empty_time == "leave_out":
            raise LeftOut("no time")
        wrong = f"an event has no {self._mapping.events.at}"
        raise SourceError(self._file, source.place(line), wrong, 'a time, or empty_time = "previous" in the mapping')

    def undated(self, source: SourceCase) -> date:
        """The day of a case that names no time at all. Raises SourceError."""
        if self._mapping.undated:
            return self._mapping.undated
        wrong = "the case has neither a submission time nor an event with one"
        raise SourceError(
            self._file, source.place(source.line), wrong, "one of them, or undated = a date, as 2026-01-01"
        )


def neighbours(times: Iterable[ReadTime | None], otherwise: ReadTime) -> list[ReadTime]:
    """Where there is none, the time before it, or else the first one there is, known by the day only."""
    told = list(times)
    last = next((time for time in told if time), otherwise)
    filled = []
    for time in told:
        last = time or (last[0], Quality.DAY)
        filled.append(last)
    return filled
