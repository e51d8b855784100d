"""The AsyncAPI document: valid by the makers' own parser, its examples true to its schemas and to what is sent."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft7Validator

from feeds.agencies.asyncapi import document
from feeds.agencies.asyncapi_messages import EVENTS
from feeds.agencies.messages import STATUS, binary, status_headers
from feeds.agencies.topics_file import KafkaTopics
from projections.routing import Capacity
from tests.feeds.agencies.test_messages import ORIGIN, message
from tests.feeds.agencies.test_schemas import NEWEST

HERE = Path(__file__).parent / "asyncapi"
DOCUMENT: dict[str, Any] = json.loads(orjson.dumps(document(KafkaTopics(), "0.1.0")))
MESSAGES = DOCUMENT["components"]["messages"]
INSTALL_SECONDS = 240


def resolved(part: Any) -> Any:
    while "$ref" in part:
        found: Any = DOCUMENT
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def payload_of(named: Any) -> Any:
    """The schema of a message's payload, with what it refers to."""
    schema = dict(resolved(named["payload"])["schema"])
    if "properties" in schema:
        schema["properties"] = {name: resolved(each) for name, each in schema["properties"].items()}
    return schema


def headers_of(named: Any) -> Iterator[Any]:
    """The schemas that the headers of a message must fit: its own, and those of its traits."""
    for part in (named, *map(resolved, named.get("traits", ()))):
        if "headers" in part:
            yield part["headers"]


def validator(schema: Any) -> Draft7Validator:
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > len(NEWEST)
    for reference in found:
        assert resolved({"$ref": reference})


def test_every_message_of_a_feed_is_in_it_with_its_schema() -> None:
    assert NEWEST.keys() <= MESSAGES.keys()
    for topic, schema in NEWEST.items():
        assert payload_of(MESSAGES[topic]) == {name: each for name, each in schema.items() if name != "$id"}
    events = DOCUMENT["channels"]["events"]
    assert list(events["messages"]) == EVENTS
    assert events["address"] == "jejak.agency.{agency}.events.v1"
    assert events["bindings"]["kafka"]["topicConfiguration"] == {
        "cleanup.policy": ["delete"],
        "retention.ms": 400 * 24 * 3600 * 1000,
    }
    assert DOCUMENT["channels"]["status"]["bindings"]["kafka"]["topicConfiguration"] == {"cleanup.policy": ["compact"]}


def test_a_schema_that_many_messages_share_is_in_it_once() -> None:
    whole = json.dumps(DOCUMENT)
    assert whole.count('"paused_since": {') <= 3  # two sets of capacities, and the status record
    assert len(whole) < 700_000


@pytest.mark.parametrize("name", MESSAGES)
def test_an_example_fits_the_schemas_of_its_message(name: str) -> None:
    named = MESSAGES[name]
    for example in named.get("examples", []):
        validator(payload_of(named)).validate(example["payload"])
        for schema in headers_of(named):
            validator(schema).validate(example["headers"])
    assert "examples" in named or name not in {*NEWEST, "command"}


@pytest.mark.parametrize("capacity", Capacity)
def test_what_is_sent_has_the_headers_that_are_described(capacity: Capacity) -> None:
    sent = {name: value.decode() for name, value in binary(message(capacity)._replace(era=2), ORIGIN)}
    for schema in headers_of(MESSAGES[message().topic]):
        validator(schema).validate(sent)
        assert sent.keys() == schema["properties"].keys() or schema["properties"].keys() == {"ce_type"}
    if message(capacity).status:
        status = {name: value.decode() for name, value in status_headers(message(capacity), ORIGIN)}
        for schema in headers_of(MESSAGES[STATUS]):
            validator(schema).validate(status)


# By the makers' own parser


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: the AsyncAPI document is not put to @asyncapi/parser")
    return found


@pytest.fixture(scope="module")
def checker() -> Path:
    """The parser, installed once for each lock file, for all processes."""
    npm = program("npm")
    program("node")
    key = sha256(b"".join((HERE / name).read_bytes() for name in ("package-lock.json", "check.js"))).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"jejak-asyncapi-{os.getuid()}-{key}"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            for file in HERE.iterdir():
                shutil.copy(file, folder)
            done = subprocess.run(
                [npm, "ci"], cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
            )
            if done.returncode:
                pytest.skip(f"@asyncapi/parser cannot be installed: npm ci ended with {done.returncode}")
            (folder / "installed").touch()
    return folder


def parsed(folder: Path, said: Any) -> subprocess.CompletedProcess[bytes]:
    asked = [program("node"), "check.js"]
    return subprocess.run(asked, cwd=folder, input=orjson.dumps(said), capture_output=True, timeout=120, check=False)


def test_the_makers_parser_has_no_error_to_tell(checker: Path) -> None:
    done = parsed(checker, DOCUMENT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"error" not in done.stdout


def test_the_makers_parser_finds_what_is_wrong(checker: Path) -> None:
    broken = json.loads(orjson.dumps(DOCUMENT))
    broken["operations"]["tellStatus"]["messages"] = [{"$ref": f"#/components/messages/{STATUS}"}]
    done = parsed(checker, broken)
    assert done.returncode == 1
    assert b"error operations/tellStatus" in done.stdout


def test_the_lock_of_the_parser_names_no_registry() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text())
    assert not re.search(r'"resolved"', (HERE / "package-lock.json").read_text())
    packages = [each for name, each in lock["packages"].items() if name]
    assert len(packages) > 100
    assert all(each["integrity"].startswith("sha512-") for each in packages)
    assert (HERE / ".npmrc").read_text().startswith("omit-lockfile-registry-resolved")
