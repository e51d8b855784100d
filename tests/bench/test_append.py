"""One tiny round of a whole benchmark: what it writes is what it says, and the chains hold."""

import pytest

from bench import append
from bench.baselines import inserts
from bench.rig.size import Size

TINY = 0.2


@pytest.mark.timeout(300)
def test_append_writes_real_rows_and_counts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(append, "CALLERS", (4,))
    monkeypatch.setattr(append, "THREADS", (2,))
    monkeypatch.setattr(append, "SECONDS", (TINY, TINY))
    [measured] = append.run(size=Size.QUICK, names=frozenset({"append"}))
    assert measured.fault is None
    assert measured.value > 0
    assert measured.baseline
    assert measured.rows["claims"] % 2 == 0
    assert measured.rows["events"] > measured.rows["claims"] / 2 > 0


def test_without_pgbench_there_is_no_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathlib.Path.glob", lambda *_: iter(()))
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert inserts.program(None) is None
