"""The ledger shows when the two clocks of an application started, paused, resumed and stopped, and who held the file.

    ledger : {Mark} -> Ledger

The functions are pure and do not depend on the current time.

The *legal clock* runs from completeness to the first outcome. The legal clock stands still while at least one pause is
open, so overlapping pauses count as one pause. The *citizen clock* runs from submission to the hand-over, or to an end
without a product. The citizen clock never pauses and never resets. If the office reopens the application after a
dispute, the hand-over is taken back. The citizen clock then runs on as if there had been no hand-over.

Marks are sorted by `at`, so the order of arrival does not change the ledger. Marks with equal `at` are sorted by their
stream version. If the time of an event is amended, all marks of this event move.

The holder of the file is the first entry of this list that applies:

1. the applicant, while the file is returned;
2. `external`, while a payment is awaited;
3. the other agency, while a referral is open;
4. the holder of the open stage that was entered last, or the front office while the product is ready for collection;
5. the front office until the file is complete, the back office after that.

If an entry of the list applies twice, for example because two referrals are open, the latest mark names the holder. An
outcome ends open returns and referrals. The spans of the holders cover the whole time of the citizen clock without
gaps.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.application.pauses import RETURN
from domain.clocks.marks import OF_A_REFERRAL, Clock, Mark, MarkKind, Party, marks_of
from domain.rules import rests_on

__all__ = ["Clock", "Mark", "MarkKind", "Party", "ledger", "marks_of", "outcome_of"]

LAST_MINUTE_PERCENT = rests_on("last-minute")(20)
"""The length of the last part of the promised time, in percent. A return in this part is a last-minute return. A
standard may set another value.
"""

WAITED_FOR: Mapping[Party | None, int] = {Party.APPLICANT: 3, Party.EXTERNAL: 2, Party.OTHER_AGENCY: 1}
"""The ranks of the parties that an office may wait for. The party with the highest rank is the holder. A stage has rank
0.
"""
OF_STAGES = ("stage-entered", "stage-completed")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One line of the ledger. `kind` says whether `clock` starts, pauses, resumes, stops or restarts.

    `mark` is the mark that caused the line.
    """

    clock: Clock
    kind: MarkKind
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span of time, in UTC. `until` is None while the span is open."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalSpan(Span):
    running: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderSpan(Span):
    """A span in which one party holds the file.

    `office` is the code of the office that holds the file. `office` is "" if the applicant or an external party holds
    the file.
    """

    holder: Party
    office: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """`pauses` is the number of pauses. Overlapping pauses count as one pause.

    `restarts` is the number of reopenings after a hand-over, plus the number of repeated declarations of completeness.
    """

    returns: int
    last_minute_returns: int
    restarts: int
    pauses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTimes:
    """The times of the two clocks. `legal` has no gaps, overlaps or empty spans.

    `citizen` is None if the application was never submitted.
    """

    entries: tuple[LedgerEntry, ...]
    legal: tuple[LegalSpan, ...]
    citizen: Span | None
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger(ClockTimes):
    """`holders` has no gaps, overlaps or empty spans. If the application was never submitted, `holders` is empty."""

    holders: tuple[HolderSpan, ...]


def ledger(marks: Iterable[Mark]) -> Ledger:
    """Return the ledger of these marks. The order of `marks` does not matter."""
    ordered = in_order(marks)
    times = clock_times(ordered)
    return Ledger(
        entries=times.entries,
        legal=times.legal,
        citizen=times.citizen,
        counts=times.counts,
        holders=tuple(holder_spans(ordered, times.citizen)) if times.citizen else (),
    )


def clock_times(ordered: Sequence[Mark]) -> ClockTimes:
    """Return the times of the two clocks. `ordered` is the result of `in_order`."""
    legal, paused = _legal(ordered)
    citizen, whole = _citizen(ordered)
    entries = sorted((*citizen, *legal), key=lambda entry: entry.mark.at)
    return ClockTimes(
        entries=tuple(entries),
        legal=tuple(_legal_spans(legal)),
        citizen=whole,
        counts=_counts(ordered, entries, paused),
    )


def _counts(ordered: Sequence[Mark], entries: Iterable[LedgerEntry], paused: int) -> Counts:
    return Counts(
        returns=sum(mark.kind is MarkKind.TAKEN and mark.name == RETURN for mark in ordered),
        last_minute_returns=len(last_minute_returns(ordered)),
        restarts=sum(entry.kind is MarkKind.RESTART for entry in entries),
        pauses=paused,
    )


def in_order(marks: Iterable[Mark]) -> list[Mark]:
    """Apply the amendments to the marks, and return the marks sorted by time.

    Imported history may amend an event several times. Then the amendment with the highest stream version is used.
    """
    recorded = sorted(marks, key=_place)
    moves = sorted((mark for mark in recorded if mark.kind is MarkKind.MOVED), key=lambda mark: mark.version)
    moved = {mark.amends: mark.corrected_at for mark in moves}
    void = {mark.amends for mark in recorded if mark.kind is MarkKind.VOID}
    if not moved and not void:
        return recorded
    standing = (mark for mark in recorded if mark.version not in void or mark.cause not in OF_STAGES)
    return sorted((mark._replace(at=moved.get(mark.version) or mark.at) for mark in standing), key=_place)


def _place(mark: Mark) -> tuple[datetime, int, MarkKind, str]:
    return mark.at, mark.version, mark.kind, mark.name


def outcome_of(marks: Iterable[Mark]) -> Mark | None:
    """Return the outcome in force, which is the outcome with the lowest stream version.

    A decision that happened earlier but was recorded later does not replace the outcome in force.
    """
    stops = (mark for mark in in_order(marks) if mark.clock is Clock.LEGAL and mark.kind is MarkKind.STOP)
    return min(stops, key=lambda mark: mark.version, default=None)


def _legal(ordered: Sequence[Mark]) -> tuple[list[LedgerEntry], int]:
    """Return the entries of the legal clock, and the number of pauses."""
    entries: list[LedgerEntry] = []
    pausing: dict[str, Mark] = {}

    def enter(kind: MarkKind, mark: Mark) -> None:
        entries.append(LedgerEntry(clock=Clock.LEGAL, kind=kind, mark=mark))

    for mark in (mark for mark in ordered if mark.clock is Clock.LEGAL):
        started, stands = bool(entries), bool(pausing)
        match mark.kind:
            case MarkKind.START:
                enter(MarkKind.RESTART if started else MarkKind.START, mark)
                if stands and not started:
                    enter(MarkKind.PAUSE, next(iter(pausing.values()))._replace(at=mark.at))
            case MarkKind.PAUSE:
                pausing.setdefault(mark.name, mark)
                if started and not stands:
                    enter(MarkKind.PAUSE, mark)
            case MarkKind.RESUME:
                pausing.pop(mark.name, None)
                if started and stands and not pausing:
                    enter(MarkKind.RESUME, mark)
            case _:
                if started:
                    enter(MarkKind.STOP, mark)
                break
    return entries, sum(entry.kind is MarkKind.PAUSE for entry in entries)


def _legal_spans(entries: Sequence[LedgerEntry]) -> Iterator[LegalSpan]:
    turns = [entry for entry in entries if entry.kind is not MarkKind.RESTART]
    ends = [entry.mark.at for entry in turns[1:]]
    for entry, until in zip(turns, [*ends, None], strict=False):
        if entry.kind is not MarkKind.STOP and until != entry.mark.at:
            yield LegalSpan(since=entry.mark.at, until=until, running=entry.kind is not MarkKind.PAUSE)


def _citizen(ordered: Sequence[Mark]) -> tuple[list[LedgerEntry], Span | None]:
    """Return the ledger entries and the span of the citizen clock.

    Without a submission there is no citizen clock. If the citizen clock would stop before the submission, it stops at
    the submission.
    """
    marks = [mark for mark in ordered if mark.clock is Clock.CITIZEN]
    start = next((mark for mark in marks if mark.kind is MarkKind.START), None)
    if start is None:
        return [], None
    entries = [LedgerEntry(clock=Clock.CITIZEN, kind=MarkKind.START, mark=start)]
    stopped: Mark | None = None
    for mark in marks:
        if mark.kind is MarkKind.STOP and stopped is None:
            stopped = mark
        elif mark.kind is MarkKind.RESTART and stopped is not None and stopped.cause == "handed-over":
            stopped = None
        else:
            continue
        entries.append(LedgerEntry(clock=Clock.CITIZEN, kind=mark.kind, mark=mark))
    return entries, Span(since=start.at, until=max(start.at, stopped.at) if stopped else None)


def holder_spans(ordered: Sequence[Mark], whole: Span) -> Iterator[HolderSpan]:
    """Return the spans of the holders within `whole`, the span of the citizen clock.

    Neighbouring spans of one holder are merged.
    """
    turns: list[tuple[datetime, Party, str]] = []
    for at, holder, office in _turns(ordered):
        since = max(at, whole.since)
        if turns and turns[-1][0] == since:
            turns.pop()
        if not turns or turns[-1][1:] != (holder, office):
            turns.append((since, holder, office))
    ends = [at for at, _, _ in turns[1:]]
    for (since, holder, office), end in zip(turns, [*ends, whole.until], strict=True):
        until = end if whole.until is None or end is None else min(end, whole.until)
        if whole.until is None or since < whole.until:
            yield HolderSpan(since=since, until=until, holder=holder, office=office)


def _turns(ordered: Sequence[Mark]) -> Iterator[tuple[datetime, Party, str]]:
    taken: dict[str, Mark] = {}
    office, otherwise, decided = "", Party.FRONT_OFFICE, False
    for mark in ordered:
        match mark.kind:
            case MarkKind.TAKEN if decided and mark.name == RETURN:
                continue
            case MarkKind.TAKEN:
                taken.pop(mark.name, None)
                taken[mark.name] = mark
            case MarkKind.RELEASED:
                taken.pop(mark.name, None)
            case MarkKind.OFFICE:
                office = mark.office
            case MarkKind.START if mark.clock is Clock.LEGAL:
                otherwise = Party.BACK_OFFICE
            case MarkKind.STOP if mark.clock is Clock.LEGAL:
                otherwise, decided = Party.BACK_OFFICE, True
                taken = {name: m for name, m in taken.items() if name != RETURN and not name.startswith(OF_A_REFERRAL)}
            case _:
                continue
        yield mark.at, *_hands(taken, office, otherwise)


def _hands(taken: dict[str, Mark], office: str, otherwise: Party) -> tuple[Party, str]:
    """Return the present holder and the holder's office. The mark with the highest rank names the holder. If several
    marks have this rank, the latest of these marks names the holder.
    """
    if not taken:
        return otherwise, office
    last = max(reversed(taken.values()), key=_rank)
    return last.holder or otherwise, last.office if last.holder in WAITED_FOR else office


def _rank(mark: Mark) -> int:
    return WAITED_FOR.get(mark.holder, 0)


def last_minute_returns(ordered: Sequence[Mark]) -> list[datetime]:
    """Return the times of the last-minute returns. A last-minute return is a return in the last part of the promised
    time. `ordered` is the result of `in_order`.

    The promised time goes from completeness to the due date that was in force at the return. Nights and closed days are
    part of the promised time.
    """
    complete_at = due_at = None
    percent = LAST_MINUTE_PERCENT
    returns: list[datetime] = []
    for mark in ordered:
        if mark.kind is MarkKind.START and mark.clock is Clock.LEGAL:
            complete_at = complete_at or mark.at
            percent = mark.percent or percent
        elif mark.kind is MarkKind.PROMISE:
            due_at = mark.due_at
        elif (
            mark.kind is MarkKind.TAKEN
            and mark.name == RETURN
            and complete_at
            and due_at
            and due_at - (due_at - complete_at) * percent / 100 <= mark.at <= due_at
        ):
            returns.append(mark.at)
    return returns
