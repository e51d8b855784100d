"""The limit of open files: raised where it may be, named where it may not."""

import resource
import subprocess
import sys

import pytest
from structlog.testing import capture_logs

from infra.runtime.descriptors import CLIENTS_MIN, OWN, DescriptorsTooFew, check, clients_max
from tests.conftest import PROJECT

ENDLESS = resource.RLIM_INFINITY
WANTED = 1000
NEEDED = OWN + WANTED


@pytest.mark.parametrize(
    ("soft", "hard", "clients", "set_to"),
    [
        (NEEDED, NEEDED, WANTED, None),
        (ENDLESS, ENDLESS, WANTED, None),
        (256, ENDLESS, WANTED, NEEDED),
        (256, 100_000, WANTED, NEEDED),
        (256, 500, 500 - OWN, 500),
        (OWN + CLIENTS_MIN, OWN + CLIENTS_MIN, CLIENTS_MIN, OWN + CLIENTS_MIN),
        (64, OWN + CLIENTS_MIN - 1, None, OWN + CLIENTS_MIN - 1),
    ],
)
def test_the_clients_fit_the_limit(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, clients: int | None, set_to: int | None
) -> None:
    calls: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: calls.append(limits))
    with capture_logs() as lines:
        if clients is None:
            with pytest.raises(DescriptorsTooFew, match=f"ulimit -n {NEEDED}"):
                clients_max(WANTED)
        else:
            check(WANTED)
            calls.clear()
            assert clients_max(WANTED) == clients
    assert calls == ([] if set_to is None else [(set_to, hard)])
    assert len(lines) == (clients not in (None, WANTED))


def test_under_ulimit_128_the_process_says_how_many_clients_fit() -> None:
    code = "from infra.runtime.descriptors import check, clients_max; check(1000); print(clients_max(1000))"
    done = subprocess.run(
        ["/bin/sh", "-c", f'ulimit -n 128; exec "{sys.executable}" -c "{code}"'],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == str(128 - OWN)
    assert "ulimit -n 1096" in done.stdout
