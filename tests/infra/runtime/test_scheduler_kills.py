"""A scheduler killed at any point and started again twice at once has done each act once, and none too early."""

import signal
import time
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import product
from uuid import UUID

import psycopg
import pytest

from domain.application.events import DeemedApproved, Suspended
from domain.application.incident_events import PaymentExpired, PaymentRequested
from domain.application.promise_events import PromiseMoved
from domain.json_values import instant
from infra.projector.views import VIEWS, rebuild
from infra.runtime.fsck import faults_of_log
from tests.conftest import Fresh
from tests.infra.files import MONDAY_2027, OVERDUE, Desk, furnished
from tests.infra.killing import POINTS, Mortals, Run, mortals
from tests.infra.runtime.test_jobs import DUE

ERRANDS = 6
JOBS = ("deem-approved", "move-promise", "expire-payment")
TOPICS = {
    "deem-approved": DeemedApproved.topic,
    "move-promise": PromiseMoved.topic,
    "expire-payment": PaymentExpired.topic,
}
EXPIRES = OVERDUE + timedelta(days=1)
UNPAID = PaymentRequested(payment=1, amount_idr=50_000, pauses=True, expires_at=EXPIRES)
WEEK = timedelta(days=7)
ALL = [
    (job, point, ordinal) for job, (point, times) in product(JOBS, POINTS.items()) for ordinal in range(1, times + 1)
]
SOME = [
    ("deem-approved", "before append", 1),
    ("deem-approved", "after append", 2),
    ("deem-approved", "page done", 2),
    ("move-promise", "begun", 1),
    ("move-promise", "after append", 3),
    ("move-promise", "after errand", 1),
    ("expire-payment", "page read", 2),
    ("expire-payment", "after append", 1),
]
AHEAD = """
SELECT originator_id, originator_version FROM (
    SELECT *, convert_from(state, 'UTF8')::jsonb AS content FROM stored_events
) AS event WHERE (content ->> 'at')::timestamptz > recorded_at + interval '5 minutes' AND content ->> 'by' <> 'system'
"""

pytestmark = pytest.mark.anyio


async def laid_out(desk: Desk, job: str, week: int) -> tuple[list[UUID], list[UUID]]:
    """Files that the job concerns, and files that it does not. The calendar closes a day of that week of 2027."""
    if job == "move-promise":
        monday = MONDAY_2027 + week * WEEK
        concerned = await desk.complete([monday] * ERRANDS)
        left = await desk.complete([monday + 2 * WEEK] * 2)
        await desk.close(*(date(2027, 1, 6) + n * WEEK for n in range(week + 1)))
        return concerned, left
    if job == "expire-payment":
        open_still = PaymentRequested(payment=1, amount_idr=1, pauses=True, expires_at=MONDAY_2027 + WEEK)
        return await desk.complete([OVERDUE] * ERRANDS, UNPAID), await desk.complete([OVERDUE] * 2, open_still)
    paused = await desk.complete([OVERDUE] * 2, Suspended(ground="awaiting-payment", pauses=True))
    return await desk.complete([OVERDUE] * ERRANDS), [*paused, *await desk.complete([MONDAY_2027 + 50 * WEEK])]


def acts_of(desk: Desk, job: str, files: Sequence[UUID]) -> list[list[str]]:
    """When each file's acts of the job happened."""
    return [[state["at"] for state in states] for states in desk.events(files, TOPICS[job]).values()]


@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(SOME, id=f"{len(SOME)}"),
        pytest.param(ALL, id=f"{len(ALL)}", marks=[pytest.mark.prove, pytest.mark.timeout(1800)]),
    ],
)
async def test_killed_anywhere_and_started_twice_at_once_it_does_each_act_once(
    fresh: Fresh, rounds: list[tuple[str, str, int]]
) -> None:
    assert len(set(rounds)) == len(rounds)
    async with furnished(fresh) as desk:
        with mortals(fresh) as run:
            for number, (job, point, ordinal) in enumerate(rounds):
                concerned, left = await laid_out(desk, job, number % 48)
                assert run(Run(job=job, point=point, ordinal=ordinal)) == [-signal.SIGKILL], (job, point, ordinal)
                if ordinal % 2:  # else the view is as far behind as the kill left it
                    desk.project()
                assert run(Run(job=job, times=2)) == [0, 0]
                done = acts_of(desk, job, concerned)
                assert [len(acts) for acts in done] == [1] * ERRANDS, (job, point, ordinal)
                assert acts_of(desk, job, left) == [[]] * len(left), (job, point, ordinal)
                if job != "move-promise":
                    assert done == [[instant(DUE if job == "deem-approved" else EXPIRES)]] * ERRANDS
                desk.project()
        print(f"{len(rounds)} kills, {2 * len(rounds)} restarts: {len(rounds) * ERRANDS} acts, each once")
    found = list(faults_of_log(fresh.databases.auditor, lambda *_: None))
    assert {fault.partition(": its at is ")[0] for fault in found} == dated_ahead(fresh)


def dated_ahead(fresh: Fresh) -> set[str]:
    """The events of officers that this test dates in 2027. `fsck` names these events, and no act of the system."""
    with psycopg.connect(fresh.databases.auditor) as connection:
        rows = connection.execute(AHEAD).fetchall()
    return {f"event {stream}:{version}" for stream, version in rows}


def moved(run: Mortals, kills: Sequence[int]) -> float:
    """Kills the job in the middle of its appends, then lets it end, twice at once. Returns its seconds."""
    begun = time.monotonic()
    for ordinal in kills:
        assert run(Run(job="move-promise", point="after append", ordinal=ordinal, page=200, at_once=8)) == [
            -signal.SIGKILL
        ]
    assert run(Run(job="move-promise", times=2, page=200, at_once=8)) == [0, 0]
    return time.monotonic() - begun


def rows(conninfo: str) -> list[tuple[object, ...]]:
    with psycopg.connect(conninfo) as connection:
        return connection.execute("SELECT * FROM views.desk ORDER BY application_id").fetchall()


@pytest.mark.parametrize(
    ("files", "kills"),
    [
        pytest.param(200, [30, 60, 50], id="200"),
        pytest.param(
            10_000, [1, 500, 1500, 3000, 2000], id="10000", marks=[pytest.mark.prove, pytest.mark.timeout(1800)]
        ),
    ],
)
async def test_a_calendar_that_closes_one_more_day_moves_each_open_promise_once(
    fresh: Fresh, files: int, kills: list[int]
) -> None:
    async with furnished(fresh) as desk:
        concerned = await desk.complete([MONDAY_2027 + timedelta(seconds=n % 3600) for n in range(files)])
        left = await desk.complete([MONDAY_2027 + 2 * WEEK] * (files // 10))
        await desk.close(date(2027, 1, 6))
        with mortals(fresh) as run:
            seconds = moved(run, kills)
        print(f"{files} promises moved in {seconds:.1f} s with {len(kills)} kills: {files / seconds:.0f} a second")
        assert {len(states) for states in desk.events(concerned, PromiseMoved.topic).values()} == {1}
        assert {len(states) for states in desk.events(left, PromiseMoved.topic).values()} == {0}
        desk.project()
        before = rows(fresh.databases.auditor)
        rebuild(VIEWS["desk"], fresh.databases.serving, progress_of=lambda *_: None)
        assert rows(fresh.databases.auditor) == before
        assert len(before) == len(concerned) + len(left)
