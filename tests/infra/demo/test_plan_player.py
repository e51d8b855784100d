"""A plan in the log: the same sequence wherever it is played, whole after a kill, and as its truth file says."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from eventsourcing.persistence import OperationalError

from domain.application.commands import Link, Withdraw
from domain.application.events import Withdrawn
from domain.application.incident_events import Linked
from infra.cli.simulate import EXIT_INTERRUPTED
from infra.composition import installation
from infra.demo import seed
from infra.demo.plan_player import PlanPlayer
from infra.eventstore.recorder import Recorder, Save, SaveOutcome
from infra.runtime.fsck import faults_of_log, faults_of_views
from service_layer.requests import CommandRequest
from simulation.life import PlanStep
from simulation.plan import Plan
from simulation.truth import told
from tests.conftest import PROJECT, Fresh
from tests.infra.logs import environment
from tests.simulation.plans import UNTIL, a_plan
from tests.truths import linked_in_log, read_truth, told_in_log

SIMULATE = [sys.executable, "-m", "infra.cli", "simulate", "--days", "20", "--until", UNTIL.isoformat()]
PLAN = a_plan(40, days=20)


def simulate(fresh: Fresh, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SIMULATE, *options], env=environment(fresh), cwd=PROJECT, capture_output=True, text=True, check=False
    )


def events_in(fresh: Fresh) -> int:
    with psycopg.connect(fresh.databases.auditor, autocommit=True) as connection:
        row = connection.execute("SELECT count(*) FROM stored_events WHERE topic LIKE 'application.%'").fetchone()
    return row[0] if row else 0


async def played(
    fresh: Fresh, plan: Plan, *, steps: list[PlanStep] | None = None, rate: float | None = None
) -> PlanPlayer:
    async with installation(fresh.settings, fresh.databases) as made:
        await seed.publish(made)
        player = PlanPlayer(made, plan.name)
        await player.play(plan.steps() if steps is None else steps, lambda _: None, rate)
        return player


def in_log_order(plan: Plan) -> list[tuple[int, dict[str, Any]]]:
    """What the plan means, as the log should have it."""
    lives = {life.arrival.ordinal: iter(told(life.steps)) for life in plan.lives()}
    return [(step.ordinal, next(lives[step.ordinal])) for step in plan.steps() for _ in step.events]


def test_one_seed_makes_the_same_sequence_in_two_installations(fresh: Fresh, another: Fresh) -> None:
    asyncio.run(played(fresh, PLAN))
    asyncio.run(played(another, PLAN, rate=5000))
    assert list(told_in_log(fresh.databases.auditor)) == list(told_in_log(another.databases.auditor))
    assert list(told_in_log(fresh.databases.auditor)) == in_log_order(PLAN)


def test_the_truth_file_holds_what_is_in_the_log_and_the_same_command_again_adds_nothing(
    fresh: Fresh, tmp_path: Path
) -> None:
    file = tmp_path / "truth.ndjson"
    first = simulate(fresh, "--applications", "30", "--seed", "7", "--truth", str(file))
    assert first.returncode == 0, first.stderr
    summary = json.loads(first.stdout.splitlines()[-1])
    truth = read_truth(file)
    events = sum(len(one["events"]) for one in truth.applications)
    questionnaires = sum(figures["answered"] for figures in truth.satisfaction["2026"]["service"].values())
    assert questionnaires > 5
    assert summary == {
        "applications": 30,
        "events": events,
        "new_events": events,
        "questionnaires": questionnaires,
        "seed": 7,
        "until": "2026-11-25",
    }
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for ordinal, event in told_in_log(fresh.databases.auditor):
        found[ordinal].append(event)
    assert [found[one["ordinal"]] for one in truth.applications] == [one["events"] for one in truth.applications]
    assert truth.statistics["total"]["submitted"] == 30
    written = file.read_bytes()
    again = simulate(fresh, "--applications", "30", "--seed", "7", "--truth", str(file))
    assert json.loads(again.stdout.splitlines()[-1]) == {**summary, "new_events": 0}
    assert file.read_bytes() == written
    assert list(faults_of_log(fresh.databases.auditor, lambda *_: None)) == []
    assert list(faults_of_views(fresh.databases.serving, lambda *_: None)) == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_was_stopped_is_completed_by_the_same_command(
    fresh: Fresh, another: Fresh, how: signal.Signals
) -> None:
    options = ["--applications", "40"]
    with subprocess.Popen(
        [*SIMULATE, *options, "--rate", "100"], env=environment(fresh), cwd=PROJECT, stderr=subprocess.PIPE, text=True
    ) as process:  # slowly, so that it is still under way when it is stopped
        deadline = time.monotonic() + 60
        while events_in(fresh) < 30:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(how)
        _, said = process.communicate(timeout=30)
    before = events_in(fresh)
    if how is signal.SIGINT:
        assert process.returncode == EXIT_INTERRUPTED
        assert "run the same command again to complete the simulation" in said
        assert "Traceback" not in said
    assert 30 <= before < len(in_log_order(PLAN))
    completed = simulate(fresh, *options)
    assert json.loads(completed.stdout.splitlines()[-1])["new_events"] == len(in_log_order(PLAN)) - before
    asyncio.run(played(another, PLAN))
    assert list(told_in_log(fresh.databases.auditor)) == list(told_in_log(another.databases.auditor))


def test_an_application_that_somebody_else_ended_keeps_its_end_and_holds_up_no_other(fresh: Fresh) -> None:
    steps = list(PLAN.steps())
    longest = max(steps, key=lambda step: step.number).ordinal
    cut = next(place for place, step in enumerate(steps) if step.ordinal == longest and step.number == 1)

    async def scenario() -> int:
        async with installation(fresh.settings, fresh.databases) as made:
            await seed.publish(made)
            player = PlanPlayer(made, PLAN.name)
            await player.play(steps[: cut + 1], lambda _: None)
            asked = CommandRequest(command=Withdraw(), act=steps[cut].act, client="officer", key="withdrawn under way")
            await made.commands.handle(player.ids[longest], asked)
            await player.play(steps[cut + 1 :], lambda _: None)
            return player.refused

    assert asyncio.run(scenario()) == 1
    found = list(told_in_log(fresh.databases.auditor))
    mine = [event["topic"] for ordinal, event in found if ordinal == longest]
    assert mine[-1] == Withdrawn.topic
    others = [entry for entry in found if entry[0] != longest]
    assert others == [entry for entry in in_log_order(PLAN) if entry[0] != longest]


def test_a_family_whose_application_somebody_ended_is_not_linked_and_the_others_live_on(fresh: Fresh) -> None:
    steps = list(PLAN.steps())
    cut = next(place for place, step in enumerate(steps) if isinstance(step.command, Link))
    ended = steps[cut].ordinal

    async def scenario() -> int:
        async with installation(fresh.settings, fresh.databases) as made:
            await seed.publish(made)
            player = PlanPlayer(made, PLAN.name)
            await player.play(steps[:cut], lambda _: None)
            asked = CommandRequest(command=Withdraw(), act=steps[cut].act, client="officer", key="before the link")
            await made.commands.handle(player.ids[ended], asked)
            await player.play(steps[cut:], lambda _: None)
            return player.refused

    assert asyncio.run(scenario()) == 2  # the link, and the next step of the ended application
    assert linked_in_log(fresh.databases.auditor) == ({}, 0)
    found = [(ordinal, event["topic"]) for ordinal, event in told_in_log(fresh.databases.auditor) if ordinal != ended]
    meant = [(ordinal, event["topic"]) for ordinal, event in in_log_order(PLAN) if ordinal != ended]
    assert found == [entry for entry in meant if entry[1] != Linked.topic]


def test_a_wave_goes_on_where_some_of_it_is_in_the_log_already(fresh: Fresh) -> None:
    steps = list(PLAN.steps())
    odd = [step for step in steps if step.person % 2]  # all applications of a family have one person
    asyncio.run(played(fresh, PLAN, steps=odd))
    player = asyncio.run(played(fresh, PLAN))
    assert player.refused == 0
    assert player.new_events == sum(len(step.events) for step in steps if step.person % 2 == 0)


def test_lost_connections_cost_no_event_and_change_no_order(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    append, calls = Recorder.append, iter(range(1_000_000))

    def unlucky(self: Recorder, saves: list[Save]) -> list[SaveOutcome]:
        """Now it fails before, now after it has stored."""
        call = next(calls)
        if call % 7 == 5:
            raise OperationalError
        done = append(self, saves)
        if call % 11 == 8:
            raise OperationalError
        return done

    plan = a_plan(10, days=10)
    asyncio.run(played(fresh, plan, steps=[]))
    monkeypatch.setattr(Recorder, "append", unlucky)
    player = asyncio.run(played(fresh, plan))
    assert player.refused == 0
    assert list(told_in_log(fresh.databases.auditor)) == in_log_order(plan)
    assert list(faults_of_log(fresh.databases.auditor, lambda *_: None)) == []


def test_another_plan_under_the_same_keys_is_refused_and_stores_nothing(fresh: Fresh) -> None:
    asyncio.run(played(fresh, PLAN))
    before = events_in(fresh)
    later = [replace(step, act=replace(step.act, at=step.arrives.replace(microsecond=0))) for step in PLAN.steps()]
    player = asyncio.run(played(fresh, PLAN, steps=later))
    assert player.refused == PLAN.applications
    assert events_in(fresh) == before


def test_personal_parts_are_sealed_once_for_each_application(fresh: Fresh) -> None:
    asyncio.run(played(fresh, a_plan(5, days=10)))
    with psycopg.connect(fresh.databases.auditor) as connection:
        rows = connection.execute(
            "SELECT topic, jsonb_array_length(state->'sealed'), state::text FROM events"
        ).fetchall()
    assert sum(sealed for _, sealed, _ in rows) == 5
    assert not any("contoh" in text.lower() for _, sealed, text in rows if sealed)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--until", "2031-01-01"], "the calendars know 2024-01-01 until 2027-12-31"),
        (["--applications", "-1"], "--applications: must be a whole number from"),
        (["--applications", "1", "--truth", "/nowhere/truth.ndjson"], "cannot be written"),
        (["--applications", "1", "--per-day", "2"], "either --applications or --per-day"),
        (["--rate", "0"], "--rate: must be a number above"),
        (["--until", "tomorrow"], "invalid day value"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_simulated_is_said_in_one_sentence(fresh: Fresh, options: list[str], says: str) -> None:
    done = simulate(fresh, *options)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert events_in(fresh) == 0
