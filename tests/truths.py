"""A truth file as `jejak simulate --truth` writes it, and the log of an installation in the same words."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from simulation.truth import NOT_TOLD

IN_ORDER = """
SELECT originator_id, originator_version, topic, state FROM events WHERE topic LIKE 'application.%' ORDER BY position
"""


@dataclass(frozen=True, slots=True)
class Truth:
    """`applications` by ordinal; `statistics` has as_of, total and tables, in the shape of `projections.figures`.

    `earlier`: the statistics of an instant in the middle of the plan.
    """

    simulation: dict[str, Any]
    applications: list[dict[str, Any]]
    statistics: dict[str, Any]
    earlier: dict[str, Any]
    satisfaction: dict[str, Any]


def read_truth(file: Path) -> Truth:
    first, *applications, last = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return Truth(first["simulation"], applications, last["statistics"], last["earlier"], last["satisfaction"])


def told_in_log(conninfo: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The events in the order of the log, each with the ordinal of its application: that of its submission."""
    ordinals: dict[Any, int] = {}
    with psycopg.connect(conninfo) as connection:
        for stream, version, topic, state in connection.execute(IN_ORDER).fetchall():
            data = {name: value for name, value in state["data"].items() if name not in NOT_TOLD}
            told = {name: state[name] for name in ("at", "at_quality", "by", "office", "channel")}
            yield (
                ordinals.setdefault(stream, len(ordinals)),
                {
                    "version": version,
                    "topic": topic,
                    **told,
                    "data": data,
                },
            )
