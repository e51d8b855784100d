"""JSON as agencies and portals give it: nested, in lists, in wrappers, one object in each line."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from feeds.history.file_format import read_cases
from feeds.history.formats import json_scanner
from feeds.history.mapping import Mapping
from tests.feeds.history.formats.reading import SECRET, refusal, rows, written
from tests.feeds.history.test_case_grouping import LEAST

OPEN311: list[dict[str, Any]] = [
    {
        "service_request_id": "101",
        "requested_datetime": "2023-08-17T08:30:00+07:00",
        "address": {"street": "Jl. Merdeka", "number": 7},
        "media": ["a.jpg", "b.jpg"],
        "notes": [
            {"datetime": "2023-08-17T09:00:00+07:00", "type": "opened", "photos": [{"url": "x"}]},
            {"datetime": "2023-08-18T10:00:00+07:00", "type": "closed"},
        ],
        "extended": {"links": {"self": None}},
    },
    {"service_request_id": "102", "requested_datetime": "2023-08-19T08:30:00+07:00", "notes": []},
]


def test_nested_notes_are_rows_of_their_request(tmp_path: Path) -> None:
    file = written(tmp_path, json.dumps(OPEN311), "open311.json")
    first, second, third = rows(file, wanted=["notes.type"])
    assert first == {
        "service_request_id": "101",
        "requested_datetime": "2023-08-17T08:30:00+07:00",
        "address.street": "Jl. Merdeka",
        "address.number": "7",
        "media": '["a.jpg","b.jpg"]',
        "notes": "1",
        "notes.datetime": "2023-08-17T09:00:00+07:00",
        "notes.type": "opened",
        "notes.photos": '[{"url":"x"}]',
    }
    assert (second["notes"], second["notes.type"], second["service_request_id"]) == ("2", "closed", "101")
    assert third == {"service_request_id": "102", "requested_datetime": "2023-08-19T08:30:00+07:00"}
    assert rows(file, wanted=None) == [first, second, third]


def test_without_a_column_of_the_notes_each_request_is_one_row(tmp_path: Path) -> None:
    file = written(tmp_path, json.dumps(OPEN311), "open311.json")
    told = rows(file, wanted=["service_request_id"])
    assert [row["service_request_id"] for row in told] == ["101", "102"]
    assert told[0]["notes"].startswith('[{"datetime"')


def test_a_request_without_notes_is_a_case_without_events(tmp_path: Path) -> None:
    file = written(tmp_path, json.dumps({"requests": OPEN311}), "open311.json")
    mapping = msgspec.convert(
        {**LEAST, "case": "service_request_id", "events": {"activity": "notes.type", "at": "notes.datetime"}}, Mapping
    )
    first, second = read_cases(file, mapping)
    assert [event.attributes["notes.type"] for event in first.events] == ["opened", "closed"]
    assert (second.events, second.attributes["service_request_id"]) == ([], "102")
    assert first.place(1) == "record 1"


def test_columns_of_two_lists_are_refused(tmp_path: Path) -> None:
    record = {"id": 1, "a": [{"x": 1}], "b": [{"y": 1}]}
    file = written(tmp_path, json.dumps([record]), "log.json")
    assert "columns of several lists: a, b" in refusal(file, wanted=["a.x", "b.y"])


def test_values_have_one_text(tmp_path: Path) -> None:
    file = written(tmp_path, '[{"a": 1.0, "b": 1.25, "c": true, "d": null, "e": 20230817083000, "f": []}]', "log.json")
    assert rows(file) == [{"a": "1", "b": "1.25", "c": "true", "e": "20230817083000"}]


def test_of_several_lists_one_is_named(tmp_path: Path) -> None:
    document = {"permohonan": [{"a": 1}], "pemohon": [{"b": 2}], "meta": {"x": [{"c": 3}]}, "links": [{"d": 4}]}
    file = written(tmp_path, json.dumps(document), "log.json")
    assert "has several lists; expected table = …" in refusal(file)
    assert refusal(file).endswith("permohonan, pemohon")
    assert rows(file, "pemohon") == [{"b": "2"}]
    assert rows(file, "links") == [{"d": "4"}]
    assert "has no list of records 'lain'" in refusal(file, "lain")


def test_the_encoding_is_utf_8_or_says_itself(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert rows(written(tmp_path, '[{"a": "é"}]'.encode(encoding), "log.json")) == [{"a": "é"}]
    assert "line 2: bytes that are not UTF-8" in refusal(written(tmp_path, b'[{"a":\n"\xe9"}]', "log.json"))


REFUSED: dict[str, tuple[str, str]] = {
    "half a document": ('[{"a": "' + SECRET, "the document ends too early"),
    "half a list": ('[{"a": 1}', "the document ends too early"),
    "half a text": ('{"' + SECRET, "a text without an end"),
    "brackets that do not match": ('{"a": [1}', "brackets that do not match"),
    "no JSON": (SECRET, "text outside of the document"),
    "several documents": ('{"a": 1}\n{"a": 2}', "several JSON documents"),
    "no record": ('{"a": {"b": 1}}', "has no list of records with rows"),
    "a record that is no JSON": ('[{"a": 01}]', "record 1: malformed JSON"),
    "nested lists": ("[" * 70 + "]" * 70, "brackets nested too deep"),
    "nested objects": ('[{"a":' + '{"a":' * 20 + "1" + "}" * 21 + "]", "objects nested too deep"),
    "one name twice": ('[{"a.b": 1, "a": {"b": 2}}]', "the column 'a.b' occurs twice"),
    "a zero byte": ('[{"a": "\\u0000"}]', "a zero byte"),
    "OCEL 1.0": ('{"ocel:global-log": {}}', "is a log in OCEL 1.0"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_sound_is_refused(tmp_path: Path, name: str) -> None:
    content, wrong = REFUSED[name]
    assert wrong in refusal(written(tmp_path, content, "log.json"))


def test_what_could_grow_without_end_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = written(tmp_path, json.dumps([{f"k{n}": 1} for n in range(1_001)]), "log.json")
    assert "too many different columns" in refusal(keys)
    long = written(tmp_path, json.dumps([{"a": SECRET + "x" * 70_000}]), "log.json")
    assert "a value that is too long, of 'a'" in refusal(long, wanted=["a"])
    assert rows(long, wanted=["b"]) == [{}]
    monkeypatch.setattr(json_scanner, "MAX_RECORD", 1_000)
    many = written(tmp_path, json.dumps([{"a": SECRET * 10_000}]), "log.json")
    assert "a record that is too large" in refusal(many)


def test_lines_are_records_with_the_numbers_of_their_lines(tmp_path: Path) -> None:
    file = written(tmp_path, '{"a": 1}\n\n{"a": 2}\r\n', "log.ndjson")
    assert rows(file) == [{"a": "1"}, {"a": "2"}]
    assert "line 3: malformed JSON" in refusal(written(tmp_path, '{"a": 1}\n\n{"a": ' + SECRET, "log.jsonl"))
    assert "line 1: a line that is no JSON object" in refusal(written(tmp_path, "1\n", "log.jsonl"))
