"""Standing events: an event stands if the import that brought it was not taken back.

    standing : [Recorded] -> [Recorded]

The state of an application, and every row of a view, is the fold of the events that stand.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.application import events
from domain.application.events import Recorded
from domain.application.import_events import ImportRestored, ImportUndone
from domain.codes import Role

REVISING = (ImportUndone, ImportRestored)
"""After an event of these classes, other events stand than before. So the whole history is folded again."""

NOTHING = ImportUndone(run=UUID(int=0))


@dataclass(frozen=True, slots=True)
class Parted:
    """A history in two parts. `left` holds the events that stand. `undone` maps the version of each event that does not
    stand to this event. `entries` is the whole history, with NOTHING in the place of each event that does not stand.
    """

    left: list[Recorded]
    undone: dict[int, Recorded]
    entries: tuple[Recorded, ...]


def parted(history: Sequence[Recorded]) -> Parted:
    left = standing(history)
    versions = {recorded.version for recorded in left}
    gone = [each for each in history if each.version not in versions and not isinstance(each.event, REVISING)]
    undone = {recorded.version: recorded for recorded in gone}
    entries = tuple(replace(each, event=NOTHING) if each.version in undone else each for each in history)
    return Parted(left, undone, entries)


def standing(history: Sequence[Recorded]) -> list[Recorded]:
    """Return the events that stand, sorted by version. `history` has all events of the stream up to some version.

    If no submission stands, three kinds of events are left: the last submission, without its promise, each PIN reset,
    and the last event that took an import back. So the application keeps its number and its PIN, and its status says
    what happened. Events after the last event of the classes REVISING always stand.
    """
    last = max((place for place, recorded in enumerate(history) if isinstance(recorded.event, REVISING)), default=-1)
    if last < 0:
        return list(history)
    head, tail = history[: last + 1], history[last + 1 :]
    own = runs(head)
    left = [recorded for recorded in head if recorded.version in own]
    if any(isinstance(recorded.event, events.Submitted) for recorded in left):
        return [*left, *tail]
    return [*(_remembered(head) or left or head[-1:]), *tail]


def _remembered(head: Sequence[Recorded]) -> list[Recorded]:
    """Return what is left of an application whose import was taken back, or nothing if it never had a submission."""
    submissions = [
        replace(recorded, event=replace(recorded.event, promise=None))
        for recorded in head
        if isinstance(recorded.event, events.Submitted)
    ]
    if not submissions:
        return []
    resets = [recorded for recorded in head if isinstance(recorded.event, events.PinReset)]
    undone = [recorded for recorded in head if isinstance(recorded.event, ImportUndone)]
    return sorted((submissions[-1], *resets, *undone[-1:]), key=lambda recorded: recorded.version)


def runs(history: Sequence[Recorded]) -> dict[int, UUID | None]:
    """Map the version of each event that stands to the run that brought the event. Other events have None.

    The `actor` of an imported event is the run.
    """
    stands: dict[int, UUID | None] = {}
    undone: set[int] = set()
    for recorded in history:
        match recorded.event:
            case ImportUndone(run=run):
                taken = {version for version, own in stands.items() if own == run}
                undone |= taken
                stands = {version: own for version, own in stands.items() if version not in taken}
            case ImportRestored(run=run, events=again):
                stands |= dict.fromkeys(undone.intersection(again), run)
                undone -= stands.keys()
            case _:
                stands[recorded.version] = recorded.act.actor if recorded.act.by is Role.IMPORT else None
    return stands


def beginning_again(history: Sequence[Recorded]) -> list[Recorded]:
    """Return the events on which a further import of the application builds. If no submission stands, there are none,
    because the import begins with the submission.
    """
    own = runs(history)
    left = [recorded for recorded in history if recorded.version in own]
    return left if any(isinstance(recorded.event, events.Submitted) for recorded in left) else []
