"""The log of the embedded server does not fill the disk."""

from pathlib import Path

import pytest

from infra.postgres import server_log


def test_a_large_log_is_emptied_and_the_server_goes_on_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_log, "BYTES_MAX", 10)
    log = tmp_path / "pg18.log"
    server_log.limit(log)
    with log.open("a") as server:
        for lines in ("0123456789", "more than that\n", "the last word\n"):
            server.write(lines)
            server.flush()
            server_log.limit(log)
        assert log.read_text() == ""
        assert (tmp_path / "pg18.log.1").read_text() == "the last word\n"
        server.write("on")
    assert server_log.last_words(log).endswith("which ends: on")
