"""What is personal stays sealed: planted in every string that the document lets one send, it is found nowhere."""

import base64
import copy
import re
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from infra.postgres.databases import databases
from infra.settings import settings_from
from tests.api.lives import WAYS
from tests.contract.requests import Real, real
from tests.running import Jejak, Reply

pytestmark = pytest.mark.timeout(900)  # some thousand requests, on a machine that others use, too

DIGITS = "0123456789"
LETTERS = "bcdfghjkmnpqrstvwxz"


def drawn(symbols: str, length: int) -> str:
    return "".join(secrets.choice(symbols) for _ in range(length))


CANARIES = {
    "nik": f"3374{drawn(DIGITS, 2)}4112{drawn(DIGITS, 5)}{drawn(DIGITS[1:], 1)}",
    "name": f"Z{drawn(LETTERS, 11)}",
    "phone": f"+62812{drawn(DIGITS, 9)}",
    "document number": f"DOK-{drawn(DIGITS, 6)}-{drawn(LETTERS, 5).upper()}",
}

TOGETHER = {"all": " ".join(CANARIES.values())}
ANY_HEADERS = ("Authorization", "Accept-Language", "Prefer", "If-None-Match", "User-Agent", "Cookie")
PERSON = ("name", "nik", "phone", "email", "address")

Path = tuple[str | int, ...]
Schema = dict[str, Any]


@dataclass(slots=True)
class Planted:
    """Everything that was answered, and where a canary was sent in a request that was done."""

    answers: list[bytes] = field(default_factory=list)
    done: set[tuple[str, Path, str]] = field(default_factory=set)
    sent: int = 0


def spellings(canary: str) -> list[bytes]:
    """In clear, in hex, and in base64 at each of its three alignments, without what depends on the neighbours."""
    clear = canary.encode()
    encoded = [base64.b64encode(b"\0" * shift + clear).rstrip(b"=") for shift in range(3)]
    inner = [text[(0, 2, 3)[shift] : -1] for shift, text in enumerate(encoded)]
    return [clear, clear.hex().encode(), clear.hex().upper().encode(), *inner]


def found_in(text: bytes) -> list[str]:
    return [name for name, canary in CANARIES.items() if any(each in text for each in spellings(canary))]


def resolved(document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def strings(document: Schema, schema: Schema) -> Iterator[Path]:
    """The place of every string that a body may hold, at any depth."""
    schema = resolved(document, schema)
    if schema.get("type") == "string" or any(isinstance(each, str) for each in schema.get("enum", ())):
        yield ()
    for option in schema.get("anyOf", []):
        yield from strings(document, option)
    for name, each in schema.get("properties", {}).items():
        yield from ((name, *rest) for rest in strings(document, each))
    if "items" in schema:
        yield from ((0, *rest) for rest in strings(document, schema["items"]))


def planted(body: Any, place: Path, canary: str) -> Any:
    """A copy of the body with the canary there; what is missing on the way is made, a person with a name."""
    if not place:
        return canary
    head, *rest = place
    if isinstance(head, int):
        items = list(body) if isinstance(body, list) else []
        return [planted(items[0] if items else None, tuple(rest), canary), *items[1:]]
    made = copy.deepcopy(body) if isinstance(body, dict) else {"name": canary} if head in PERSON else {}
    made[head] = planted(made.get(head), tuple(rest), canary)
    return made


def requests(document: Schema, described: Schema) -> Iterator[tuple[str, Path]]:
    """Where in a request of this operation a string can stand: the part, and the place in it."""
    for parameter in described["parameters"]:
        yield parameter["in"], (parameter["name"],)
    yield from (("any header", (header,)) for header in ANY_HEADERS)
    if "requestBody" in described:
        schema = described["requestBody"]["content"]["application/json"]["schema"]
        yield from (("body", place) for place in strings(document, schema))
        yield from (("key", ()), ("whole", ()))


def send(running: Jejak, operation: tuple[str, str], base: Real, where: tuple[str, Path], canary: str) -> Reply:
    """`base`, which would be done, with the canary in one place."""
    (method, template), (part, place) = operation, where
    values, headers, body, token = base
    query, headers = "", headers | {"Idempotency-Key": str(uuid4())}
    match part:
        case "path":
            values = values | {str(place[0]): canary}
        case "query":
            query = f"?{place[0]}={canary.replace('+', '%2B')}"
        case "header" | "any header":
            headers = headers | {str(place[0]): canary}
            token = None if place == ("Authorization",) else token
        case "body":
            body = planted(body, place, canary)
        case "key":
            body = {**body, canary: canary}
        case "whole":
            body = canary.encode()
    return running.request(method, template.format(**values) + query, body, token=token, headers=headers)


@pytest.fixture(scope="module")
def everywhere(running: Jejak) -> Planted:
    """After every canary was sent to every place."""
    found = Planted()
    document = running.request("GET", "/openapi.json").json()
    for template, methods in document["paths"].items():
        for method, described in methods.items():
            name = described["operationId"]
            base = real(running, name)
            for part, place in requests(document, described):
                for kind, canary in (TOGETHER if part == "any header" else CANARIES).items():
                    reply = send(running, (method.upper(), template), base, (part, place), canary)
                    found.sent += 1
                    assert reply.status < 500, (name, part, place, reply.body)
                    if reply.status < 300:
                        found.done.add((name, place, kind))
                        base = real(running, name) if name in WAYS else base
                    if not (name == "open-dossier" and reply.status == 200):
                        found.answers += [reply.body, str(reply.headers).encode()]
    canary = CANARIES["name"]
    for path in (f"/{canary}", f"/id/r/{canary}", f"/static/{canary}", f"/id/?{canary}={canary}"):
        found.answers.append(running.request("GET", path, headers={"Cookie": f"jejak_session={canary}"}).body)
    form = f"number={CANARIES['nik']}&pin={CANARIES['phone']}&{canary}={canary}".encode()
    found.answers.append(running.request("POST", "/id/track", form).body)
    print(f"{found.sent} requests with a canary, {len(found.done)} kinds of them done")
    return found


def test_the_search_finds_a_canary_however_it_is_spelled() -> None:
    for name, canary in CANARIES.items():
        for before in ("", "x", "xy", "xyz"):
            clear = f"{before}{canary}, and more".encode()
            for text in (clear, clear.hex().encode(), base64.b64encode(clear)):
                assert name in found_in(text)
    assert found_in(b"nothing of the kind") == []


def test_what_may_be_sent_was_sent_and_done(everywhere: Planted) -> None:
    """Else the search below would prove nothing: these are stored, sealed."""
    persons = {
        ("submit-application", (person, name), kind)
        for person in ("applicant", "subject", "proxy")
        for name, kind in (("name", "name"), ("nik", "nik"), ("phone", "phone"), ("address", "document number"))
    }
    documents = {("submit-application", ("applicant", "other_document", "number"), kind) for kind in CANARIES}
    found = {("find-by-person", ("nik",), "nik")}
    notes = {
        (command, ("note",), kind)
        for command in (
            "return-for-correction",
            "refer",
            "answer-referral",
            "suspend",
            "reject",
            "cancel",
            "amend-record",
        )
        for kind in CANARIES
    }
    numbers = {("issue", ("document_number",), kind) for kind in CANARIES}
    keys = {("receive", ("Idempotency-Key",), kind) for kind in CANARIES}
    assert everywhere.done >= persons | documents | found | notes | numbers | keys


def test_no_answer_repeats_it(everywhere: Planted) -> None:
    for answer in everywhere.answers:
        assert found_in(answer) == [], answer


def test_the_metrics_do_not_know_it(running: Jejak, everywhere: Planted) -> None:
    assert everywhere.sent
    assert found_in(running.request("GET", "/metrics", port=running.ops_port).body) == []


def test_no_log_names_it(running: Jejak, everywhere: Planted) -> None:
    assert everywhere.sent
    logs = [*running.folder.glob("*.log"), *running.folder.glob("**/log/*")]
    assert {file.name for file in logs} >= {f"serve-{running.port}.log", "pg18.log"}
    for file in logs:
        assert found_in(file.read_bytes()) == [], file.name


@pytest.mark.parametrize("database", ["jejak", "jejak_keys"])
def test_no_table_holds_it(database: str, running: Jejak, everywhere: Planted) -> None:
    assert everywhere.sent
    with databases(settings_from(running.environment())) as found:
        assert found.tools is not None
        conninfo = found.owner if database == "jejak" else found.keys_owner
        dump = subprocess.run([found.tools / "pg_dump", conninfo], capture_output=True, check=True).stdout
    assert dump.count(b"\n") > 100
    assert found_in(dump) == []
    for blob in re.findall(rb"\\\\x([0-9a-f]+)", dump):
        assert found_in(bytes.fromhex(blob.decode())) == []
