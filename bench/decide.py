"""What a command costs in `domain` alone: decided on a state already held, and the state after it. One core."""

import time
from collections.abc import Iterator
from statistics import median

from bench.report import Measured
from bench.size import Size
from domain.application.commands import (
    Command,
    EnterStage,
    Reject,
    ReportObstacle,
    ReturnForCorrection,
    Suspend,
    Withdraw,
)
from domain.application.decide import decide
from domain.application.events import Recorded
from domain.application.evolve import evolve
from domain.codes import ObstacleCode
from tests.builders import BLURRED, COMPLETE, REGISTRY, an_act
from tests.domain.application.test_transitions import COMMANDS
from tests.spec import given

RATE = 20_000
"""Asked for, of each kind of command."""
ROUNDS = 5

rejection = COMMANDS["reject"]
assert isinstance(rejection, Reject)
ASKED: tuple[Command, ...] = (
    EnterStage(stage="verification"),
    Suspend(ground="awaiting-payment"),
    ReturnForCorrection(documents=(BLURRED,)),
    ReportObstacle(code=ObstacleCode.STAFF),
    rejection,
    Withdraw(),
)


def run(*, size: Size, names: frozenset[str]) -> Iterator[Measured]:  # noqa: ARG001 - as all benches are called
    """The slowest kind of command counts; the median of some rounds, since machines are shared."""
    application, act = given(*COMPLETE).application, an_act()
    times = size.pick(2_000, 20_000)
    rates: dict[str, float] = {}
    for command in ASKED:
        seconds = []
        for _ in range(ROUNDS):
            begun = time.process_time()
            for _ in range(times):
                for event in decide(command, application, act, REGISTRY):
                    evolve(application, Recorded(version=application.version + 1, act=act, event=event))
            seconds.append(time.process_time() - begun)
        rates[type(command).__name__] = times / median(seconds)
    yield Measured(
        bench="decide",
        value=min(rates.values()),
        unit="commands/s of processor time",
        least=RATE,
        on=("decide", "evolve"),
        more={"by_command": {name: round(rate) for name, rate in rates.items()}},
    )
