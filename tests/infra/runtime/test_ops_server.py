"""The operator's port: one scrape shows every process, and the public port shows nothing of it."""

import json
import socket
import subprocess
import sys
import threading
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from infra.metrics import PIN_FAILURES
from infra.runtime import ops_server
from infra.runtime.ops_server import Ops, PortTaken, joined, ops_of, shown
from infra.settings import OPS_PORT, Settings, settings_from
from tests.conftest import PROJECT
from tests.running import free_port

ANOTHER = """
import sys
from infra.metrics import PIN_FAILURES
from infra.runtime import ops_server
from infra.runtime.ops_server import Ops, shown
from infra.settings import settings_from
PIN_FAILURES.inc(40)
with shown(settings_from({"JEJAK_DATA_DIR": sys.argv[1]}), Ops(verb="api")):
    print("shown", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_from({"JEJAK_DATA_DIR": str(tmp_path)})


def asked(port: int, path: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    return reply.status, body


def told(answer: tuple[bool, dict[str, object]]) -> tuple[bool, dict[str, object]]:
    return answer


def failures(text: bytes) -> dict[str, float]:
    return {
        sample.labels["process"]: sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if sample.name == "jejak_pin_failures_total"
    }


def test_one_scrape_shows_every_process_and_a_killed_one_no_more(settings: Settings) -> None:
    port = free_port()
    PIN_FAILURES.inc(2)
    command = [sys.executable, "-c", ANOTHER, str(settings.data_dir)]
    others = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT) for _ in range(2)]
    for other in others:
        assert other.stdout is not None
        assert other.stdout.readline() == b"shown\n"
    try:
        with shown(settings, Ops(verb="serve", port=port)):
            found = failures(asked(port, "/metrics")[1])
            assert set(found) == {"serve-0", "api-0", "api-1"}
            assert found["api-0"] == found["api-1"] == 40
            assert found["serve-0"] >= 2
            others[0].kill()
            others[0].wait()
            assert len(failures(asked(port, "/metrics")[1])) == 2
    finally:
        for other in others:
            other.kill()
            other.communicate()


def test_the_next_process_takes_the_name_of_one_that_ended(settings: Settings) -> None:
    for _ in range(2):
        with shown(settings, Ops(verb="api")) as first, shown(settings, Ops(verb="api")) as second:
            assert (first.name, second.name) == ("api-0", "api-1")


def test_readiness_is_told_by_the_process_that_knows_it(settings: Settings) -> None:
    port = free_port()
    with shown(settings, Ops(verb="serve", port=port)), shown(settings, Ops(verb="api")) as api:
        assert asked(port, "/readyz") == (200, b'{"status":"ok"}')
        answers: list[tuple[tuple[bool, dict[str, object]], int]] = [
            ((True, {"status": "ok"}), 200),
            ((False, {"status": "behind"}), 503),
        ]
        for answer, status in answers:
            api.readiness = partial(told, answer)
            found, body = asked(port, "/readyz")
            assert (found, json.loads(body)["status"]) == (status, answer[1]["status"])
            assert "version" in json.loads(body)

        def broken() -> tuple[bool, dict[str, object]]:
            raise TimeoutError

        api.readiness = broken
        found, body = asked(port, "/readyz")
        assert (found, json.loads(body)["fault"]) == (503, "TimeoutError")


def test_a_process_that_does_not_answer_is_not_taken_as_ready(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database was away, the worker needed more than the time of the question, and `serve` said ok."""
    monkeypatch.setattr(ops_server, "ASK_SECONDS", 0.2)
    port, answered = free_port(), threading.Event()

    def slow() -> tuple[bool, dict[str, object]]:
        answered.wait(10)
        return True, {"status": "ok"}

    with shown(settings, Ops(verb="serve", port=port)), shown(settings, Ops(verb="api")) as api:
        api.readiness = slow
        found, body = asked(port, "/readyz")
        answered.set()
    assert (found, json.loads(body)) == (503, {"status": "unknown", "silent": ["api-0"]})


def test_debugging_shows_where_each_thread_is_and_no_values(settings: Settings) -> None:
    port, waiting = free_port(), threading.Event()
    secret = "3374010101900001"
    threading.Thread(target=lambda number: waiting.wait(10) and number, args=(secret,), name="a waiting thread").start()
    with shown(settings, Ops(verb="serve", port=port)):
        _, body = asked(port, "/debug/threads")
        waiting.set()
        assert b"a waiting thread" in body
        assert secret.encode() not in body
        assert asked(port, "/livez")[0] == 200
        assert asked(port, "/nowhere")[0] == 404


def test_a_busy_port_is_named_and_the_usual_port_is_done_without(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(PortTaken, match=f"{port}.*JEJAK_OPS_PORT"), shown(settings, Ops(verb="api", port=port)):
            pass
        with shown(settings, Ops(verb="api", port=port, usual=True)) as server:
            assert server.address is None


def test_without_a_folder_a_process_shows_itself_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    port = free_port()
    with shown(settings_from({"JEJAK_DATA_DIR": str(tmp_path / "file")}), Ops(verb="relay", port=port)):
        assert set(failures(asked(port, "/metrics")[1])) == {"relay-0"}


def test_the_port_is_chosen_by_option_setting_and_verb() -> None:
    plain, set_ = settings_from({}), settings_from({"JEJAK_OPS_PORT": "9000", "JEJAK_OPS_HOST": "::1"})
    assert ops_of(plain, "serve") == Ops(verb="serve", port=OPS_PORT, usual=True)
    assert ops_of(plain, "relay") == Ops(verb="relay")
    assert ops_of(set_, "relay") == Ops(verb="relay", host="::1", port=9000)
    assert ops_of(set_, "serve", port=9001) == Ops(verb="serve", host="::1", port=9001)
    assert ops_of(set_, "api", attached=True) == Ops(verb="api")


def test_what_is_joined_reads_as_metrics_again() -> None:
    text = b'# HELP a_total A\n# TYPE a_total counter\na_total{x="1"} 2.0\n# HELP b B\n# TYPE b gauge\nb 3.0\n'
    families = {one.name: one for one in text_string_to_metric_families(joined({"p": text, "q": text}).decode())}
    assert set(families) == {"a", "b"}
    assert [sample.labels for sample in families["a"].samples] == [
        {"x": "1", "process": "p"},
        {"x": "1", "process": "q"},
    ]
