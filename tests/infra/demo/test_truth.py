"""What a simulation meant to do against what the statistics say that it did."""

import asyncio
from dataclasses import asdict
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from domain.satisfaction import Weights, grade
from infra.composition import installation
from infra.queries.satisfaction import PostgresSatisfaction
from infra.queries.statistics import PostgresStatistics
from projections.figures import DAYS, FIGURES, Figures, Statistics
from projections.satisfaction_figures import CellCounts, satisfaction
from tests.conftest import Fresh
from tests.infra.demo.test_plan_player import simulate
from tests.truths import linked_in_log, read_truth

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


def check_satisfaction(fresh: Fresh, truth: dict[str, Any], as_of: datetime) -> None:
    """Each published index is of the true one's answers, and the true one lies within its bound."""

    async def cells() -> list[CellCounts]:
        async with installation(fresh.settings, fresh.databases) as made:
            return await PostgresSatisfaction(made.pool).cells(as_of)

    counts, compared = asyncio.run(cells()), 0
    for period, tables in truth.items():
        shown = satisfaction(counts, [], as_of, weights=Weights.EXACT, period=period)
        assert shown is not None
        units = [(tables["service"], unit.service, unit) for unit in shown.services]
        units += [(tables["office"], unit.office, unit) for unit in shown.offices]
        units += [(tables["unit"], f"{unit.service}@{unit.office}", unit) for unit in shown.units]
        for table, key, unit in units:
            if unit.index is None or unit.index_least is None or unit.index_most is None:
                continue
            exact, compared = table[key or ""], compared + 1
            assert unit.answered <= exact["answered"], (period, key)
            assert unit.index_least <= exact["index"] <= unit.index_most, (period, key)
            assert unit.grade in (None, grade(Fraction(str(exact["index"])))), (period, key)
    assert compared > 0


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
    check_satisfaction(fresh, truth.satisfaction, datetime.fromisoformat(truth.statistics["as_of"]))
    meant = {one["ordinal"]: one["linked"] for one in truth.applications if one["linked"]}
    assert linked_in_log(fresh.databases.auditor) == (meant, truth.links)
    assert truth.links > 0
