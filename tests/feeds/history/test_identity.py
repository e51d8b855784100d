"""Identity is by what was read: the same case in another spelling has the same identities."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.registry.registry import Registry
from feeds.history.file_format import read_cases
from feeds.history.mapping import Mapping
from feeds.history.records import Reader
from feeds.history.source import SourceCase
from service_layer.import_case import ImportCase
from tests.feeds.history.odd_logs import as_xes
from tests.feeds.history.test_draft import table
from tests.feeds.history.test_records import MAPPING, reader, source
from tests.feeds.history.written_times import ZONES

Identity = list[tuple[tuple[tuple[str, str], ...], str | None, int]]


def identities(case: ImportCase) -> Identity:
    return sorted((tuple(sorted(item.content.items())), item.own_id or "", item.ordinal) for item in case.items)


def identity(told: SourceCase, /, **changes: object) -> Identity:
    return identities(reader(**changes).case(told))


EVENTS = (("Terima", "2026-03-02 08:30"), ("Periksa", "2026-03-03"))
FIRST = source(*EVENTS, masuk="2026-03-01 08:30", selesai="2026-03-09")


@pytest.mark.parametrize(
    ("terima", "periksa", "masuk", "selesai"),
    [
        ("2026-03-02 08:30:00", "2026-03-03", "2026-03-01 08:30:00", "2026-03-09"),
        ("2026-03-02T08:30", "2026-03-03T00:00", "2026-03-01t08:30:00.000", "2026-03-09 00:00"),
        ("2026-03-02T08:30:00+07:00", "2026-03-02T17:00Z", "2026-03-01 01:30 UTC", "20260309"),
        ("2026-03-02 08.30 WIB", "3 Mar 2026", "Minggu, 1 Maret 2026 pukul 08.30", "2026/3/9"),
    ],
)
def test_another_spelling_of_a_time_is_the_same_event(terima: str, periksa: str, masuk: str, selesai: str) -> None:
    told = source(("Terima", terima), ("Periksa", periksa), masuk=masuk, selesai=selesai)
    assert identity(told) == identity(FIRST)


def test_another_case_and_other_blanks_of_a_word_are_the_same_event() -> None:
    words = {"activities": {"*": "received"}, "channels": {"column": "jalur", "values": {"*": "counter"}}}
    one = source(("Terima berkas", "2026-03-02"), masuk="2026-03-01", jalur="Loket 3", selesai="NULL")
    two = source((" TERIMA  BERKAS", "2026-03-02"), masuk="2026-03-01", jalur="LOKET\u00a03", selesai="-")
    assert identity(one, **words) == identity(two, **words)


def test_what_was_read_otherwise_is_another_event() -> None:
    for time in ("2026-03-02 08:31", "2026-03-02 08:30 WITA", "2026-03-02 20:30", "2026-02-03 08:30"):
        told = source(("Terima", time), ("Periksa", "2026-03-03"), masuk="2026-03-01 08:30", selesai="2026-03-09")
        assert identity(told) != identity(FIRST)


def test_a_case_without_an_id_is_known_by_what_was_read_of_it() -> None:
    one = SourceCase({"unit": "Utara", "masuk": "2026-03-02 08:30"}, [], line=10)
    two = SourceCase({"unit": "UTARA", "masuk": "2026-03-02T08.30.00", "dicetak": "2026-12-01"}, [], line=99)
    values = {**MAPPING["offices"], "values": dict.fromkeys(("Utara", "UTARA"), MAPPING["offices"]["values"]["Utara"])}  # type: ignore[index,dict-item]
    reading = reader(empty_case="each", offices=values)
    first, again, other = (reader(empty_case="each", offices=values).case(case) for case in (one, one, two))
    assert first.key == again.key == other.key
    assert first.spelled_key == again.spelled_key != other.spelled_key
    assert reading.case(one).key != reading.case(one).key


@st.composite
def spellings(draw: st.DrawFn, at: datetime) -> str:
    """One of the ways to write the same instant; it is a whole minute in Jakarta."""
    zone, hours = draw(st.sampled_from([("", 7), *ZONES.items()]))
    here = at + timedelta(hours=hours)
    date = here.strftime(draw(st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%d %b %Y", "%d-%m-%Y"])))
    mark = draw(st.sampled_from(":."))
    clock = draw(st.sampled_from([f"{here:%H}{mark}{here:%M}{mark}00", f"{here.hour}{mark}{here:%M}{mark}00"]))
    joint = draw(st.sampled_from([" ", "T", ", "]))
    return f"{date}{joint}{clock}{' ' if zone[:1].isalpha() else ''}{zone}"


NAMES = ["Terima", "Periksa", "Minta"]
COLUMNS = {"formats": ["iso", "dmy"]}
BOTH = {
    "case": "no",
    "submitted": {"column": "masuk", **COLUMNS},
    "deadline": {"column": "tenggat", **COLUMNS},
    "concluded": {"column": "selesai", **COLUMNS},
    "csv": {"shape": "event", "delimiter": ";"},
    "activities": {word: "received" for name in NAMES for word in (name, name.upper())},
}
AT = st.integers(0, 20_000).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))


@settings(max_examples=60, deadline=None)
@given(
    told=st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from(NAMES), AT), min_size=1, max_size=8),
    moments=st.tuples(AT, AT, AT),
    data=st.data(),
)
def test_a_log_as_csv_and_as_xes_in_any_spelling_is_the_same_log(
    told: list[tuple[str, str, datetime]], moments: tuple[datetime, datetime, datetime], data: st.DataObject
) -> None:
    def spelled(at: datetime) -> str:
        return data.draw(spellings(at))

    def word(name: str) -> str:
        return data.draw(st.sampled_from([name, name.upper()]))

    names = ("masuk", "tenggat", "selesai")
    cases = {case: [(name, at) for one, name, at in told if one == case] for case, _, _ in told}
    rows = [";".join([case, word(name), spelled(at), *map(spelled, moments)]) for case, name, at in told]
    traces = [
        (
            {"concept:name": case, **{name: spelled(at) for name, at in zip(names, moments, strict=True)}},
            [{"concept:name": word(name), "time:timestamp": spelled(at)} for name, at in events],
        )
        for case, events in cases.items()
    ]
    as_table = read("log.csv", table("no;kegiatan;waktu;" + ";".join(names), *rows), "no", "kegiatan", "waktu")
    as_log = read("log.xes", as_xes(traces), "concept:name", "concept:name", "time:timestamp")
    assert as_table == as_log


def read(name: str, content: bytes, case: str, activity: str, at: str) -> dict[str, Identity]:
    events = {"activity": activity, "at": at, **COLUMNS}
    mapping = msgspec.convert({**MAPPING, **BOTH, "case": case, "events": events}, Mapping)
    offices = {"column": None, "default": MAPPING["offices"]["default"], "agency": "uji"}  # type: ignore[index]
    mapping = msgspec.convert({**msgspec.to_builtins(mapping), "offices": offices, "channels": {}}, Mapping)
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        reading = Reader(file, mapping, Registry())
        return {case.key: identities(case) for case in map(reading.case, read_cases(file, mapping))}
