"""The page on the event format holds: its verifier and its vectors agree with each other and with the product."""

import ast
import base64
import json
import re
import sys
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag

from domain.tracking_number import check_symbol
from infra.eventstore.envelope import STATE, canonical, command_id, commitment, digest
from infra.eventstore.identifiers import REGISTRY
from infra.eventstore.store import CLAIM_BYTES
from infra.keys.receipt_codes import ReceiptCodes
from tests.conftest import PROJECT
from tests.infra.eventstore import test_vectors

PAGE = (PROJECT / "docs" / "event-format.md").read_text(encoding="utf-8")
SAMPLES = sorted((PROJECT / "tests" / "history").glob("*.json"))


def fenced(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


[SOURCE] = fenced("python")
VECTORS: dict[str, Any] = json.loads(fenced("json")[-1])
STREAM: str = VECTORS["stream"]
ROWS = [(event["version"], event["topic"], event["state"].encode()) for event in VECTORS["events"]]
KEYS = {name: bytes.fromhex(key) for name, key in VECTORS["keys"].items()}


@pytest.fixture(scope="module")
def verifier() -> ModuleType:
    module = ModuleType("verifier")
    exec(compile(SOURCE, "docs/event-format.md", "exec"), module.__dict__)
    return module


def uuid8(raw: bytes) -> UUID:
    number = int.from_bytes(raw, "big") & ~(0xF << 76) & ~(0b11 << 62)
    return UUID(int=number | 8 << 76 | 0b10 << 62)


def test_the_verifier_is_short_and_stands_alone() -> None:
    lines = [line for line in SOURCE.splitlines() if line.strip()]
    assert len(lines) <= 45
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(SOURCE))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert imported - sys.stdlib_module_names == {"cryptography"}


def test_the_vectors_are_those_of_the_product() -> None:
    assert UUID(STREAM) == test_vectors.APPLICATION
    assert [row[2] for row in ROWS] == [test_vectors.STATE_1, test_vectors.STATE_2]
    assert [bytes.fromhex(event["commitment"]) for event in VECTORS["events"]] == [
        test_vectors.EVENT_1,
        test_vectors.EVENT_2,
    ]
    for event, (version, topic, stored) in zip(VECTORS["events"], ROWS, strict=True):
        assert commitment(UUID(STREAM), version, topic, json.loads(stored)).hex() == event["commitment"]
    for each in VECTORS["commands"]:
        assert str(command_id(KEYS["command"], each["client"], each["key"])) == each["command"]
    for each in VECTORS["digests"]:
        assert digest(KEYS["command"], each["body"]) == each["digest"]


def test_commands_and_digests_follow_from_the_page(verifier: ModuleType) -> None:
    for each in VECTORS["commands"]:
        named = f"{each['client']}\0{each['key']}".encode()
        raw = verifier.mac(KEYS["command"], "jejak/command/1", named)[:16]
        assert str(uuid8(raw)) == each["command"]
    for each in VECTORS["digests"]:
        body = verifier.canonical(each["body"])
        assert verifier.mac(KEYS["command"], "jejak/digest/1", body)[:16].hex() == each["digest"]


def test_the_receipts_codes_are_those_of_the_product() -> None:
    codes = ReceiptCodes(instance="01", pin_key=KEYS["pin"], qr_key=KEYS["qr"])
    number = VECTORS["receipt"]["number"]
    assert check_symbol(number[:11]) == number[11]
    for each in VECTORS["receipt"]["codes"]:
        assert codes.pin(number, each["resets"]) == each["pin"]
        assert codes.qr_token(number, each["resets"]) == each["qr"]


def test_the_verifier_accepts_the_vectors(verifier: ModuleType) -> None:
    for event, (version, topic, stored) in zip(VECTORS["events"], ROWS, strict=True):
        assert verifier.commitment(STREAM, version, topic, json.loads(stored)).hex() == event["commitment"]
    assert base64.b64decode(verifier.check(STREAM, ROWS)).hex() == VECTORS["events"][-1]["commitment"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"by":"officer"', b'"by":"applicant"'),
        (b'"standard":3', b'"standard":4'),
        (b'"standard":3', b'"standard": 3'),
        (b'"role":"applicant"', b'"role":"proxy"'),
        (b'"actor":"8', b'"actor":"9'),
        (b',"sealed"', b',"extra":1,"sealed"'),
        (b'fn8=","sealed"', b'fn9=","sealed"'),
    ],
)
def test_the_verifier_refuses_a_changed_predecessor(verifier: ModuleType, old: bytes, new: bytes) -> None:
    version, topic, stored = ROWS[0]
    assert old in stored
    changed = [(version, topic, stored.replace(old, new)), ROWS[1]]
    with pytest.raises(ValueError, match=r"follow|form|base64"):
        verifier.check(STREAM, changed)


def test_the_verifier_refuses_another_stream_topic_or_order(verifier: ModuleType) -> None:
    elsewhere = str(test_vectors.KEY_ID)
    other_topic = [(1, "application.issued.v1", ROWS[0][2]), ROWS[1]]
    for stream, rows in ((elsewhere, ROWS), (STREAM, other_topic), (STREAM, ROWS[1:]), (STREAM, ROWS[::-1])):
        with pytest.raises(ValueError, match=r"follow|form"):
            verifier.check(stream, rows)


def test_the_verifier_opens_the_box_in_its_own_event_alone(verifier: ModuleType) -> None:
    [part] = json.loads(ROWS[0][2])["sealed"]
    topic = ROWS[0][1]
    assert verifier.open_box(KEYS["dossier"], STREAM, 1, topic, part) == VECTORS["personal"]
    for stream, version, bound in ((STREAM, 2, topic), (STREAM, 1, ROWS[1][1]), (str(test_vectors.KEY_ID), 1, topic)):
        with pytest.raises(InvalidTag):
            verifier.open_box(KEYS["dossier"], stream, version, bound, part)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_the_verifier_writes_every_stored_state_as_it_is(verifier: ModuleType, sample: Any) -> None:
    stored = sample.read_bytes().rstrip(b"\n")
    state = json.loads(stored)
    assert verifier.canonical(state) == stored == canonical(state)
    topic = sample.stem.partition("~")[0]
    assert verifier.commitment(STREAM, 7, topic, state) == commitment(UUID(STREAM), 7, topic, state)


def test_the_page_names_what_the_code_says() -> None:
    keys = re.findall(r"^\| `(\w+)` \|", PAGE.partition("## The state")[2].partition("## Data")[0], flags=re.MULTILINE)
    assert sorted(keys) == sorted(STATE)
    assert str(REGISTRY) in PAGE
    assert f"the first {CLAIM_BYTES} bytes" in PAGE
