"""The run of an import: started, completed, taken back, and started again."""

from datetime import timedelta
from functools import reduce
from uuid import UUID

import pytest

from domain.import_runs import Run, RunCompleted, RunEvent, RunStarted, RunState, RunUndone, evolve
from tests.builders import MONDAY

STARTED = RunStarted(source="uji", file="0f" * 32, size=10, mapping="a1" * 32)
COMPLETED = RunCompleted(applications=2, events=6, duplicates=0, rejected=1)
UNDONE = RunUndone(applications=2, events=6)


@pytest.mark.parametrize(
    ("events", "state", "counts"),
    [
        ((STARTED,), RunState.STARTED, (0, 0)),
        ((STARTED, COMPLETED), RunState.COMPLETED, (2, 6)),
        ((STARTED, COMPLETED, UNDONE), RunState.UNDONE, (2, 6)),
        ((STARTED, COMPLETED, UNDONE, STARTED), RunState.STARTED, (2, 6)),
    ],
)
def test_a_run_is_as_its_last_event_says(
    events: tuple[RunEvent, ...], state: RunState, counts: tuple[int, int]
) -> None:
    at = [MONDAY + timedelta(hours=hour) for hour in range(len(events))]
    run = reduce(lambda run, told: evolve(run, *told), zip(events, at, strict=True), Run(id=UUID(int=7)))
    assert (run.state, run.started) == (state, STARTED)
    assert (run.started_at, run.at) == (MONDAY, at[-1])
    assert (run.applications, run.events) == counts
