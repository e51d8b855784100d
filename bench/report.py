"""One JSON object a line: what was measured, against what, on what."""

import json
import platform
from dataclasses import dataclass, field
from typing import Any

import psycopg


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """`value` and `baseline` in `unit`. `target`: the least ratio asked for, `least`: the least value; or None.

    `rows` are counts read from the database, `on` what was at work.
    """

    bench: str
    value: float
    unit: str
    baseline: float | None
    target: float | None = None
    least: float | None = None
    rows: dict[str, int] = field(default_factory=dict)
    on: tuple[str, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)

    def is_ok(self, ratio: float | None) -> bool:
        in_ratio = self.target is None or (ratio is not None and ratio >= self.target)
        return in_ratio and (self.least is None or self.value >= self.least)

    def line(self, postgres: str | None) -> str:
        ratio = self.value / self.baseline if self.baseline else None
        told = {
            "bench": self.bench,
            "value": round(self.value, 1),
            "unit": self.unit,
            "baseline": round(self.baseline, 1) if self.baseline else None,
            "ratio": round(ratio, 4) if ratio else None,
            "target": self.target,
            "ok": self.is_ok(ratio),
            "rows": self.rows,
            "on": list(self.on),
            **self.more,
            "python": platform.python_version(),
            "postgres": postgres,
        }
        return json.dumps(told)


def postgres_version(conninfo: str) -> str:
    with psycopg.connect(conninfo) as connection:
        return str(connection.info.parameter_status("server_version"))
