"""What a simulation meant to do against what the statistics say that it did."""

import asyncio
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from infra.composition import installation
from infra.queries.statistics import PostgresStatistics
from projections.figures import DAYS, FIGURES, Figures, Statistics
from tests.conftest import Fresh
from tests.infra.demo.test_plan_player import simulate
from tests.truths import read_truth

MEASURED = {name: 0.11 for name in FIGURES if name.endswith("percent")} | dict.fromkeys(DAYS, 0.011)


async def counted(fresh: Fresh, as_of: datetime) -> Statistics:
    async with installation(fresh.settings, fresh.databases) as made:
        return await PostgresStatistics(made.pool, made.editions).exact(as_of)


RECORDED = ("on_time_recorded", "late_recorded", "on_time_recorded_percent")
"""As the truth has them, all was recorded as it happened; what is played is recorded all at once."""


def shown(figures: Figures) -> dict[str, Any]:
    return {name: value for name, value in asdict(figures).items() if name not in RECORDED}


def alike(truth: dict[str, Any]) -> dict[str, Any]:
    """Counts to the unit; a share or a span to its last decimal."""
    about = {name: pytest.approx(truth[name], abs=error) for name, error in MEASURED.items() if truth[name] is not None}
    return {name: value for name, value in (truth | about).items() if name not in RECORDED}


@pytest.mark.parametrize("seed", [1, 7])
def test_the_statistics_of_a_simulation_equal_its_truth_file(fresh: Fresh, tmp_path: Path, seed: int) -> None:
    file = tmp_path / "truth.ndjson"
    done = simulate(fresh, "--applications", "300", "--seed", str(seed), "--truth", str(file))
    assert done.returncode == 0, done.stderr
    truth = read_truth(file)
    for expected in (truth.statistics, truth.earlier):
        seen = asyncio.run(counted(fresh, datetime.fromisoformat(expected["as_of"])))
        assert shown(seen.total) == alike(expected["total"])
        assert {name: table.keys() for name, table in seen.tables.items()} == {
            name: table.keys() for name, table in expected["tables"].items()
        }
        for name, table in expected["tables"].items():
            for key, figures in table.items():
                assert shown(seen.tables[name][key]) == alike(figures), (name, key)
    total, earlier = truth.statistics["total"], truth.earlier["total"]
    assert 0 < earlier["submitted"] < total["submitted"]
    assert earlier["open"] > 0
    assert 0 < earlier["decided"] < total["decided"]
