"""A time is read as it is meant, or it is refused: no reader accepts a text that it does not fully mean."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.codes import Quality
from domain.registry.registry import Registry
from feeds.history.file_format import read_cases
from feeds.history.mapping import Mapping, Spelling
from feeds.history.records import Reader
from feeds.history.time_parsing import WORDS, TimeReader, TimeUnclear, formats_of, reader_of
from tests.feeds.history.test_draft import draft, table
from tests.feeds.history.test_records import MAPPING
from tests.feeds.history.written_times import Telling, numbers, tellings

JAKARTA = timedelta(hours=7)


def clock(*formats: str, zone: str = "Asia/Jakarta", **changes: object) -> TimeReader:
    mapping = msgspec.convert({**MAPPING, "zone": zone, **changes}, Mapping)
    return TimeReader(mapping, Spelling(formats=list(formats)), "waktu")


def local(text: str, *formats: str, zone: str = "Asia/Jakarta") -> str:
    """The time as a clock in Jakarta shows it."""
    read = clock(*(formats or ("iso",)), zone=zone).read(text)
    assert read is not None
    return (read[0] + JAKARTA).strftime("%Y-%m-%d %H:%M:%S") if read[1] is Quality.SOURCE else f"{read[0] + JAKARTA:%F}"


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2023-08-17 08.30", "2023-08-17 08:30:00"),
        ("2023-08-17T08.30.15", "2023-08-17 08:30:15"),
        ("2023-8-7 8:30", "2023-08-07 08:30:00"),
        ("2023-08-17 24:00", "2023-08-18 00:00:00"),
        ("2023-08-17T08:30", "2023-08-17 08:30:00"),
        ("2023-08-17 08:30:00+0700", "2023-08-17 08:30:00"),
        ("2023-08-17 01:30:00 UTC", "2023-08-17 08:30:00"),
        ("2023-08-17 08:30 WIB", "2023-08-17 08:30:00"),
        ("2023-08-17 08.30 WITA", "2023-08-17 07:30:00"),
        ("2023-08-17 08:30 (wit)", "2023-08-17 06:30:00"),
        ("2023/08/17 08:30:15,250", "2023-08-17 08:30:15"),
        ("20230817083000", "2023-08-17 08:30:00"),
        ("20230817T083000Z", "2023-08-17 15:30:00"),
        ("20230817", "2023-08-17"),
        ("17 Agustus 2023", "2023-08-17"),
        ("17 Agt 2023 8.30", "2023-08-17 08:30:00"),
        ("1 Agu. 2023", "2023-08-01"),
        ("3 Mei 2023", "2023-05-03"),
        ("3-Okt-2023", "2023-10-03"),
        ("Dec 3, 2023 8:30 PM", "2023-12-03 20:30:00"),
        ("3 Des 2023 12:05 AM", "2023-12-03 00:05:00"),
        ("Kamis, 17 Agustus 2023 pukul 08.30 WIB", "2023-08-17 08:30:00"),
        ("Jum\u2019at, 18 Agustus 2023", "2023-08-18"),
        ("Thu, 17 Aug 2023 08:30:00 +0700", "2023-08-17 08:30:00"),
        ("Thu Aug 17 08:30:00 WIB 2023", "2023-08-17 08:30:00"),
        ("2023-08-17\u00a008:30", "2023-08-17 08:30:00"),
        ("\ufeff2023-08-17  08:30\u200b", "2023-08-17 08:30:00"),
    ],
)
def test_what_has_one_meaning_is_read_without_a_word_in_the_mapping(text: str, means: str) -> None:
    assert local(text) == means


@pytest.mark.parametrize(
    ("text", "name", "means"),
    [
        ("17/08/2023 08.30", "dmy", "2023-08-17 08:30:00"),
        ("1/8/2023", "dmy", "2023-08-01"),
        ("1/8/2023", "mdy", "2023-01-08"),
        ("17/8/2023, 08.30.15", "dmy", "2023-08-17 08:30:15"),
        ("08/17/2023 8:30 p.m.", "mdy", "2023-08-17 20:30:00"),
        ("Kamis, 17-08-2023 pkl. 08.30", "dmy", "2023-08-17 08:30:00"),
        ("17 Agt 23", "%d %b %y", "2023-08-17"),
        ("17/08/23 08.30", "%d/%m/%y %H.%M", "2023-08-17 08:30:00"),
        ("Kamis 17 Agustus 2023", "%A %d %B %Y", "2023-08-17"),
        ("1692235800", "epoch", "2023-08-17 08:30:00"),
        ("1692235800.0", "epoch", "2023-08-17 08:30:00"),
        ("1692235800123", "epoch_ms", "2023-08-17 08:30:00"),
        ("45155", "excel", "2023-08-17"),
        ("45155.3541666667", "excel", "2023-08-17 08:30:00"),
        ("45155,35417", "excel", "2023-08-17 08:30:00"),
        ("45155.9999999", "excel", "2023-08-18 00:00:00"),
        ("43693.3541666667", "excel_1904", "2023-08-17 08:30:00"),
    ],
)
def test_what_needs_a_word_is_read_by_it(text: str, name: str, means: str) -> None:
    assert local(text, name) == means
    assert name.startswith("%") or name in formats_of(text)


@pytest.mark.parametrize(
    "text",
    [
        *("2023", "2023-08", "2023-W33", "2023-W33-4", "2023W334", "2023-Q3", "Q3 2023", "Agustus 2023", "17 Agustus"),
        *("2023-08-17 08", "2023-08-17T08", "2023-08-17 08.5", "2023-08-17 08:5", "2023-08-17 08:30.5", "08:30"),
        *("2023-08-17 08:30.15", "2023-08-17 08.30:15", "2023-08-17+07:00", "2023-08-17x08:30", "2023-08-1708:30"),
        *("2023-08-17 24:01", "2023-08-17 25:00", "2023-08-17 08:60", "2023-08-17 20:30 PM", "2023-08-17 0:30 AM"),
        *("2023-02-29", "2023-13-01", "2023-17-08", "0001-01-01T00:00:00", "0023-08-17", "2023-08-17 08:30+25:00"),
        *("Rabu, 17 Agustus 2023", "Thu Aug 18 08:30:00 2023", "2023-08-17 08:30 CEST", "2023-08-17 08:30 EST"),
        *("17/08/2023 08:30-09:00", "17/08/2023 08.30-09.00", "2023-08-17 s.d. 2023-08-18", "17-08/2023"),
        *("1e9", "inf", "1_692_235_800", "169223580", "-1", "45155.3542", "45155.36", "4515", "045155"),
        *("\uff12\uff10\uff12\uff13-08-17", "\u0662\u0660\u0662\u0663-08-17", "2023-08-17 08:30?", "ca. 2023-08-17"),
    ],
)
def test_what_is_no_time_or_not_all_of_one_is_refused_in_every_format(text: str) -> None:
    names = [name for name in formats_of(text) if not (name == "epoch" and text == "169223580")]
    assert names == []
    with pytest.raises(TimeUnclear):
        clock("iso", "dmy", "epoch_ms", "excel").read(text)


def test_a_column_of_colons_and_dots_is_read_row_by_row_alike() -> None:
    reading = clock("iso")
    both = [reading.read(text) for text in ("2023-08-17 08:30", "2023-08-17 08.30", "2023-08-17 08:30:00")]
    assert both[0] == both[1] == both[2] == (datetime(2023, 8, 17, 1, 30, tzinfo=UTC), Quality.SOURCE)


def test_a_zone_in_the_row_is_stronger_than_the_zone_of_the_mapping() -> None:
    texts = ["2023-08-17 08:30 WIB", "2023-08-17 09:30 WITA", "2023-08-17 10:30 WIT", "2023-08-17 09:30"]
    assert {local(text, zone="Asia/Makassar") for text in texts} == {"2023-08-17 08:30:00"}


def test_24_00_is_never_the_mark_of_a_date() -> None:
    mapping = msgspec.convert(MAPPING, Mapping)
    reading = TimeReader(mapping, Spelling(day_at=["00:00:00"]))
    assert reading.read("2023-08-17 24:00") == (datetime(2023, 8, 17, 17, tzinfo=UTC), Quality.SOURCE)
    assert reading.read("2023-08-18 00:00") == (datetime(2023, 8, 17, 17, tzinfo=UTC), Quality.DAY)


def test_seconds_are_never_read_as_milliseconds_nor_the_reverse() -> None:
    assert (formats_of("1692235800"), formats_of("1692235800123")) == (["epoch"], ["epoch_ms"])


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("%d/%m/%Y %H:%M", "17/08/2023 8:3"),
        ("%d%m%Y", "1112023"),
        ("%d/%m/%Y %H%M", "17/08/2023 111"),
        ("%A, %d/%m/%Y", "Rabu, 17/08/2023"),
        ("%d/%m/%Y %H:%M %z", "17/08/2023 08:30 +99:00"),
    ],
)
def test_a_pattern_accepts_only_what_it_fully_means(pattern: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"another form|week|offset"):
        reader_of(pattern)(text)


def expected(told: Telling) -> tuple[datetime, Quality]:
    at = told.means if told.means.tzinfo else told.means.replace(tzinfo=UTC) - JAKARTA
    return at.astimezone(UTC), Quality.DAY if told.is_date else Quality.SOURCE


@settings(max_examples=400, deadline=None)
@given(told=st.one_of(tellings(), numbers()))
def test_whatever_a_time_looks_like_it_is_read_as_it_is_meant(told: Telling) -> None:
    assert clock(told.format).read(told.text) == expected(told)
    assert told.format in formats_of(told.text)


@settings(max_examples=300, deadline=None)
@given(told=tellings(), data=st.data())
def test_no_digit_of_a_time_is_ignored(told: Telling, data: st.DataObject) -> None:
    places = [place for place, character in enumerate(told.text) if character.isdigit()]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != told.text[place]]))
    other = told.text[:place] + digit + told.text[place + 1 :]
    try:
        read = clock(told.format).read(other)
    except TimeUnclear:
        return
    assert read != expected(told)


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(st.characters(codec="utf-8"), max_size=30)
    | st.text("0123456789-/.: TZ+WIBAPMjuni,\u00a0", max_size=24)
)
def test_any_text_is_read_or_refused_and_day_and_month_are_all_that_may_differ(text: str) -> None:
    names = formats_of(text)
    assert not {"dmy", "mdy"} <= {*names} or (
        (one := reader_of("dmy")(text)[0]) and (other := reader_of("mdy")(text)[0]) and (one.day, one.month)
    ) == (other.month, other.day)
    assert len({*names} - {"dmy", "mdy", "excel_1904"}) <= 1 + (len(text.strip()) == 12)


def test_every_word_can_be_named_in_a_mapping() -> None:
    assert all(reader_of(word) for word in WORDS)


@settings(max_examples=80, deadline=None)
@given(order=st.sampled_from(["ymd", "packed", "dmy", "mdy", "name"]), data=st.data())
def test_the_draft_of_a_column_of_any_form_reads_each_time_as_it_is_meant(order: str, data: st.DataObject) -> None:
    told = data.draw(st.lists(tellings(order), min_size=4, max_size=10))
    assume(order not in ("dmy", "mdy") or any(one.means.day > 12 for one in told))
    rows = [f'K-{place},{place % 3},x,"{one.text}"' for place, one in enumerate(told)]
    mapping, instants = drafted_instants(table("nomor kasus,urut,kegiatan,waktu", *rows))
    offset = ZoneInfo(mapping.zone)
    means = [one.means if one.means.tzinfo else one.means.replace(tzinfo=offset) for one in told]
    days = {"00:00:00"} & set(mapping.events.day_at)  # a draft says this where many times are midnights
    written = [
        one.is_date or at.astimezone(offset).time().isoformat("seconds") in days
        for one, at in zip(told, means, strict=True)
    ]
    qualities = [Quality.DAY if is_day else Quality.SOURCE for is_day in written]
    assert instants == [(at.astimezone(UTC), quality) for at, quality in zip(means, qualities, strict=True)]


def drafted_instants(content: bytes) -> tuple[Mapping, list[tuple[datetime, Quality]]]:
    """The draft, and the time that an import by it gives to each row."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "log.csv"
        file.write_bytes(content)
        mapping, _ = draft(file)
        reading = Reader(file, mapping, Registry())
        acts = [reading.case(case).items[-1].record.act for case in read_cases(file, mapping)]
        return mapping, [(act.at, act.at_quality) for act in acts]
