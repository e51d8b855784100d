"""`jejak feed tail`: the operator sees what an agency is told, the newest or from one on, and what comes."""

import json
import subprocess
from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.builders import SEMARANG
from tests.conftest import PROJECT, Fresh
from tests.infra.logs import Writer, environment
from tests.infra.projector.test_outbox import distributing, register, until_told
from tests.running import JEJAK

TOPICS = {"JEJAK_TOPICS_FILE": str(PROJECT / "tests" / "infra" / "topics.toml")}
AGENCY = "disdukcapil"


@pytest.fixture
def lives(fresh: Fresh) -> Iterator[list[UUID]]:
    """Three, told to the agency."""
    writer = Writer(fresh.databases.serving)
    register(writer, SEMARANG)
    made = writer.lives(3)
    with distributing(fresh.databases.serving):
        until_told(fresh.databases.serving)
    yield made
    writer.datastore.close()


def tail(fresh: Fresh, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*JEJAK, "feed", "tail", *arguments],
        env=environment(fresh) | TOPICS,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_shows_the_newest_or_all_after_one_a_line_each(fresh: Fresh, lives: list[UUID]) -> None:
    newest = tail(fresh, AGENCY, "--last", "5").stdout.splitlines()
    assert [line.split()[3] for line in newest] == [f"{lives[1]}:4", *(f"{lives[2]}:{n}" for n in (1, 2, 3, 4))]
    assert newest[-1].split()[1:3] == ["event", "application.withdrawn.v1"]
    assert newest[-1].endswith(" after 3")
    after = tail(fresh, AGENCY, "--from", f"{lives[0]}:3", "--json").stdout.splitlines()
    told = [json.loads(line) for line in after]
    assert [event["id"] for event in told] == [
        f"{lives[0]}:4",
        *(f"{life}:{n}" for life in lives[1:] for n in (1, 2, 3, 4)),
    ]
    assert told[0]["source"] == "urn:gov:id:jejak:01"
    assert tail(fresh, AGENCY, "--last", "0").stdout == ""


def test_what_is_not_there_is_told_with_what_is(fresh: Fresh, lives: list[UUID]) -> None:
    nobody = tail(fresh, "nobody")
    assert (nobody.returncode, nobody.stdout) == (2, "")
    assert "nobody has no feed; these agencies have a feed: disdukcapil" in nobody.stderr
    unknown = tail(fresh, AGENCY, "--from", f"{lives[0]}:5")
    assert unknown.returncode == 2
    assert f"{lives[0]}:5 is not in the feed of disdukcapil" in unknown.stderr
    nonsense = tail(fresh, AGENCY, "--from", "x")
    assert nonsense.returncode == 2
    assert "--from" in nonsense.stderr


def test_it_follows_until_it_is_stopped(fresh: Fresh, lives: list[UUID]) -> None:
    with subprocess.Popen(
        [*JEJAK, "feed", "tail", AGENCY, "--last", "1", "--follow"],
        env=environment(fresh) | TOPICS,
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert f"{lives[-1]}:4 " in process.stdout.readline()
        writer = Writer(fresh.databases.serving)
        with distributing(fresh.databases.serving):
            more = writer.life()
            assert [process.stdout.readline().split()[3] for _ in range(4)] == [f"{more}:{n}" for n in (1, 2, 3, 4)]
        writer.datastore.close()
        process.terminate()
        assert process.wait(timeout=60) == 0


def test_a_pipe_that_is_closed_ends_it_quietly(fresh: Fresh, lives: list[UUID]) -> None:
    assert lives
    command = " ".join([*JEJAK, "feed", "tail", AGENCY, "--json"])
    done = subprocess.run(
        ["sh", "-c", f"{command} | true"],
        env=environment(fresh) | TOPICS,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
