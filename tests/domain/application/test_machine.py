"""Stateful tests: invariants of an application under any commands in any order, and under any imported history."""

from collections.abc import Sequence
from copy import deepcopy
from itertools import pairwise
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.application.admit import SourceRecord, admit
from domain.application.commands import (
    AmendRecord,
    Command,
    CompleteStage,
    EnterStage,
    HandOver,
    Reassign,
    Refer,
    ResetPin,
    ReturnForCorrection,
    SubmitApplication,
    Suspend,
    Transfer,
)
from domain.application.decide import decide
from domain.application.events import (
    ApplicationEvent,
    RecordAmended,
    Recorded,
    Reopened,
    Revoked,
    StageCompleted,
    StageEntered,
)
from domain.application.evolve import Application, evolve, fold
from domain.application.status import ENDS, HOLDS, Status
from domain.application.written_topics import TOPICS_OF
from domain.codes import Amendment, StagePhase
from domain.json_values import instant
from domain.provenance import Act
from domain.refusal_tree import all_refusals
from domain.refusals import Refusal
from projections.progress import ProgressRow, project
from projections.timeline import ShownEvent
from tests.builders import APPLICATION, KTP, KTP_STANDARD, MAKASSAR, NUMBER, OLD_PERMIT, REGISTRY, SEMARANG, an_act
from tests.domain import arbitrary
from tests.domain.application.test_transitions import COMMANDS
from tests.domain.arbitrary import numbered

CODES = dict.fromkeys(refusal.code for refusal in all_refusals())
STAGES = [kind(stage=stage.code) for stage in KTP_STANDARD.stages for kind in (EnterStage, CompleteStage)]
stage_events = arbitrary.any_of([StageEntered, StageCompleted])
ASIDE = {AmendRecord, Reassign, Refer, ResetPin, ReturnForCorrection, Suspend, Transfer}
NOT_ONWARD = {*arbitrary.ENDING_COMMANDS, *ASIDE} - {HandOver}
ONWARD: list[Command] = [*STAGES, *(command for command in COMMANDS.values() if type(command) not in NOT_ONWARD)]
LONG = 15
"""The number of events after which an application may end. A run that ends at once tests little."""


def decided(command: Command, application: Application, act: Act) -> list[ApplicationEvent] | None:
    """Return the events, or None if the command is refused with a documented code. Any other exception fails."""
    try:
        return decide(command, application, act, REGISTRY)
    except Refusal as refusal:
        return CODES[refusal.code]


def takes_back(event: ApplicationEvent) -> bool:
    return isinstance(event, RecordAmended) and event.amendment is Amendment.ENTERED_IN_ERROR


class AnApplication(RuleBasedStateMachine):
    """Commands come in any order, and the row of the view is projected after each event."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[Recorded] = []
        self.application = Application()
        self.row: ProgressRow | None = None
        self.lawful = True

    @initialize(service=st.sampled_from([KTP, KTP, OLD_PERMIT, None]))
    def is_submitted_or_not(self, service: str | None) -> None:
        if service is not None:
            self.asked(command=SubmitApplication(service=service, number=NUMBER), act=an_act())

    @rule(command=arbitrary.onward_commands, act=arbitrary.acts)
    def asked(self, command: Command, act: Act) -> None:
        before = deepcopy(self.application)
        events = decided(command, self.application, act)
        assert self.application == before
        if events is None:
            return
        assert {event.topic for event in events} <= TOPICS_OF[type(command)]
        assert all(event.deviates is None for event in events)
        self._happens(act, events)

    @rule(data=st.data(), office=st.sampled_from([None, MAKASSAR]), steps=st.integers(1, 5))
    def goes_on(self, data: st.DataObject, office: str | None, steps: int) -> None:
        """Send some of the commands that are possible now, so that a run reaches late statuses."""
        for _ in range(steps):
            act = an_act(office=office or self.application.office or SEMARANG)
            possible = [command for command in ONWARD if decided(command, self.application, act) is not None]
            if possible:
                self.asked(command=data.draw(st.sampled_from(possible)), act=act)

    @precondition(lambda self: self.application.version >= LONG)
    @rule(command=arbitrary.ending_commands, act=arbitrary.acts)
    def asked_to_end(self, command: Command, act: Act) -> None:
        self.asked(command=command, act=act)

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
            self.lawful &= event.deviates is None and not takes_back(event)
            if before.ended and not isinstance(event, Reopened | Revoked):
                assert self.application.status == before.status
                assert row_before
                if not isinstance(event, RecordAmended):  # an amended time may change ended_at
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
            assert self.application.completed >= standard.required_before(stage)

    @invariant()
    def has_no_product_that_rests_on_a_stage_taken_back(self) -> None:
        standard = REGISTRY.standard(self.application.service, self.application.standard)
        if not self.lawful or standard is None or standard.free_order:
            return
        done = self.application.completed
        if self.application.status is Status.ISSUED:
            assert done >= self.application.issued_with
        elif self.application.status in (Status.READY, Status.HANDED_OVER):
            assert done >= self.application.issued_with | standard.required(StagePhase.PRODUCTION)
            assert not self.application.to_redo

    @invariant()
    def is_seen_as_it_is(self) -> None:
        if self.row is not None:
            assert_the_row_tells(self.row, self.application)


class AnImportedApplication(AnApplication):
    """The same machine, with records of a source between the commands."""

    @rule(event=arbitrary.onward_events, act=arbitrary.acts)
    def admitted(self, event: ApplicationEvent, act: Act) -> None:
        before = deepcopy(self.application)
        event = admit(SourceRecord(act=act, event=event), self.application, REGISTRY)
        assert self.application == before
        self._happens(act, [event])

    @precondition(lambda self: self.application.version >= LONG)
    @rule(event=arbitrary.ending_events, act=arbitrary.acts)
    def admitted_to_end(self, event: ApplicationEvent, act: Act) -> None:
        self.admitted(event=event, act=act)


def assert_the_row_tells(row: ProgressRow, application: Application) -> None:
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
    assert {s["stage"] for s in row["stages"] if s["completed_at"]} >= application.completed
    assert {s["stage"] for s in row["stages"] if not s["completed_at"]} >= application.entered
    assert (row["ended_at"] is not None) == application.ended
    assert sorted(entry["version"] for entry in row["timeline"]) == list(range(1, application.version + 1))
    places = [_place(entry) for entry in row["timeline"]]
    assert places == sorted(places)


def _place(entry: ShownEvent) -> tuple[str, int]:
    amended = entry["amended"]
    return (amended and amended["corrected_at"]) or entry["at"], entry["version"]


RUNS = settings(max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])

TestAnApplication = AnApplication.TestCase
TestAnApplication.settings = RUNS
TestAnImportedApplication = AnImportedApplication.TestCase
TestAnImportedApplication.settings = RUNS


@given(arbitrary.histories)
@settings(max_examples=200, deadline=None)
def test_any_history_can_be_folded_and_shown_also_in_an_order_that_makes_no_sense(history: list[Recorded]) -> None:
    application = Application()
    row: ProgressRow | None = None
    for recorded in history:
        before, row_before = application, deepcopy(row)
        application = evolve(before, recorded)
        after = project(row, APPLICATION, recorded)
        assert row == row_before
        taken_back = isinstance(recorded.event, Reopened | Revoked)
        assert not before.ended or application.status == before.status or taken_back
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


def shown(history: list[Recorded]) -> ProgressRow:
    row: ProgressRow | None = None
    for recorded in history:
        row = project(row, APPLICATION, recorded)
    assert row
    return row
