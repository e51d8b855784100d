"""From a case of a source to records: their order, their times and qualities, their identity, their refusals."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from domain.application import events
from domain.codes import Channel, Quality, Role
from domain.registry.calendar import Unit
from domain.registry.registry import Registry
from feeds.history.mapping import Mapping
from feeds.history.records import Reader
from feeds.history.source import SourceCase, SourceError, SourceEvent
from service_layer.import_case import ImportCase

FILE = Path("a.xes")
MAPPING = {
    "source": "uji",
    "zone": "Asia/Jakarta",
    "empty_submission": "first_event",
    "service": {"code": "uji", "id": "Uji", "en": "Test"},
    "offices": {
        "agency": "uji",
        "column": "unit",
        "values": {"Utara": {"code": "uji-utara", "id": "Utara", "en": "North"}},
        "default": {"code": "uji-pusat", "id": "Pusat", "en": "Centre"},
        "others": [{"code": "uji-saran", "id": "Saran", "en": "Advice"}],
    },
    "channels": {"column": "jalur", "values": {"loket": "counter"}},
    "submitted": {"column": "masuk", "day_at": ["00:00:00", "01:06:40"]},
    "deadline": {"column": "tenggat"},
    "concluded": {"column": "selesai"},
    "activities": {
        "Terima": "received",
        "Periksa": "stage",
        "Mulai": {"event": "stage_entered", "stage": "gudang"},
        "Minta": {"event": "referred", "to": "uji-saran"},
        "Jawab": {"event": "referral_answered", "advice": "favourable"},
    },
}


def reader(**changes: object) -> Reader:
    return Reader(FILE, msgspec.convert({**MAPPING, **changes}, Mapping), Registry())


def source(*told: tuple[str, str] | tuple[str, str, str], **attributes: str) -> SourceCase:
    """Its events stand in lines 11, 12, …"""
    made = [
        SourceEvent(dict(zip(("concept:name", "time:timestamp", "nomor"), event, strict=False)), line)
        for line, event in enumerate(told, 11)
    ]
    return SourceCase({"concept:name": "A", **attributes}, made, line=10, ordinal=3)


def read(*told: tuple[str, str] | tuple[str, str, str], **attributes: str) -> ImportCase:
    return reader().case(source(*told, **attributes))


def refusal(told: SourceCase, /, **changes: object) -> SourceError:
    with pytest.raises(SourceError) as refused:
        reader(**changes).case(told)
    assert refused.value.file == FILE
    return refused.value


def kinds(case: ImportCase) -> list[str]:
    return [type(item.record.event).__name__ for item in case.items]


def at(case: ImportCase, place: int) -> tuple[datetime, Quality]:
    act = case.items[place].record.act
    return act.at, act.at_quality


def test_the_submission_comes_first_even_where_it_is_later_and_the_rest_by_time() -> None:
    case = read(
        ("Periksa", "2026-03-04T10:00:00+07:00"),
        ("Terima", "2026-03-02T10:00:00+07:00"),
        masuk="2026-03-03T10:00:00+07:00",
        selesai="2026-03-03T11:00:00+07:00",
    )
    assert kinds(case) == ["Submitted", "Received", "Concluded", "StageCompleted"]


def test_the_source_s_own_order_stands_where_times_are_equal() -> None:
    same = "2026-03-02T10:00:00"
    case = read(("Periksa", same), ("Terima", same), ("Mulai", same), masuk=same, selesai=same)
    assert kinds(case) == ["Submitted", "StageCompleted", "Received", "StageEntered", "Concluded"]


def test_each_activity_is_what_the_mapping_says() -> None:
    told = ["Terima", "Periksa", "Mulai", "Minta", "Jawab"]
    case = read(*((name, f"2026-03-0{day}") for day, name in enumerate(told, 1)))
    said = [item.record.event for item in case.items[1:]]
    assert said[:2] == [events.Received(), events.StageCompleted(stage="periksa")]
    assert said[2:4] == [events.StageEntered(stage="gudang"), events.Referred(referral=0, to="uji-saran")]
    assert isinstance(said[4], events.ReferralAnswered)
    assert said[4].advice == "favourable"


def test_a_case_without_a_submission_time_was_submitted_at_its_first_event() -> None:
    case = read(("Periksa", "2026-03-04"), ("Terima", "2026-03-02T10:00:00"))
    assert at(case, 0) == at(case, 1) == (datetime(2026, 3, 2, 3, tzinfo=UTC), Quality.SOURCE)


def test_the_deadline_of_the_source_is_a_fact() -> None:
    event = read(masuk="2026-03-02", tenggat="2026-04-27T00:00:00").items[0].record.event
    assert isinstance(event, events.Submitted)
    assert event.promise is not None
    assert (event.promise.unit, event.promise.n, event.promise.rule) == (Unit.SOURCE, 0, "source")
    assert event.promise.due_at == datetime(2026, 4, 26, 17, tzinfo=UTC)
    without = read(masuk="2026-03-02").items[0].record.event
    assert isinstance(without, events.Submitted)
    assert without.promise is None


@pytest.mark.parametrize(
    ("zone", "text", "expected", "quality"),
    [
        ("Asia/Jakarta", "2026-03-02T10:00:00+01:00", "2026-03-02T09:00:00", Quality.SOURCE),
        ("Asia/Jakarta", "2026-03-02T10:00:00Z", "2026-03-02T10:00:00", Quality.SOURCE),
        ("Asia/Jakarta", "2026-03-02 10:00:00", "2026-03-02T03:00:00", Quality.SOURCE),
        ("Asia/Jakarta", "2026-03-02", "2026-03-01T17:00:00", Quality.DAY),
        ("Asia/Jakarta", "2026-03-02T00:00:00", "2026-03-01T17:00:00", Quality.DAY),
        ("Asia/Jakarta", "2026-03-01T17:00:00+00:00", "2026-03-01T17:00:00", Quality.DAY),
        ("Asia/Jakarta", "2026-03-02T00:00:00+00:00", "2026-03-02T00:00:00", Quality.SOURCE),
        ("Asia/Jakarta", "2026-03-02T01:06:40.900", "2026-03-01T18:06:40.900000", Quality.DAY),
        ("Europe/Amsterdam", "2011-10-30T02:30:00+01:00", "2011-10-30T01:30:00", Quality.SOURCE),
        ("America/New_York", "2011-07-01", "2011-07-01T04:00:00", Quality.DAY),
        ("Asia/Jakarta", "2026-03-02T10:00:00.123456789Z", "2026-03-02T10:00:00.123456", Quality.SOURCE),
        ("Asia/Jakarta", "2059-12-31T00:00:01Z", "2059-12-31T00:00:01", Quality.SOURCE),
    ],
)
def test_a_time_is_told_in_utc_with_its_quality(zone: str, text: str, expected: str, quality: Quality) -> None:
    case = reader(zone=zone).case(source(masuk=text))
    assert at(case, 0) == (datetime.fromisoformat(expected).replace(tzinfo=UTC), quality)


@pytest.mark.parametrize(
    "text", ["", "kemarin", "2026-13-01", "2026-02-30T10:00:00", "10:00", "0001-01-01T00:00:00+14:00"]
)
def test_a_time_that_cannot_be_read_is_refused_with_its_place(text: str) -> None:
    fault = refusal(source(("Terima", "2026-03-02"), ("Periksa", text)))
    assert fault.place == "trace 3, line 12"
    assert not text or text not in str(fault)


def test_a_time_of_the_case_that_cannot_be_read_is_refused_with_its_place() -> None:
    for column in ("masuk", "tenggat", "selesai"):
        fault = refusal(source(("Terima", "2026-03-02"), **{column: "kemarin"}))
        assert (fault.place, fault.wrong) == ("trace 3, line 10", f"a time cannot be read, in the column '{column}'")


@pytest.mark.parametrize(
    ("case", "wrong", "place"),
    [
        (source(), "neither a submission time nor an event", "line 10"),
        (SourceCase({}, [], line=10, ordinal=3), "the case has no concept:name", "line 10"),
        (source(("", "2026-03-02")), "an event has no concept:name", "line 11"),
        (SourceCase({"concept:name": "A\0"}, [], line=10, ordinal=3), "a zero byte in a case id", "line 10"),
    ],
)
def test_what_no_policy_covers_is_refused(case: SourceCase, wrong: str, place: str) -> None:
    fault = refusal(case)
    assert wrong in fault.wrong
    assert fault.place == f"trace 3, {place}"


def test_each_record_is_an_import_by_nobody_at_the_case_s_office_and_channel() -> None:
    case = read(("Terima", "2026-03-02"), selesai="2026-03-03", unit="Utara", jalur="loket")
    acts = [item.record.act for item in case.items]
    assert {(act.by, act.actor, act.office, act.channel) for act in acts} == {
        (Role.IMPORT, None, "uji-utara", Channel.COUNTER)
    }
    empty = read(("Terima", "2026-03-02")).items[0].record.act
    assert (empty.office, empty.channel) == ("uji-pusat", Channel.UNKNOWN)


def test_words_that_the_mapping_lacks_are_counted() -> None:
    reading = reader()
    for _ in range(2):
        reading.case(source(("Cetak", "2026-03-02"), ("Cetak", "2026-03-03"), unit="Barat", jalur="merpati"))
    assert reading.unknown
    assert (reading.unknown.activities, reading.unknown.offices) == ({"Cetak": 4}, {"Barat": 2})
    assert reading.unknown.channels == {"merpati": 2}
    assert not reader().unknown


def test_columns_without_a_meaning_are_remembered_as_dropped() -> None:
    reading = reader()
    reading.case(source(("Terima", "2026-03-02", "7"), catatan="x", masuk="2026-03-02"))
    assert reading.dropped == {"catatan", "nomor"}


def test_equals_without_ids_are_told_apart_by_their_number() -> None:
    same = ("Periksa", "2026-03-02T10:00:00")
    case = read(same, ("Terima", "2026-03-02T10:00:00"), same, ("Periksa", "2026-03-02T10:00:00+07:00"))
    numbered = [(item.content["activity"], item.ordinal) for item in case.items[1:]]
    assert numbered == [("periksa", 1), ("terima", 1), ("periksa", 2), ("periksa", 3)]
    spelled = [(item.spelled["activity"], item.spelled_ordinal) for item in case.items[1:]]
    assert spelled == [("Periksa", 1), ("Terima", 1), ("Periksa", 2), ("Periksa", 1)]


def test_two_events_of_a_case_with_one_id_are_refused() -> None:
    same_id = source(("Terima", "2026-03-02", "7"), ("Periksa", "2026-03-03", "7"))
    fault = refusal(same_id, events={"id": "nomor"})
    assert (fault.place, "have one id" in fault.wrong) == ("trace 3, line 10", True)
    assert len(read(("Terima", "2026-03-02", "7"), ("Periksa", "2026-03-03", "7")).items) == 3


def test_an_event_without_an_id_is_known_by_its_content_where_others_have_ids() -> None:
    reading = reader(events={"id": "nomor"})
    case = reading.case(source(("Terima", "2026-03-02", "7"), ("Periksa", "2026-03-03", ""), ("Periksa", "2026-03-03")))
    assert [(item.own_id, item.ordinal) for item in case.items[1:]] == [("7", 1), (None, 1), (None, 2)]


def test_the_same_case_read_again_or_in_another_order_has_the_same_identities() -> None:
    told = [("Terima", "2026-03-02T10:00:00"), ("Periksa", "2026-03-02T10:00:00"), ("Periksa", "2026-03-02T10:00:00")]

    def identities(case: ImportCase) -> list[tuple[str, str, int]]:
        return sorted((item.content["activity"], item.content["at"], item.ordinal) for item in case.items[1:])

    assert identities(read(*told)) == identities(read(*told)) == identities(read(*told[::-1]))
    assert read(*told).items[0].content == read(*told[::-1]).items[0].content


def test_an_end_that_came_later_does_not_change_the_submission() -> None:
    before = read(("Terima", "2026-03-02"), masuk="2026-03-01").items[0]
    after = read(("Terima", "2026-03-02"), masuk="2026-03-01", selesai="2026-03-09").items[0]
    moved = read(("Terima", "2026-03-02"), masuk="2026-02-28").items[0]
    assert before.content == after.content != moved.content
