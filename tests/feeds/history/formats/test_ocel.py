"""OCEL 2.0: the events of the objects of one type."""

import json
from pathlib import Path
from typing import Any

from tests.feeds.history.formats.reading import refusal, rows, written

OBJECTS: list[dict[str, Any]] = [
    {
        "id": "P1",
        "type": "permohonan",
        "attributes": [
            {"name": "layanan", "time": "1970-01-01T00:00:00Z", "value": "IMB"},
            {"name": "pejabat", "time": "2023-08-17T00:00:00Z", "value": "A"},
            {"name": "pejabat", "time": "2023-08-20T00:00:00Z", "value": "B"},
        ],
    },
    {"id": "P2", "type": "permohonan", "attributes": [{"name": "layanan", "time": "", "value": "SKCK"}]},
    {"id": "W1", "type": "pemohon"},
]
EVENTS: list[dict[str, Any]] = [
    {
        "id": "e1",
        "type": "Terima",
        "time": "2023-08-18T08:30:00+07:00",
        "attributes": [{"name": "loket", "value": 3}],
        "relationships": [{"objectId": "P1", "qualifier": "utama"}, {"objectId": "W1", "qualifier": ""}],
    },
    {"id": "e2", "type": "Periksa", "time": "2023-08-21T08:30:00Z", "relationships": [{"objectId": "P1"}]},
    {"id": "e3", "type": "Masuk", "time": "2023-08-21T08:30:00Z", "relationships": [{"objectId": "W1"}]},
]


def document(*order: str, **changes: Any) -> str:
    parts: dict[str, Any] = {
        "objectTypes": [{"name": "permohonan", "attributes": []}, {"name": "pemohon", "attributes": []}],
        "eventTypes": [{"name": "Terima", "attributes": []}],
        "objects": OBJECTS,
        "events": EVENTS,
        **changes,
    }
    return json.dumps({name: parts[name] for name in order or parts})


def test_each_event_is_a_row_of_each_object_of_the_type(tmp_path: Path) -> None:
    for order in ((), ("events", "objects"), ("objects", "events", "objectTypes", "eventTypes")):
        first, second, third = rows(written(tmp_path, document(*order), "log.json"), "permohonan")
        assert first == {
            "ocel:eid": "e1",
            "ocel:activity": "Terima",
            "ocel:timestamp": "2023-08-18T08:30:00+07:00",
            "ocel:oid": "P1",
            "ocel:qualifier": "utama",
            "loket": "3",
            "object.layanan": "IMB",
            "object.pejabat": "A",
        }
        assert (second["ocel:activity"], second["object.pejabat"]) == ("Periksa", "B")
        assert third == {"ocel:oid": "P2", "object.layanan": "SKCK"}


def test_of_several_types_one_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, document(), "log.jsonocel")
    assert refusal(file).endswith("with one of: pemohon, permohonan")
    only = written(tmp_path, document(objects=OBJECTS[:2]), "log.json")
    assert [row["ocel:oid"] for row in rows(only)] == ["P1", "P1", "P2"]


def test_what_is_no_ocel_is_refused(tmp_path: Path) -> None:
    twice = written(tmp_path, document(objects=[OBJECTS[0], OBJECTS[0]]), "log.json")
    assert "object 2: two objects with one id" in refusal(twice)
    wrong = written(tmp_path, document(events=[{"id": "e", "type": "x"}]), "log.json")
    assert "event 1: is no event of OCEL 2.0" in refusal(wrong, "permohonan")
