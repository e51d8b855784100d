"""What a line of the benchmarks says, and when it says that all is well."""

import json
from typing import Any

import pytest

from bench.__main__ import BENCHES, NAMES
from bench.rig.load import Run
from bench.rig.report import Measured, percentile, spread
from bench.rig.size import Size


def measured(**more: Any) -> Measured:
    return Measured(**{"bench": "append", "value": 30_000.0, "unit": "events/s", "baseline": 900.0, **more})


def line(**more: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(measured(**more).line())
    return told


def test_a_line_names_what_was_measured_against_what_on_what() -> None:
    told = line(target=30, rows={"events": 7}, on=("chain",), more={"callers": 64}, postgres="18.6")
    assert told["ratio"] == 33.3333
    assert told["ok"] is True
    assert told["rows"] == {"events": 7}
    assert told["on"] == ["chain"]
    assert told["callers"] == 64
    assert told["postgres"] == "18.6"
    assert {"bench", "value", "unit", "baseline", "ratio", "target", "ok", "python"} <= told.keys()


def test_without_a_baseline_there_is_no_ratio_and_no_target_is_reached() -> None:
    assert (line(baseline=None)["ratio"], line(baseline=None)["ok"]) == (None, True)
    assert line(baseline=None, target=1.5)["ok"] is False


@pytest.mark.parametrize(
    "short",
    [
        {"target": 34},
        {"least": 30_001},
        {"most": {"p99_ms": 20}, "more": {"p99_ms": 20.1}},
        {"most": {"p99_ms": 20}},
        {"fault": "3 errors"},
        {"baseline_least": 901},
    ],
    ids=["ratio", "value", "bound", "not measured", "fault", "implausible"],
)
def test_what_falls_short_anywhere_is_not_ok(short: dict[str, Any]) -> None:
    assert line(**short)["ok"] is False


def test_what_reaches_each_bound_exactly_is_ok() -> None:
    assert line(target=30, baseline=1000.0, least=30_000, most={"p99_ms": 20}, more={"p99_ms": 20})["ok"] is True


def test_a_baseline_that_is_too_low_to_be_true_is_told() -> None:
    assert "implausible" in line(baseline_least=901)
    assert "implausible" not in line(baseline_least=900)


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert [percentile(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]
    assert percentile([7.0], 0.99) == 7
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_a_spread_is_in_milliseconds() -> None:
    assert spread([0.001, 0.002, 0.0105], 0.5, 0.999) == {"p50_ms": 2.0, "p99.9_ms": 10.5}


def test_a_run_with_an_error_or_without_any_answer_has_a_fault() -> None:
    assert Run(seconds=[0.1]).fault is None
    assert Run().fault == "nothing was answered"
    assert Run(seconds=[0.1], errors=["a", "b"]).fault == "2 errors, the first: a"


def test_a_full_round_is_a_usual_one_where_nothing_else_is_said() -> None:
    assert [size.pick(1, 2) for size in Size] == [1, 2, 2]
    assert [size.pick(1, 2, 3) for size in Size] == [1, 2, 3]


def test_every_bench_has_one_name() -> None:
    assert len(set(NAMES)) == len(NAMES) == sum(len(of) for of, _ in BENCHES)
