"""A truth file as `jejak simulate --truth` writes it, and the log of an installation in the same words."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from domain.application.incident_events import Linked
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
    links: int


def read_truth(file: Path) -> Truth:
    first, *applications, last = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return Truth(first["simulation"], applications, *map(last.get, ("statistics", "earlier", "satisfaction", "links")))


def linked_in_log(conninfo: str) -> tuple[dict[int, list[int]], int]:
    """The ordinals that each application is linked with, by its ordinal, and the number of different links."""
    ordinals: dict[str, int] = {}
    found: list[tuple[str, dict[str, Any]]] = []
    with psycopg.connect(conninfo) as connection:
        for stream, _, topic, state in connection.execute(IN_ORDER).fetchall():
            ordinals.setdefault(str(stream), len(ordinals))
            if topic == Linked.topic:
                found.append((str(stream), state["data"]))
    linked = {ordinals[stream]: sorted(ordinals[other] for other in data["others"]) for stream, data in found}
    return linked, len({data["link"] for _, data in found})


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
