"""The supervised service: no fault stops a loop for ever, and a process that cannot go on says why and ends."""

import asyncio
import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest

from infra.metrics import METRICS
from infra.service import EXIT_SERVICE, BackgroundService, ServiceLimits, running, services
from tests.conftest import PROJECT

QUICK = ServiceLimits(back_off_seconds=0.001, back_off_max_seconds=0.002, faults_max=3)
SECRET = "3374010101900001"


class Away(Exception):
    """A temporary fault."""


@pytest.fixture
def ended() -> list[str]:
    return []


def service_of(ended: list[str], limits: ServiceLimits = QUICK) -> BackgroundService:
    return BackgroundService(
        "tried", limits, expected=(Away,), fatal=(ZeroDivisionError,), end=lambda _, why: ended.append(why)
    )


@given(st.integers(1, 10_000), st.floats(0.01, 5), st.floats(5, 60))
def test_a_pause_grows_with_the_faults_and_never_beyond_its_maximum(faults: int, first: float, longest: float) -> None:
    limits = ServiceLimits(back_off_seconds=first, back_off_max_seconds=longest)
    assert limits.pause(1) == first
    assert limits.pause(faults) <= limits.pause(faults + 1) <= longest


@given(st.lists(st.sampled_from(["success", "expected", "unexpected"])))
def test_it_ends_exactly_when_unexpected_faults_follow_one_another(steps: list[str]) -> None:
    ended: list[str] = []
    service, row, before_end = service_of(ended), 0, None
    for number, step in enumerate(steps):
        row = row + 1 if step == "unexpected" else 0
        if row == QUICK.faults_max and before_end is None:
            before_end = number
        match step:
            case "success":
                service.succeeded()
                assert service.state.faults_in_a_row == 0
            case "expected":
                service.failed(Away())
            case _:
                service.failed(KeyError())
        assert bool(ended) == (before_end is not None)


def test_a_loop_in_a_thread_goes_on_after_every_fault_until_it_is_told_to_stop(ended: list[str]) -> None:
    service, stopping, faults = service_of(ended), threading.Event(), [Away(), KeyError(), OSError(), None]

    def follow() -> None:
        fault = faults.pop(0)
        if fault:
            raise fault
        service.succeeded()
        stopping.set()

    service.run(stopping, follow)
    assert (faults, ended) == ([], [])
    assert service.state.last_fault.startswith("OSError at test_service.py:")
    assert service.state.last_success


def test_a_loop_in_an_event_loop_goes_on_too_and_a_pause_ends_when_it_must_stop(ended: list[str]) -> None:
    limits = ServiceLimits(back_off_seconds=60, back_off_max_seconds=60)

    async def tried() -> None:
        service, stopping = service_of(ended, limits), asyncio.Event()

        async def follow() -> None:
            asyncio.get_running_loop().call_later(0.01, stopping.set)
            raise Away

        await asyncio.wait_for(service.run_async(follow, stopping), 10)

    asyncio.run(tried())


def test_a_fatal_fault_ends_the_process_at_once(ended: list[str]) -> None:
    service = service_of(ended)
    service.run(threading.Event(), lambda: 1 / 0)
    assert len(ended) == 1
    assert ended[0].startswith("ZeroDivisionError at test_service.py:")


def test_its_state_is_listed_and_measured_without_the_words_of_a_fault(
    ended: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    service = service_of(ended)
    with running(service):
        service.failed(ValueError(SECRET))
        [state] = [state for state in services() if state.name == "tried"]
        assert (state.faults_in_a_row, state.last_success) == (1, None)
    assert "tried" not in [state.name for state in services()]
    measured = generate_latest(METRICS).decode()
    assert 'jejak_service_faults_in_a_row{service="tried"} 1.0' in measured
    assert 'jejak_service_faults_total{fault="ValueError",service="tried"}' in measured
    said = capsys.readouterr()
    assert SECRET not in said.out + said.err + measured + repr(state)


def test_a_pass_without_a_sign_of_life_ends_the_process_and_a_sign_gives_it_more_time(ended: list[str]) -> None:
    service = service_of(ended, ServiceLimits(pass_seconds=3))
    for _ in range(10):
        service.look(2)
        service.alive()
    assert ended == []
    service.look(2)
    service.look(2)
    assert ended == ["no progress for 3 seconds"]


HANGS = """
import threading, time
from infra import service as module
module.WATCH_SECONDS = 0.05
tried = module.BackgroundService("hanging", module.ServiceLimits(pass_seconds=0.2))
tried.run(threading.Event(), lambda: time.sleep(60))
"""


def test_a_process_whose_service_hangs_says_so_and_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANGS],
        cwd=PROJECT,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == EXIT_SERVICE
    assert "no progress for 0.2 seconds" in done.stdout + done.stderr
    assert "hanging" in done.stdout + done.stderr
