"""A time that a policy of the mapping replaces is counted with its places, and 1 % of the rows is the bound."""

from pathlib import Path

import msgspec
import pytest

from domain.registry.registry import Registry
from feeds.history.mapping import Mapping
from feeds.history.source import SourceError, silent
from infra.imports.check import Summary, check
from tests.feeds.history.test_records import MAPPING, kinds, reader, refusal, source
from tests.feeds.history.test_time_policy import instants

TABLE = {
    "case": "no",
    "csv": {"shape": "event"},
    "offices": {"agency": "uji", "default": {"code": "uji-pusat", "id": "Pusat", "en": "Centre"}},
    "channels": {},
    "submitted": None,
    "deadline": None,
    "concluded": None,
    "events": {"activity": "kegiatan", "at": "waktu"},
    "activities": {"*": {"stage": "lain"}},
}


def checked(tmp_path: Path, cells: list[str], **changes: object) -> Summary:
    file = tmp_path / "log.csv"
    rows = [f"A-{n // 4},x,{cell}" for n, cell in enumerate(cells)]
    file.write_text("\n".join(["no,kegiatan,waktu", *rows]), encoding="utf-8")
    return check(file, msgspec.convert({**MAPPING, **TABLE, **changes}, Mapping), Registry(), silent)


def test_each_replacement_is_counted_by_reason_with_three_places(tmp_path: Path) -> None:
    cells = ["2026-03-02 08:30", "", "kemarin", ""] * 3
    policies = {"empty_time": "previous", "unreadable_time": "empty", "replaced_at_most": 1.0}
    replaced = checked(tmp_path, cells, **policies).replaced
    assert replaced.rows == 12
    assert replaced.lines() == [
        "6 (no time: the time of another record of the case), for example line 3, line 5, line 7",
        "3 (a time cannot be read: treated as empty), for example line 4, line 8, line 12",
    ]


def test_above_one_per_cent_of_the_rows_an_import_is_refused_unless_the_mapping_raises_the_bound(
    tmp_path: Path,
) -> None:
    cells = [f"2026-03-02 08:{n % 60:02}" for n in range(200)]
    cells[7] = cells[11] = ""
    assert checked(tmp_path, cells, empty_time="previous").replaced.counts.total() == 2
    cells[13] = "NULL"
    with pytest.raises(SourceError) as refused:
        checked(tmp_path, cells, empty_time="previous")
    assert "the mapping replaces 3 times in 200 rows: 3 (no time" in refused.value.wrong
    assert "line 9, line 13, line 15" in refused.value.wrong
    assert "replaced_at_most = 0.015 in the mapping" in refused.value.expected
    assert checked(tmp_path, cells, empty_time="previous", replaced_at_most=0.015).events == 250
    assert checked(tmp_path, cells, empty_time="leave_out").rejected == {"no time": 3}


def test_no_policy_that_is_not_named_replaces_a_time(tmp_path: Path) -> None:
    for cell in ("", "NULL", "kemarin", "2026-W10"):
        with pytest.raises(SourceError, match="line 3: "):
            checked(tmp_path, ["2026-03-02", cell])
    told = source(("Terima", "2026-03-02T10:00:00"))
    fault = refusal(told, empty_submission="refuse")
    assert (fault.place, "in the column 'masuk'" in fault.wrong) == ("trace 3, line 10", True)
    assert "empty_submission" in fault.expected
    assert "undated" in refusal(source(masuk="-"), empty_submission="refuse").expected


def test_the_time_of_the_first_event_stands_for_a_submission_only_by_name() -> None:
    told = source(("Terima", "2026-03-02T10:00:00"), masuk="NULL")
    reading = reader(empty_submission="first_event")
    assert instants(reading.case(told))[0][0] == "02 03:00"
    assert reading.replaced.lines() == [
        "1 (no submission time: the time of the first event), for example trace 3, line 10"
    ]
    out = reader(empty_submission="leave_out").case(told)
    assert (out.items, out.left_out) == ([], {"no submission time": 2})
    unmapped = reader(submitted=None, empty_submission="refuse")
    assert kinds(unmapped.case(source(("Terima", "2026-03-02T10:00:00")))) == ["Submitted", "Received"]
    assert not unmapped.replaced.counts


def test_a_day_for_a_case_without_any_time_and_a_deadline_that_is_left_out_are_counted() -> None:
    reading = reader(undated="2026-01-02", empty_time="previous", unreadable_time="leave_out")
    reading.case(source())
    reading.case(source(("Terima", "2026-03-02"), masuk="2026-03-01", tenggat="kemarin"))
    assert reading.replaced.counts == {
        "a case without any time: the day of `undated`": 1,
        "a deadline is left out: a time cannot be read": 1,
    }
