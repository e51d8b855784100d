"""The draft of a log does not depend on the format in which the log was written."""

import csv
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from feeds.history.draft import drafted
from feeds.history.mapping_file import read_mapping
from feeds.history.source import SourceError, silent
from tests.feeds.history.formats.test_json import OPEN311
from tests.feeds.history.formats.test_ocel import document
from tests.feeds.history.formats.writing import SQL, WRITERS, Table

LOG: Table = [
    ["nomor_permohonan", "tahap", "waktu", "kanal"],
    *(
        [f"P-{case:03}", stage, f"2026-03-{2 + case % 20:02}T{8 + hour:02}:15:00+07:00", "loket"]
        for case in range(1, 30)
        for hour, stage in enumerate(["Terima", "Periksa", "Selesai"])
    ),
]
OF_THE_FILE = ("csv", "table", "sheet")


def draft(file: Path, part: str | None = None) -> dict[str, Any]:
    text = drafted(file, silent, "Asia/Jakarta", part)
    mapping = file.with_suffix(".toml")
    mapping.write_text(text, encoding="utf-8")
    read_mapping(mapping)
    return tomllib.loads(text)


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_draft(tmp_path: Path, name: str) -> None:
    plain = tmp_path / "log.csv"
    with plain.open("w", newline="") as stream:
        csv.writer(stream).writerows(LOG)
    file_name, write = WRITERS[name]
    file, part = tmp_path / file_name, "riwayat" if name in SQL else None
    write(file, LOG)
    expected, found = draft(plain), draft(file, part)
    assert found.get("table") == part
    assert {"delimiter", "encoding"}.isdisjoint(found["csv"])
    assert found["csv"]["shape"] == expected["csv"]["shape"] == "event"
    for key in OF_THE_FILE:
        found.pop(key, None)
        expected.pop(key, None)
    assert found == expected


def test_the_draft_of_nested_notes_takes_the_notes_as_events(tmp_path: Path) -> None:
    file = tmp_path / "open311.json"
    requests = [
        {**request, "service_request_id": f"R-{number}-{request['service_request_id']}"}
        for number in range(20)
        for request in OPEN311
    ]
    file.write_text(json.dumps(requests))
    found = draft(file)
    assert (found["case"], found["csv"]["shape"]) == ("service_request_id", "event")
    assert found["events"] == {"activity": "notes.type", "at": "notes.datetime"}
    assert found["submitted"]["column"] == "requested_datetime"


def test_the_draft_of_ocel_follows_one_type_of_objects(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonocel"
    file.write_text(document())
    found = draft(file, "permohonan")
    assert (found["table"], found["case"]) == ("permohonan", "ocel:oid")
    assert (found["events"]["activity"], found["events"]["at"]) == ("ocel:activity", "ocel:timestamp")
    with pytest.raises(SourceError, match="for a draft: --table NAME"):
        draft(file)
