"""Which views no projector keeps up to date, by what the services of all processes say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.endpoints.health import PROJECTED_SECONDS, unprojected

NOW = datetime(2026, 11, 30, 5, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=1)
STATES = {"progress": "whole", "desk": "whole"}


def service(name: str, seconds_ago: float | None) -> dict[str, Any]:
    return {"name": name, "last_success": None if seconds_ago is None else NOW - timedelta(seconds=seconds_ago)}


BOTH = [service("project/view progress", 1), service("project/view desk", 1)]


@pytest.mark.parametrize(
    ("services", "states", "found"),
    [
        (BOTH, STATES, []),
        ([], STATES, ["progress", "desk"]),
        ([service("project/outbox", 1), service("view", 1)], STATES, ["progress", "desk"]),
        ([service("project/view progress", PROJECTED_SECONDS - 1), BOTH[1]], STATES, []),
        ([service("project/view progress", PROJECTED_SECONDS + 1), BOTH[1]], STATES, ["progress"]),
        ([service("project/view progress", None), BOTH[1]], STATES, ["progress"]),
        ([service("view desk", 1), service("a/view progress#3/4", 1)], STATES, []),
        ([service("project/view desk#0/2", 900), service("project/view desk", 1), BOTH[0]], STATES, []),
        ([], {"progress": "stopped", "desk": "older"}, []),
    ],
)
def test_a_view_without_a_projector_is_named(
    services: list[dict[str, Any]], states: dict[str, str], found: list[str]
) -> None:
    assert unprojected(states, services, NOW, LONG_AGO) == found


def test_a_process_that_has_just_started_waits_for_the_projector() -> None:
    assert unprojected(STATES, [], NOW, NOW - timedelta(seconds=PROJECTED_SECONDS - 1)) == []
