"""What a source leaves unclear: refused with the words to add, unless the mapping says what is meant."""

from datetime import UTC, datetime

import pytest

from domain.application import events
from domain.codes import Channel, Quality
from feeds.history.source import SourceCase, SourceEvent
from service_layer.import_case import ImportCase
from tests.feeds.history.test_records import at, kinds, reader, refusal, source

NEW_YORK = "America/New_York"


def instants(case: ImportCase) -> list[tuple[str, Quality]]:
    return [(item.record.act.at.strftime("%d %H:%M"), item.record.act.at_quality) for item in case.items]


@pytest.mark.parametrize(
    ("text", "trouble", "earlier", "later"),
    [
        ("2011-11-06 01:30:00", "doubled", "2011-11-06T05:30:00", "2011-11-06T06:30:00"),
        ("2011-03-13 02:30:00", "missing", "2011-03-13T06:30:00", "2011-03-13T07:30:00"),
    ],
)
def test_where_clocks_are_moved_the_mapping_says_which_side(text: str, trouble: str, earlier: str, later: str) -> None:
    for side, expected in (("earlier", earlier), ("later", later)):
        case = reader(zone=NEW_YORK, **{trouble: side}).case(source(masuk=text))
        assert at(case, 0) == (datetime.fromisoformat(expected).replace(tzinfo=UTC), Quality.SOURCE)
    fault = refusal(source(masuk=text), zone=NEW_YORK)
    assert (fault.place, f'{trouble} = "earlier"' in fault.expected) == ("trace 3, line 10", True)
    aware = reader(zone=NEW_YORK).case(source(masuk=text + "-05:00"))
    assert at(aware, 0)[1] is Quality.SOURCE


def test_a_date_is_its_first_instant_even_where_that_hour_is_moved() -> None:
    for text, expected in (("2011-11-06", "2011-11-06T04:00:00"), ("2011-03-13", "2011-03-13T05:00:00")):
        assert at(reader(zone=NEW_YORK).case(source(masuk=text)), 0)[0].isoformat() == expected + "+00:00"
    case = reader(zone="America/Sao_Paulo").case(source(masuk="2018-11-04"))
    assert at(case, 0) == (datetime(2018, 11, 4, 3, tzinfo=UTC), Quality.DAY)  # there was no midnight


def test_an_event_in_such_an_hour_may_be_left_out_and_a_case_submitted_then_goes_with_all_its_events() -> None:
    reading = reader(zone=NEW_YORK, doubled="leave_out")
    reason = "a local time occurs twice in the zone"
    end = reading.case(source(("Terima", "2011-11-05"), masuk="2011-11-05", selesai="2011-11-06 01:30:00"))
    assert (kinds(end), end.left_out) == (["Submitted", "Received"], {reason: 1})
    whole = reading.case(source(("Terima", "2011-11-07"), masuk="2011-11-06 01:30:00", selesai="2011-11-08"))
    assert (whole.items, whole.left_out) == ([], {reason: 3})
    first = reading.case(source(("Terima", "2011-11-06 01:30:00")))
    assert (first.items, first.left_out) == ([], {reason: 2})
    due = reading.case(source(masuk="2011-11-05", tenggat="2011-11-06 01:30:00"))
    assert isinstance(due.items[0].record.event, events.Submitted)
    assert due.items[0].record.event.promise is None


def test_dates_at_weekends_are_kept_unless_the_mapping_says_otherwise() -> None:
    told = source(("Terima", "2026-03-07"), ("Periksa", "2026-03-07T10:00:00"), masuk="2026-03-06")
    assert kinds(reader().case(told)) == ["Submitted", "Received", "StageCompleted"]
    case = reader(weekends="leave_out").case(told)
    assert (kinds(case), case.left_out) == (["Submitted", "StageCompleted"], {"a date at a weekend": 1})


def test_an_event_without_a_time_may_take_that_of_its_neighbour() -> None:
    told = source(("Terima", ""), ("Periksa", "2026-03-02T10:00:00"), ("Minta", ""), ("Jawab", "2026-03-04T10:00:00"))
    case = reader(empty_time="previous").case(told)
    assert kinds(case)[1:] == ["Received", "StageCompleted", "Referred", "ReferralAnswered"]
    assert instants(case)[1:] == [
        ("02 03:00", Quality.DAY),
        ("02 03:00", Quality.SOURCE),
        ("02 03:00", Quality.DAY),
        ("04 03:00", Quality.SOURCE),
    ]
    known = ["", "2026-03-02T03:00:00.000000Z", "", "2026-03-04T03:00:00.000000Z"]
    assert [item.content["at"] for item in case.items[1:]] == known
    none = reader(empty_time="previous").case(source(("Terima", ""), masuk="2026-03-01T10:00:00"))
    assert instants(none) == [("01 03:00", Quality.SOURCE), ("01 03:00", Quality.DAY)]
    out = reader(empty_time="leave_out").case(told)
    assert (len(out.items), out.left_out) == (3, {"no time": 2})
    assert 'empty_time = "previous"' in refusal(told).expected


def test_a_time_that_cannot_be_read_may_be_taken_as_empty_or_left_out() -> None:
    told = source(("Terima", "2026-03-02"), ("Periksa", "N/A"), masuk="N/A", selesai="N/A", tenggat="N/A")
    assert kinds(reader(unreadable_time="empty", empty_time="previous").case(told)) == [
        "Submitted",
        "Received",
        "StageCompleted",
    ]
    out = reader(unreadable_time="leave_out").case(told)
    assert (out.items, out.left_out) == ([], {"a time cannot be read": 4})
    assert "unreadable_time" in refusal(told).expected


def test_a_case_without_any_time_may_be_put_on_a_day() -> None:
    told = source(("Terima", ""))
    case = reader(undated="2026-01-02", empty_time="previous").case(told)
    assert instants(case) == [("01 17:00", Quality.DAY)] * 2
    assert "undated" in refusal(told, empty_time="previous").expected


def test_cases_without_an_id_may_be_told_apart_by_their_content() -> None:
    nameless = [SourceCase({"unit": unit, "masuk": "2026-03-02"}, [], line=10) for unit in ("", "Utara", "Utara")]
    keys = [reader(empty_case="each").case(one).key for one in nameless]
    reading = reader(empty_case="each")
    assert [reading.case(one).key for one in nameless][:2] == keys[:2]
    assert len({reading.case(one).key for one in nameless}) == 3
    assert 'empty_case = "each"' in refusal(nameless[0]).expected


def test_a_key_of_several_columns_keeps_its_parts_apart() -> None:
    reading = reader(case=["kota", "no"], zone="Asia/Jakarta")
    keys = {
        reading.case(SourceCase({"kota": kota, "no": no, "masuk": "2026-03-02"}, [], line=1)).key
        for kota, no in (("a", "bc"), ("ab", "c"), ("", "abc"), ('a","', "c"))
    }
    assert len(keys) == 4
    assert '["a","bc"]' in keys
    assert "each" in refusal(SourceCase({"masuk": "2026-03-02"}, [], line=1), case=["kota", "no"]).expected


def test_times_of_a_case_are_events_each_by_its_column_or_by_the_word_beside_it() -> None:
    reading = reader(
        csv={"shape": "case"},
        concluded=None,
        times=[
            {"column": "survei", "event": {"stage": "survei-lapangan"}},
            {
                "column": "tutup",
                "by": "hasil",
                "values": {"Ganda": {"event": "cancelled", "reason": "duplicate"}, "*": "concluded"},
                "formats": ["%d/%m/%Y", "iso"],
            },
        ],
    )

    def row(line: int, **told: str) -> SourceEvent:
        return SourceEvent({"concept:name": "A", "masuk": "2026-03-01", **told}, line)

    rows = [row(2, survei="2026-03-02", tutup="03/03/2026", hasil="Ganda"), row(3, tutup="2026-03-04T10:00:00")]
    case = reading.case(SourceCase(dict(rows[0].attributes), [], 2, rows=rows))
    assert [item.record.event for item in case.items[1:]] == [
        events.StageCompleted(stage="survei-lapangan"),
        events.Cancelled(reason="duplicate"),  # type: ignore[arg-type]
        events.Concluded(),
    ]
    assert [item.content for item in case.items[1:]] == [
        {"activity": "survei", "at": "2026-03-01T17:00:00.000000Z"},
        {"activity": "tutup", "at": "2026-03-02T17:00:00.000000Z"},
        {"activity": "tutup", "at": "2026-03-04T03:00:00.000000Z"},
    ]
    assert at(case, 2)[1] is Quality.DAY
    assert "tutup" not in case.items[0].content


def test_a_row_that_stands_twice_gives_true_duplicates_and_one_submission() -> None:
    reading = reader(csv={"shape": "case"})
    rows = [SourceEvent({"concept:name": "A", "masuk": "2026-03-01", "selesai": "2026-03-02"}, n) for n in (2, 3)]
    case = reading.case(SourceCase(dict(rows[0].attributes), [], 2, rows=rows))
    assert [(type(item.record.event).__name__, item.ordinal) for item in case.items] == [
        ("Submitted", 1),
        ("Concluded", 1),
        ("Concluded", 2),
    ]


def test_a_word_is_found_by_itself_and_then_by_the_longest_pattern() -> None:
    reading = reader(
        activities={
            "Ditutup": "concluded",
            "Ditutup*": {"event": "cancelled", "reason": "duplicate"},
            "*": {"stage": "lain"},
            "": {"stage": "kosong"},
        },
        channels={"column": "jalur", "values": {"loket*": "counter"}},
    )
    told = [("Ditutup", "2026-03-01"), ("Ditutup; ganda", "2026-03-02"), ("x", "2026-03-03"), ("", "2026-03-04")]
    case = reading.case(source(*told, jalur="loket 3"))
    assert [item.record.event for item in case.items[1:]] == [
        events.Concluded(),
        events.Cancelled(reason="duplicate"),  # type: ignore[arg-type]
        events.StageCompleted(stage="lain"),
        events.StageCompleted(stage="kosong"),
    ]
    assert case.items[0].record.act.channel is Channel.COUNTER


@pytest.mark.parametrize(
    ("pattern", "text", "expected", "quality"),
    [
        ("%d/%m/%Y %H:%M", "02/03/2026 10:00", "2026-03-02T03:00:00", Quality.SOURCE),
        ("%d/%m/%Y", "02/03/2026", "2026-03-01T17:00:00", Quality.DAY),
        ("%m/%d/%Y %I:%M:%S %p", "03/02/2026 10:00:00 PM", "2026-03-02T15:00:00", Quality.SOURCE),
        ("%Y-%m-%d %H:%M %z", "2026-03-02 10:00 +0100", "2026-03-02T09:00:00", Quality.SOURCE),
        ("epoch", "1772420400", "2026-03-02T03:00:00", Quality.SOURCE),
        ("epoch_ms", "1772420400500", "2026-03-02T03:00:00.500000", Quality.SOURCE),
        ("iso", "20260302", "2026-03-01T17:00:00", Quality.DAY),
    ],
)
def test_times_are_read_in_the_formats_of_their_column(
    pattern: str, text: str, expected: str, quality: Quality
) -> None:
    case = reader(submitted={"column": "masuk", "formats": ["%Y", pattern]}).case(source(masuk=text))
    assert at(case, 0) == (datetime.fromisoformat(expected).replace(tzinfo=UTC), quality)
