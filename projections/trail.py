"""Trail: where a file lay at any time, which date was promised then, and how long each side had the file.

A transfer moves nothing of the past: a figure belongs to the office that held the file when the counted fact happened.
So a row keeps the trail, and a figure for an instant in the past reads the trail at that instant.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypedDict

from domain.application.pauses import RETURN
from domain.clocks.ledger import (
    WAITED_FOR,
    Clock,
    HolderSpan,
    Ledger,
    LedgerEntry,
    in_order,
    last_minute_returns,
    ledger,
)
from domain.clocks.marks import Mark, MarkKind
from domain.json_values import instant

HAND_OVER = "handed-over"
"""The cause of the citizen clock's stop by a hand-over."""


class Trail(TypedDict):
    """The trail as JSON values, for instants in the past.

    `held`: since when each office held the file, in the order of time. `promised`: since when each date was promised,
    in the order of the events. `handed_over`: when the product was handed over, and when that was taken back.
    """

    held: list[list[str]]
    promised: list[list[str]]
    handed_over: list[list[str | None]]


class Course:
    """What the marks of one application say. Instants are aware, UTC."""

    def __init__(self, marks: Sequence[Mark]) -> None:
        self.ordered = in_order(marks)
        self.whole: Ledger = ledger(marks)

    def office_at(self, at: datetime) -> str:
        """The office that held the file at this instant; before the submission, the office of the submission."""
        holders = [mark for mark in self.ordered if mark.kind is MarkKind.OFFICE]
        return next((mark.office for mark in reversed(holders) if mark.at <= at), holders[0].office if holders else "")

    def first(self, kind: MarkKind) -> datetime | None:
        """When the first entry of this kind happened to a clock."""
        return next((entry.mark.at for entry in self.whole.entries if entry.kind is kind), None)

    @property
    def first_return(self) -> datetime | None:
        return next((mark.at for mark in self.ordered if mark.kind is MarkKind.TAKEN and mark.name == RETURN), None)

    @property
    def first_last_minute_return(self) -> datetime | None:
        return next(iter(last_minute_returns(self.ordered)), None)

    def own_time(self, until: datetime) -> timedelta | None:
        """The time from the submission to `until` in which the office waited for nobody.

        It waits for the applicant while the file is returned, for the payer, and for another agency that it asked.
        """
        if self.whole.citizen is None:
            return None
        spans = ((span.since, min(span.until or until, until)) for span in self._own_spans())
        return sum((max(end - since, timedelta(0)) for since, end in spans), timedelta(0))

    def _own_spans(self) -> list[HolderSpan]:
        return [span for span in self.whole.holders if span.holder not in WAITED_FOR]

    @property
    def handed_over(self) -> list[tuple[datetime, datetime | None]]:
        """Each hand-over, with the time at which a reopening took it back."""
        turns: list[tuple[datetime, datetime | None]] = []
        for entry in self.whole.entries:
            if _hands_over(entry):
                turns.append((entry.mark.at, None))
            elif entry.clock is Clock.CITIZEN and entry.kind is MarkKind.RESTART:
                turns[-1] = (turns[-1][0], entry.mark.at)
        return turns

    @property
    def handed_over_at(self) -> datetime | None:
        """The hand-over that stands."""
        return next((at for at, back in self.handed_over if back is None), None)

    @property
    def trail(self) -> Trail:
        by_version = sorted(self.ordered, key=lambda mark: mark.version)
        return {
            "held": [[instant(mark.at), mark.office] for mark in self.ordered if mark.kind is MarkKind.OFFICE],
            "promised": [[instant(mark.at), instant(mark.due_at)] for mark in by_version if mark.due_at],
            "handed_over": [[instant(at), instant(back) if back else None] for at, back in self.handed_over],
        }

    @property
    def settled_at(self) -> datetime | None:
        """From this instant on, the trail does not change any more: it ends in the facts that the row states."""
        tells = (MarkKind.OFFICE, MarkKind.PROMISE)
        turns = (mark.at for mark in self.ordered if mark.kind in tells or mark.clock is Clock.CITIZEN)
        return max(turns, default=None)


def _hands_over(entry: LedgerEntry) -> bool:
    return entry.clock is Clock.CITIZEN and entry.kind is MarkKind.STOP and entry.mark.cause == HAND_OVER
