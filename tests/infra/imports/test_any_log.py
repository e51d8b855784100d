"""Whatever a log of an agency looks like: it comes in whole, once, and what is stored is sound."""

import asyncio
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Fresh
from tests.infra.imports.bringing import (
    MAPPING,
    OWN_IDS,
    Event,
    Trace,
    bring_all,
    counts,
    faults,
    project,
    stored,
    streams,
    written,
)

SOURCES = count(1)
REGISTERED = 4

ACTIVITIES = st.sampled_from(["Terima", "Periksa", "Minta saran", "Saran"])
TIMES = st.sampled_from(
    [
        "2026-03-02",
        "2026-03-02T00:00:00",
        "2026-03-02T07:00:00+07:00",
        "2026-03-02T00:00:00+00:00",
        "2026-03-02T01:00:00.5+01:00",
        "2011-10-30T02:30:00.123456789+02:00",
        "1899-12-31T23:59:59-11:30",
        "2059-01-01T00:00:00Z",
    ]
)
ATTRIBUTES = st.fixed_dictionaries(
    {"masuk": TIMES},
    optional={
        "tenggat": TIMES,
        "selesai": TIMES,
        "unit": st.just("Utara"),
        "jalur": st.just("loket"),
        "catatan": st.text("x<&\"' é", max_size=4),
    },
)


@st.composite
def traces(draw: st.DrawFn, *, own_ids: bool) -> list[Trace]:
    made: list[Trace] = []
    for number in range(draw(st.integers(1, 4))):
        told = draw(st.lists(st.tuples(ACTIVITIES, TIMES), max_size=6))
        events: list[Event] = [(*event, str(place)) for place, event in enumerate(told)] if own_ids else [*told]
        attributes = draw(ATTRIBUTES)
        if draw(st.booleans()) and events:
            del attributes["masuk"]
        made.append(Trace(f"kasus {number}", events, tuple(attributes.items())))
    return made


LOGS = st.one_of(
    st.tuples(traces(own_ids=False), st.just(MAPPING)),
    st.tuples(traces(own_ids=True), st.just(OWN_IDS)),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(log=LOGS, turned=st.booleans())
def test_any_log_comes_in_once_and_sound(fresh: Fresh, log: tuple[list[Trace], str], *, turned: bool) -> None:
    """The databases are shared by all examples: each is a source and a service of its own."""
    told, mapping = log
    number = next(SOURCES)
    mapping = mapping.replace('source = "uji"', f'source = "uji-{number}"')
    before = stored(fresh.databases.auditor), len(streams(fresh.databases.auditor))
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        files = written(Path(one), told, mapping), written(Path(other), told[::-1] if turned else told, mapping)
        first, again = asyncio.run(bring_all(fresh, *files))
    project(fresh)
    assert counts(first) == (first.events, 0, 0)
    assert counts(again) == (0, first.events, 0)
    new = stored(fresh.databases.auditor) - before[0] - first.events
    assert 0 < new <= REGISTERED
    assert len(streams(fresh.databases.auditor)) - before[1] == first.applications == len(told)
    assert not faults(fresh)
