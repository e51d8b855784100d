"""Grafana: the dashboard fits Grafana's own types, and asks Prometheus only for what Jejak exposes."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import PROJECT
from tests.deploy.compose import read
from tests.deploy.judges import judge
from tests.deploy.test_prometheus import OURS, exposed

FOLDER = PROJECT / "deploy/grafana"
DASHBOARD = FOLDER / "dashboards/jejak.json"
READER = Path(__file__).with_name("grafana_schema.py")
PARSE = "import sys, promql_parser; [promql_parser.parse(line) for line in sys.stdin.read().splitlines()]"


def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return read


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def places(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Each value of a JSON document, with its place. Absent, null and empty are the same."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, f"{where}/{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, f"{where}/{number}")
    elif value is not None:
        yield where, value


def as_grafana_reads(file: Path) -> dict[str, Any]:
    done = subprocess.run([judge("python"), str(READER), str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(places(json.loads(done.stdout)))


def lost(document: Any, file: Path) -> dict[str, Any]:
    """What Grafana's types do not keep: a field that does not exist there, or that has another type."""
    file.write_text(json.dumps(document))
    kept = as_grafana_reads(file)
    return {where: value for where, value in places(document) if kept.get(where) != value}


def test_grafanas_own_types_keep_every_field_of_the_dashboard(tmp_path: Path) -> None:
    assert lost(dashboard(), tmp_path / "jejak.json") == {}


@pytest.mark.parametrize("wrong", [{"titel": "Jejak"}, {"panels": [{"type": "timeseries", "gridpos": {"h": 8}}]}])
def test_a_misspelt_field_is_found(wrong: dict[str, Any], tmp_path: Path) -> None:
    """So the test above can fail."""
    assert lost({**dashboard(), **wrong}, tmp_path / "wrong.json") != {}


def test_each_query_is_promql(tmp_path: Path) -> None:
    asked = "\n".join(expressions()).replace("$__rate_interval", "1m")
    done = subprocess.run(
        [judge("python"), "-c", PARSE], input=asked, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr


def test_the_dashboard_shows_every_metric_of_ours_and_no_other() -> None:
    """A histogram is shown if one of its series is."""
    used = {name for query in expressions() for name in OURS.findall(query)}
    assert used - exposed() == set()
    shown = {name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum") for name in used}
    families = {name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum") for name in exposed()}
    assert families - shown == NOT_SHOWN


NOT_SHOWN = {"jejak_relay_position"}
"""A position tells an operator nothing; how far behind it is, is shown."""


def test_panels_do_not_overlap_and_have_their_own_numbers() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        own = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not own & cells, panel["title"]
        cells |= own
    numbers = [panel["id"] for panel in dashboard()["panels"]]
    assert len(set(numbers)) == len(numbers)


def test_the_provisioned_source_is_the_prometheus_of_the_compose_file() -> None:
    [source] = yaml.safe_load((FOLDER / "provisioning/datasources/prometheus.yml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"
    used = {panel["datasource"]["uid"] for panel in panels()}
    assert used == {source["uid"]}
    [provider] = yaml.safe_load((FOLDER / "provisioning/dashboards/jejak.yml").read_text())["providers"]
    mounted = [mount.split(":")[1] for mount in read()["services"]["grafana"]["volumes"]]
    assert provider["options"]["path"] in mounted
    assert "prometheus" in read()["services"]
