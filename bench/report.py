"""One JSON object a line: what was measured, against what, on what."""

import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import psycopg


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """`value` and `baseline` in `unit`. `target`: the least ratio asked for; `least`: the least value.

    `most`: the most that a figure of `more` may be. `rows` are counts read from the database, `on` what was at work.
    `baseline_least`: a baseline below it tells of the machine, not of us. `fault`: why this is not to be believed.
    """

    bench: str
    value: float
    unit: str
    baseline: float | None = None
    target: float | None = None
    least: float | None = None
    most: dict[str, float] = field(default_factory=dict)
    baseline_least: float | None = None
    rows: dict[str, int] = field(default_factory=dict)
    on: tuple[str, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)
    fault: str | None = None
    postgres: str | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.baseline if self.baseline else None

    @property
    def implausible(self) -> str | None:
        if self.baseline is None or self.baseline_least is None or self.baseline >= self.baseline_least:
            return None
        return f"the baseline is below {self.baseline_least:.0f}: the machine was busy, or something is wrong with it"

    @property
    def is_ok(self) -> bool:
        in_ratio = self.target is None or (self.ratio is not None and self.ratio >= self.target)
        in_value = self.least is None or self.value >= self.least
        in_bounds = all(self.more.get(name) is not None and self.more[name] <= most for name, most in self.most.items())
        return in_ratio and in_value and in_bounds and self.fault is None and self.implausible is None

    def line(self) -> str:
        told = {
            "bench": self.bench,
            "value": round(self.value, 1),
            "unit": self.unit,
            "baseline": round(self.baseline, 1) if self.baseline else None,
            "ratio": round(self.ratio, 4) if self.ratio else None,
            "target": self.target,
            **({"least": self.least} if self.least is not None else {}),
            **({"most": self.most} if self.most else {}),
            "ok": self.is_ok,
            **({"implausible": self.implausible} if self.implausible else {}),
            **({"fault": self.fault} if self.fault else {}),
            "rows": self.rows,
            "on": list(self.on),
            **self.more,
            "python": platform.python_version(),
            "postgres": self.postgres,
        }
        return json.dumps(told)


def percentile(values: Sequence[float], share: float) -> float:
    """The least of `values` that `share` of them do not pass. Raises ValueError for none."""
    if not values:
        raise ValueError("no values")
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def spread(seconds: Sequence[float], *shares: float) -> dict[str, float]:
    """Percentiles in milliseconds, named as in a report: p50_ms, p99_ms."""
    return {f"p{share * 100:g}_ms": round(percentile(seconds, share) * 1000, 2) for share in shares}


def postgres_version(conninfo: str) -> str:
    with psycopg.connect(conninfo) as connection:
        return str(connection.info.parameter_status("server_version"))
