"""Report: this module writes one JSON line for each measured figure.

The line also has the baseline and the conditions of the measurement.
"""

import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import psycopg


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A measured figure. `unit` is the unit of `value` and of `baseline`.

    `target` is the lowest allowed ratio of `value` to `baseline`. The field `least` is the lowest allowed `value`. The
    field `more` maps names to further figures. For some of these names, `most` holds the highest allowed figure. `rows`
    holds the numbers of rows in the database. The field `on` lists the features of Jejak that were used during the
    measurement. If `baseline` is below `baseline_least`, the machine was too slow for a valid result. `fault` gives the
    reason if the result is not valid.
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
        fields = {
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
        return json.dumps(fields)


def percentile(values: Sequence[float], share: float) -> float:
    """Returns a percentile of `values`. The number `share`, from 0 to 1, says which percentile.

    For example, if `share` is 0.95, at least 95 % of the values are not larger than the result.

    Raises ValueError if there are no values.
    """
    if not values:
        raise ValueError("no values")
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def spread(seconds: Sequence[float], *shares: float) -> dict[str, float]:
    """For each number in `shares`, returns one percentile in milliseconds. The key of a percentile is a name such as
    p99_ms.
    """
    return {f"p{share * 100:g}_ms": round(percentile(seconds, share) * 1000, 2) for share in shares}


def postgres_version(conninfo: str) -> str:
    with psycopg.connect(conninfo) as connection:
        return str(connection.info.parameter_status("server_version"))
