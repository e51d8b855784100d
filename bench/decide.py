"""`decide`: measures how many commands per second the package `domain` can decide on one processor core.

The bench holds an application in memory. The bench decides each command, and then computes the next state of this
application. No I/O is measured.
"""

import time
from collections.abc import Iterator
from statistics import median

from bench.rig.report import Measured
from bench.rig.size import Size
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
"""The required number of commands per second, for each kind of command."""
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


def run(*, size: Size, names: frozenset[str]) -> Iterator[Measured]:  # noqa: ARG001 - all benches have the same arguments
    """Reports the number of commands per second for the slowest kind of command.

    Each kind of command is measured in several rounds, because other programs may use the machine at the same time. The
    figure is the median of the rounds.
    """
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
