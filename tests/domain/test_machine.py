"""Any commands in any order, and any history: what holds of an application whatever happens to it."""

from collections.abc import Sequence
from copy import deepcopy
from itertools import pairwise
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.admission import Record, admit
from domain.application import ENDS, HOLDS, Application, evolve, fold
from domain.commands import Command, CompleteStage, EnterStage
from domain.data import instant
from domain.decisions import decide
from domain.errors import Refusal, all_refusals
from domain.events import Act, ApplicationEvent, RecordAmended, Recorded, StageCompleted, StageEntered
from domain.writes import TOPICS_OF
from projections.progress import Row, project
from tests.builders import APPLICATION, KTP_STANDARD, MAKASSAR, REGISTRY, SEMARANG, an_act
from tests.domain import arbitrary
from tests.domain.arbitrary import numbered
from tests.domain.test_transitions import COMMANDS

CODES = dict.fromkeys(refusal.code for refusal in all_refusals())
STAGES = [kind(stage=stage.code) for stage in KTP_STANDARD.stages for kind in (EnterStage, CompleteStage)]
stage_events = arbitrary.any_of(StageEntered | StageCompleted)
ONWARD: list[Command] = [*COMMANDS.values(), *STAGES]


def decided(command: Command, application: Application, act: Act) -> list[ApplicationEvent] | None:
    """None: refused, with a code that is documented. Whatever else is raised fails."""
    try:
        return decide(command, application, act, REGISTRY)
    except Refusal as refusal:
        return CODES[refusal.code]


class AnApplication(RuleBasedStateMachine):
    """Commands and imported records come as they come; the row of its view follows."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[Recorded] = []
        self.application = Application()
        self.row: Row | None = None
        self.lawful = True

    @rule(command=arbitrary.commands, act=arbitrary.acts)
    def asked(self, command: Command, act: Act) -> None:
        before = deepcopy(self.application)
        events = decided(command, self.application, act)
        assert self.application == before
        if events is None:
            return
        assert {event.topic for event in events} <= TOPICS_OF[type(command)]
        assert all(event.deviates is None for event in events)
        self._happens(act, events)

    @rule(data=st.data(), office=st.sampled_from([None, MAKASSAR]))
    def goes_on(self, data: st.DataObject, office: str | None) -> None:
        """One of the commands that are possible now, so that a run comes far."""
        act = an_act(office=office or self.application.office or SEMARANG)
        possible = [command for command in ONWARD if decided(command, self.application, act) is not None]
        if possible:
            self.asked(command=data.draw(st.sampled_from(possible)), act=act)

    @rule(event=arbitrary.events, act=arbitrary.acts)
    def admitted(self, event: ApplicationEvent, act: Act) -> None:
        told = Record(act=act, event=event)
        before = deepcopy(self.application)
        self._happens(act, [admit(told, self.application, REGISTRY)])
        assert before == fold(self.history[:-1])

    def _happens(self, act: Act, events: Sequence[ApplicationEvent]) -> None:
        assert events
        for event in events:
            before, row_before = self.application, deepcopy(self.row)
            recorded = Recorded(version=before.version + 1, act=act, event=event)
            self.history.append(recorded)
            self.application = evolve(before, recorded)
            row = project(self.row, APPLICATION, recorded)
            assert self.row == row_before
            self.row = row
            self.lawful &= event.deviates is None and not isinstance(event, RecordAmended)
            if before.ended:
                assert self.application.status == before.status
                assert row_before
                assert row["ended_at"] == row_before["ended_at"]

    @invariant()
    def is_the_fold_of_its_events(self) -> None:
        assert self.application == fold(self.history)

    @invariant()
    def counts_its_events(self) -> None:
        assert self.application.version == len(self.history) == len(self.application.entries)

    @invariant()
    def leads_back_to_a_place_where_work_goes_on(self) -> None:
        assert self.application.before not in ENDS
        assert self.application.before not in HOLDS

    @invariant()
    def keeps_the_order_of_the_procedure(self) -> None:
        standard = REGISTRY.standard(self.application.service, self.application.standard)
        if not self.lawful or standard is None or standard.free_order:
            return
        begun = self.application.completed | self.application.entered
        for code in begun:
            stage = standard.stage(code)
            assert stage
            assert self.application.completed >= standard.required(stage.phase) & set(stage.after)

    @invariant()
    def is_seen_as_it_is(self) -> None:
        if self.row is not None:
            assert_the_row_tells(self.row, self.application)


def assert_the_row_tells(row: dict[str, Any], application: Application) -> None:
    assert row["status"] == application.status
    assert row["underlying"] == application.before
    assert row["version"] == application.version
    assert row["tracking_number"] == application.number
    assert (row["service"], row["standard"], row["office"]) == (
        application.service,
        application.standard,
        application.office,
    )
    assert row["officer"] == (str(application.officer) if application.officer else None)
    assert set(row["offices"]) == application.concerned
    assert row["documents_complete"] == application.checked
    assert row["pin_resets"] == application.pin_resets
    assert {r["referral"] for r in row["referrals"] if r["answered_at"] is None} == set(application.referrals)
    assert {s["stage"] for s in row["stages"] if s["completed_at"]} == application.completed
    assert {s["stage"] for s in row["stages"] if not s["completed_at"]} >= application.entered
    assert (row["ended_at"] is not None) == application.ended
    assert sorted(entry["version"] for entry in row["timeline"]) == list(range(1, application.version + 1))
    places = [_place(entry) for entry in row["timeline"]]
    assert places == sorted(places)


def _place(entry: dict[str, Any]) -> tuple[str, int]:
    amended = entry["amended"] or {}
    return amended.get("corrected_at") or entry["at"], entry["version"]


TestAnApplication = AnApplication.TestCase
TestAnApplication.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@given(arbitrary.histories)
@settings(max_examples=200, deadline=None)
def test_any_history_can_be_folded_and_shown_also_in_an_order_that_makes_no_sense(history: list[Recorded]) -> None:
    application = Application()
    row: Row | None = None
    for recorded in history:
        before, row_before = application, deepcopy(row)
        application = evolve(before, recorded)
        after = project(row, APPLICATION, recorded)
        assert row == row_before
        assert not before.ended or application.status == before.status
        assert row is None or after.keys() == row.keys()
        row = after
        assert_the_row_tells(row, application)
    assert application == fold(history)


@given(st.lists(st.tuples(arbitrary.acts, stage_events), min_size=1, max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_timeline_is_in_the_order_of_the_world_whatever_the_order_of_arrival(
    happened: list[tuple[Act, ApplicationEvent]], random: Random
) -> None:
    arrived = sorted(happened, key=lambda _: random.random())
    row = shown(numbered(arrived))
    assert [entry["at"] for entry in row["timeline"]] == sorted(instant(act.at) for act, _ in happened)
    for entry, later in pairwise(row["timeline"]):
        assert entry["at"] < later["at"] or entry["version"] < later["version"]
    if len({act.at for act, _ in happened}) == len(happened):
        told = [(entry["event"], entry["data"]) for entry in row["timeline"]]
        assert told == [(entry["event"], entry["data"]) for entry in shown(numbered(in_order(happened)))["timeline"]]


def in_order(happened: list[tuple[Act, ApplicationEvent]]) -> list[tuple[Act, ApplicationEvent]]:
    return sorted(happened, key=lambda pair: pair[0].at)


def shown(history: list[Recorded]) -> Row:
    row: Row | None = None
    for recorded in history:
        row = project(row, APPLICATION, recorded)
    assert row
    return row
