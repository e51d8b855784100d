"""`jejak audit-feed` on a real broker: it agrees with a whole feed, and names what is planted in one that is not."""

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from domain.application.events import Received, Transferred
from feeds.agencies.messages import Message
from infra.cli.main import main
from infra.kafka import topic_audit
from infra.postgres.packing import unpack
from tests.builders import COMPLETE, MAKASSAR, SEMARANG, stage_done
from tests.conftest import PROJECT, Fresh
from tests.infra.kafka.broker import Broker
from tests.infra.kafka.logins import SetUp, topics_verb
from tests.infra.kafka.told import AGENCY, TOPICS, Sent, begun, emptied, messages, publish, records, told
from tests.infra.logs import Writer, environment
from tests.infra.projector.test_outbox import distributing, register, until_told

Tampering = tuple[Callable[[bytes], bytes], str | None]
SEVENTH = """
SELECT position, packed FROM feeds.messages JOIN stored_events ON notification_id = position
WHERE originator_version = 7
"""
MAY_IMPORT = {
    "domain.json_values",
    "feeds.agencies.audit",
    "feeds.agencies.kafka",
    "feeds.history.spill",
    "infra.eventstore.history",
    "infra.kafka.brokers",
    "infra.postgres.connections",
    "infra.postgres.packing",
    "infra.settings",
    "projections",
    "projections.view",
    "projections.file_facts",
}
"""feeds.agencies.kafka for the names of topics alone, projections for the fold of the citizen's page alone, and
infra.postgres.packing to read the stored messages.
"""


def audited(made: SetUp, fresh: Fresh, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, Any]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**environment(fresh), **made.as_user("jejak-audit")}.items():
            patch.setenv(name, value)
        capsys.readouterr()
        code = main(["audit-feed", AGENCY, "--json", *options])
    shown = capsys.readouterr()
    return code, json.loads(shown.out) if shown.out else shown.err


def by_application(found: list[Message]) -> list[list[Sent]]:
    lives: dict[bytes, list[Sent]] = {}
    for message, record in zip(found, records(found), strict=True):
        lives.setdefault(message.key, []).append(record)
    return list(lives.values())


def test_it_agrees_with_a_whole_feed(
    kafka: Broker, fresh: Fresh, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = begun(kafka, tmp_path)
    found = told(fresh, 60)
    early, late, last = found[:100], found[100:236], found[-1].position
    publish(made, AGENCY, records(early), early[-1].position)
    publish(made, AGENCY, records(late), late[-1].position, late)
    code, verdict = audited(made, fresh, capsys, "--from-beginning")
    assert (code, verdict["whole"], verdict["faults"]) == (0, True, {})
    assert (verdict["applications"], verdict["messages"], verdict["records"]) == (60, 240, 236)
    assert (verdict["not_yet_published"], verdict["published_to"]) == (4, late[-1].position)
    publish(made, AGENCY, [], last)
    code, verdict = audited(made, fresh, capsys)
    assert (code, verdict["faults"]) == (1, {"gap": 4})
    assert [fault["id"] for fault in verdict["first"]] == [message.id for message in found[-4:]]


def test_it_names_each_thing_that_is_planted(
    kafka: Broker, fresh: Fresh, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = begun(kafka, tmp_path)
    found = told(fresh, 7)
    lives = by_application(found)
    gap, double, swap, altered, header, whole, lost = lives
    key, value, headers = altered[1]
    stranger = [(name, b"%s:1" % (b"0" * 8 + key[8:]) if name == "ce_id" else old) for name, old in headers]
    doubtful = [(name, b"0000000009" if name == "ce_previous" else old) for name, old in header[2][2]]
    planted = [
        *(gap[0], gap[1], gap[3]),
        *(*double, double[1]),
        *(swap[0], swap[2], swap[1], swap[3]),
        *(altered[0], (key, value.replace(b"holder", b"owner"), headers), *altered[2:]),
        *(*header[:2], (header[2][0], header[2][1], doubtful), header[3]),
        *whole,
        (key, value, stranger),
        (key, value, [("ce_id", b"no id")]),
    ]
    publish(made, AGENCY, planted, found[-1].position)
    code, verdict = audited(made, fresh, capsys)
    assert code == 1
    assert verdict["faults"] == {"foreign": 2, "gap": 5, "double": 1, "disorder": 1, "altered": 2}
    named = {(fault["kind"], fault["id"]) for fault in verdict["first"]}
    assert named >= {
        ("gap", f"{gap[0][0].decode()}:3"),
        ("double", f"{double[0][0].decode()}:2"),
        ("disorder", f"{swap[0][0].decode()}:2"),
        ("altered", f"{key.decode()}:2"),
        ("altered", f"{header[0][0].decode()}:3"),
        *(("gap", f"{lost[0][0].decode()}:{version}") for version in (1, 2, 3, 4)),
    }
    assert value.decode() not in json.dumps(verdict)


@pytest.mark.parametrize(
    "tampering",
    [
        (lambda told: told, None),
        (lambda told: re.sub(rb',"so_far".*', b"}", told), "so_far is missing"),
        (lambda told: told.replace(b"03-16", b"03-17"), "so_far/promise differ"),
        (lambda _: b"no JSON", "so_far is missing"),
    ],
    ids=["whole", "missing", "wrong", "unreadable"],
)
def test_it_finds_a_state_of_the_file_that_the_log_does_not_give(
    kafka: Broker,
    fresh: Fresh,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    tampering: Tampering,
) -> None:
    change, said = tampering
    made = begun(kafka, tmp_path)
    told(fresh, 1)
    writer = Writer(fresh.databases.serving)
    register(writer, MAKASSAR, agency="pln")
    writer.append(*COMPLETE, *stage_done("verification"), Transferred(to=SEMARANG), Received(), office=MAKASSAR)
    writer.datastore.close()
    with distributing(fresh.databases.serving, TOPICS):
        until_told(fresh.databases.serving, TOPICS)
    with psycopg.connect(fresh.databases.owner) as connection:
        [(position, packed)] = connection.execute(SEVENTH).fetchall()
        connection.execute(
            "UPDATE feeds.messages SET packed = %s WHERE position = %s", (change(unpack(packed)), position)
        )
    found = messages(fresh)
    publish(made, AGENCY, records(found), found[-1].position)
    code, verdict = audited(made, fresh, capsys, "--from-beginning")
    assert (code, verdict["faults"]) == ((1, {"unfounded": 1}) if said else (0, {}))
    assert [fault["what"].startswith(said) for fault in verdict["first"]] == [True] * (said is not None)


def test_where_nothing_was_published_it_says_so(
    kafka: Broker, fresh: Fresh, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = begun(kafka, tmp_path)
    code, said = audited(made, fresh, capsys)
    assert code == 2
    assert "has no position yet" in said


def test_a_feed_begins_with_its_topics_where_the_operator_says_so(
    kafka: Broker, fresh: Fresh, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = emptied(kafka, tmp_path)
    passwords = ["--credentials", str(made.passwords)]
    at = {**environment(fresh), **made.environment}
    assert topics_verb(at, "apply", "--yes", "--begin", *passwords) == 0
    assert f"the relay will publish the feed of {AGENCY} after position 0" in capsys.readouterr().out
    told(fresh, 1)
    code, verdict = audited(made, fresh, capsys)
    assert (code, verdict["published_to"], verdict["not_yet_published"]) == (0, 0, 4)


def test_it_shares_no_code_with_what_it_audits() -> None:
    """Neither the relay's nor that which makes the messages: the same mistake would be on both sides."""
    for file in (PROJECT / "feeds" / "agencies" / "audit.py", Path(topic_audit.__file__)):
        for node in ast.walk(ast.parse(file.read_text())):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            ours = {
                name for name in modules if name.split(".")[0] in ("feeds", "infra", "api", "projections", "domain")
            }
            assert ours <= MAY_IMPORT, file
            if isinstance(node, ast.ImportFrom) and node.module == "feeds.agencies.kafka":
                assert [alias.name for alias in node.names] == ["topic_names"]
            if isinstance(node, ast.ImportFrom) and node.module == "projections":
                assert [alias.name for alias in node.names] == ["progress"]
