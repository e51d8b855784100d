"""Prometheus: its files are accepted by promtool, each alert fires when it must and only then, each metric exists."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.metrics import METRICS
from tests.conftest import PROJECT
from tests.deploy.compose import ours, read
from tests.deploy.judges import promtool

FOLDER = PROJECT / "deploy/prometheus"
OURS = re.compile(r"\bjejak_[a-z_]+")


@dataclass(frozen=True, slots=True)
class Case:
    """Series by name: their values where the alert must fire after `minutes`, and where it must not."""

    minutes: int
    series: dict[str, tuple[str, str]]


SLOW = 'jejak_request_seconds_bucket{route="/id/", le="%s"}'
STREAM = 'jejak_request_seconds_bucket{route="/v1/feeds/{agency}", le="%s"}'
CASES = {
    "JejakProcessDown": Case(5, {'up{job="jejak", process="relay"}': ("0x20", "1x20")}),
    "JejakErrors": Case(
        15,
        {
            'jejak_request_seconds_count{status="503"}': ("0+10x40", "0+0x40"),
            'jejak_request_seconds_count{status="200"}': ("0+100x40", "0+100x40"),
        },
    ),
    "JejakSlow": Case(
        30,
        {
            SLOW % "1.0": ("0+0x60", "0+10x60"),
            SLOW % "2.5": ("0+10x60", "0+10x60"),
            SLOW % "+Inf": ("0+10x60", "0+10x60"),
            STREAM % "1.0": ("0+0x60", "0+0x60"),
            STREAM % "+Inf": ("0+10x60", "0+10x60"),
        },
    ),
    "JejakAppendQueue": Case(5, {'jejak_append_waiting_events{process="api"}': ("3000x20", "20x20")}),
    "JejakViewStopped": Case(5, {'jejak_view_stopped_position{view="desk"}': ("77x20", "0x20")}),
    "JejakViewBehind": Case(10, {'jejak_view_lag_positions{view="desk"}': ("10001x30", "9999x30")}),
    "JejakSchedulerStands": Case(
        40,
        {
            'jejak_scheduler_last_run_timestamp_seconds{job="deem-approved"}': ("0x60", "0+60x60"),
            'jejak_scheduler_last_run_timestamp_seconds{job="move-promise"}': ("0+60x60", "0+60x60"),
        },
    ),
    "JejakScheduledCommandsFail": Case(
        20,
        {
            'jejak_scheduler_commands_total{job="deem-approved", outcome="failed"}': ("0+1x40", "0x40"),
            'jejak_scheduler_commands_total{job="deem-approved", outcome="done"}': ("0+1x40", "0+1x40"),
        },
    ),
    "JejakRelayBehind": Case(20, {'jejak_relay_oldest_seconds{agency="pln"}': ("0+60x40", "2x40")}),
    "JejakIntakeWaits": Case(
        20,
        {
            'jejak_intake_waiting_records{agency="pln", partition="0"}': ("700x40", "7x40"),
            'jejak_intake_waiting_records{agency="pln", partition="1"}': ("700x40", "7x40"),
        },
    ),
    "JejakIntakeDefect": Case(
        20,
        {
            'jejak_intake_interruptions_total{reason="fault"}': ("0+1x40", "0x40"),
            'jejak_intake_interruptions_total{reason="database"}': ("0+1x40", "0+1x40"),
        },
    ),
    "JejakWrongPins": Case(30, {"jejak_pin_failures_total": ("0+100x60", "0+1x60")}),
    "JejakServiceFails": Case(
        10, {'jejak_service_faults_in_a_row{process="schedule", service="scheduler"}': ("9x20", "1x20")}
    ),
    "JejakClockOff": Case(5, {'jejak_clock_offset_seconds{process="schedule"}': ("-3x20", "-1x20")}),
    "JejakReadingsLost": Case(20, {"jejak_readings_unrecorded_total": ("0+1x40", "3x40")}),
    "JejakNotStoring": Case(5, {'jejak_storing{process="api"}': ("0x20", "1x20")}),
    "JejakDiskFills": Case(10, {'jejak_disk_free_bytes{process="api"}': ("4000000000x20", "6000000000x20")}),
    "JejakDatabaseFaults": Case(
        20, {'jejak_database_faults_total{sqlstate="53300", place="pool"}': ("0+10x40", "0+1x40")}
    ),
}


def alerts() -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def exposed() -> set[str]:
    """Every name that Prometheus can store for a metric of ours."""
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
    return {metric.name + suffix for metric in METRICS.collect() for suffix in suffixes[metric.type]}


def run(*arguments: str) -> str:
    done = subprocess.run([promtool(), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_promtool_accepts_the_configuration_and_the_alerts() -> None:
    run("check", "config", str(FOLDER / "prometheus.yml"))
    assert f"{len(CASES)} rules found" in run("check", "rules", str(FOLDER / "alerts.yml"))


def test_each_alert_has_its_case() -> None:
    assert list(CASES) == list(alerts())


@pytest.mark.parametrize("name", CASES)
def test_an_alert_fires_when_it_must_and_only_then(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    expected: tuple[list[Any], list[Any]] = ([{"labels": "{}", "value": 1}], [])
    query = f'sum(ALERTS{{alertname="{name}", alertstate="firing"}})'
    tests = [
        {
            "interval": "1m",
            "input_series": [{"series": series, "values": values[which]} for series, values in case.series.items()],
            "promql_expr_test": [{"expr": query, "eval_time": f"{case.minutes}m", "exp_samples": expected[which]}],
        }
        for which in (0, 1)
    ]
    file = tmp_path / "test.yml"
    rules = {"rule_files": [str(FOLDER / "alerts.yml")], "evaluation_interval": "1m", "tests": tests}
    file.write_text(yaml.safe_dump(rules))
    run("test", "rules", str(file))


def test_the_alerts_use_only_metrics_that_exist() -> None:
    used = {name for rule in alerts().values() for name in OURS.findall(rule["expr"])}
    assert len(used) > 8
    assert used - exposed() == set()
    named = set(OURS.findall((FOLDER / "alerts.yml").read_text()))
    assert named - exposed() - {metric.name for metric in METRICS.collect()} == set()


def test_every_alert_says_what_to_do() -> None:
    for name, rule in alerts().items():
        assert rule["labels"]["severity"] in {"page", "ticket"}, name
        assert set(rule["annotations"]) == {"summary", "description"}, name


def test_every_process_of_the_compose_file_is_scraped() -> None:
    [job] = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    scraped = {target.split(":")[0] for static in job["static_configs"] for target in static["targets"]}
    assert scraped == set(ours(read())) - {"prepare", "topics", "operator", "backup", "backup-follow"}
