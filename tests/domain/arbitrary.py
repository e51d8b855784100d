"""Hypothesis strategies: any act, any command and any event, even if it makes no sense."""

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any, get_args
from uuid import UUID

from hypothesis import strategies as st

from domain.application import commands
from domain.application.events import ApplicationEvent, DefectiveDocument, Recorded
from domain.application.standing import REVISING
from domain.application.status import ENDS, MOVES
from domain.codes import (
    Amendment,
    Channel,
    Defect,
    Quality,
    Role,
)
from domain.provenance import Act, Promise
from domain.registry.calendar import Unit
from tests.builders import (
    INFORMATION,
    KTP,
    KTP_STAGES,
    MAKASSAR,
    MONDAY,
    NUMBER,
    OFFICER,
    OLD_PERMIT,
    PROMISE,
    SEMARANG,
    SIP,
    SORONG,
)

UNKNOWN = "no-such-code"
RUNS = (UUID(int=1), UUID(int=2))
"""Runs of imports."""

offices = st.sampled_from([SEMARANG, MAKASSAR, SORONG, UNKNOWN])
instants = st.integers(0, 72).map(lambda hours: MONDAY + timedelta(hours=hours))
st.register_type_strategy(datetime, instants)
"""The strategy for fields of type `datetime`: no event holds an instant without a zone, or in the year 1."""
requirements = st.sampled_from(["family-card", "photograph", UNKNOWN])
of_the_source = Promise(unit=Unit.SOURCE, n=0, due_at=MONDAY, standard="ktp-el@3", calendar="", rule="source")
promises = st.sampled_from([None, PROMISE, of_the_source])
defective = st.builds(DefectiveDocument, requirement=requirements, defect=st.sampled_from(Defect))

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "service": st.sampled_from([KTP, INFORMATION, SIP, OLD_PERMIT, UNKNOWN]),
    "standard": st.sampled_from([3, 1, 9]),
    "number": st.just(NUMBER),
    "district": st.sampled_from([None, "33.74.01", "99.99.01"]),
    "regency": st.sampled_from([None, "33.74", "99.99"]),
    "promise": promises,
    "deviates": st.sampled_from([None, "status-forbids"]),
    "missing": st.lists(requirements, max_size=2).map(tuple),
    "documents": st.lists(defective, max_size=2).map(tuple),
    "stage": st.sampled_from([*(stage.code for stage in KTP_STAGES), "advice", "drafting", UNKNOWN]),
    "referral": st.integers(0, 3),
    "to": offices,
    "officer": st.sampled_from([OFFICER, UUID(int=9)]),
    "ground": st.sampled_from(["awaiting-correction", "awaiting-payment", UNKNOWN]),
    "amends": st.integers(-1, 12),
    "amendment": st.sampled_from(Amendment),
    "corrected_at": st.none() | instants,
    "run": st.sampled_from(RUNS),
    "events": st.lists(st.integers(1, 12), max_size=6).map(tuple),
}
"""The strategy for each field name. For enumerations and booleans, the field's type is enough."""


def any_of(kinds: Iterable[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for instances of these classes, with any field values."""
    return st.one_of([_made(kind) for kind in kinds])


def _made(kind: Any) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{field.name: _strategy(field) for field in fields(kind) if field.name in FIELDS})


def _strategy(field: Any) -> st.SearchStrategy[Any]:
    """A field without a default is never None."""
    strategy = FIELDS[field.name]
    return strategy if field.default is None else strategy.filter(lambda value: value is not None)


ENDING_COMMANDS = {commands.Reject, commands.HandOver, commands.Withdraw, commands.Lapse, commands.Cancel}
ORDINARY = tuple(kind for kind in get_args(ApplicationEvent) if kind not in REVISING)
"""Events after which the earlier events still stand. Tests of the others: tests/domain/application/test_standing.py."""
ENDING_EVENTS = {kind for kind, status in MOVES.items() if status in ENDS and kind in ORDINARY}
onward_commands: st.SearchStrategy[commands.Command] = any_of(
    kind for kind in get_args(commands.Command) if kind not in ENDING_COMMANDS
)
ending_commands: st.SearchStrategy[commands.Command] = any_of(sorted(ENDING_COMMANDS, key=str))
onward_events: st.SearchStrategy[ApplicationEvent] = any_of(kind for kind in ORDINARY if kind not in ENDING_EVENTS)
ending_events: st.SearchStrategy[ApplicationEvent] = any_of(sorted(ENDING_EVENTS, key=str))
events: st.SearchStrategy[ApplicationEvent] = any_of(ORDINARY)
acts = st.builds(
    Act,
    at=instants,
    by=st.sampled_from(Role),
    channel=st.sampled_from(Channel),
    at_quality=st.sampled_from(Quality),
    actor=st.none() | st.just(OFFICER),
    office=offices | st.just(""),
)


def numbered(happened: list[tuple[Act, ApplicationEvent]]) -> list[Recorded]:
    return [
        Recorded(version=version, act=act, event=event, recorded_at=act.at)
        for version, (act, event) in enumerate(happened, start=1)
    ]


imported = st.builds(replace, acts, by=st.just(Role.IMPORT), actor=st.sampled_from(RUNS))
revising: st.SearchStrategy[ApplicationEvent] = any_of(REVISING)
revised_histories: st.SearchStrategy[list[Recorded]] = st.lists(
    st.tuples(imported | acts, events) | st.tuples(acts, revising), min_size=1, max_size=20
).map(numbered)
"""With imports that are taken back, and events that stand again, in any order."""
histories: st.SearchStrategy[list[Recorded]] = st.lists(st.tuples(acts, events), min_size=1, max_size=30).map(numbered)
