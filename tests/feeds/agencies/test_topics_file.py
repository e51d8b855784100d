"""The file of topics: what it says, and what is refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds.agencies.topics_file import TopicsWrong, read_topics
from projections.routing import Agency


def written(folder: Path, text: str) -> Path:
    file = folder / "topics.toml"
    file.write_text(text)
    return file


def test_the_file_that_is_shipped_can_be_read() -> None:
    topics = read_topics()
    assert "pemda-3374" in topics.agencies
    assert topics.feeds()["kemendagri"].owns["ktp-el"] == datetime(2024, 1, 1, tzinfo=UTC)


def test_a_day_begins_at_midnight_utc(tmp_path: Path) -> None:
    topics = read_topics(written(tmp_path, "[agencies.pln]\nsince = 2026-03-01\nowns = { listrik = 2026-04-01 }"))
    april = datetime(2026, 4, 1, tzinfo=UTC)
    assert topics.feeds() == {
        "pln": Agency(code="pln", since=datetime(2026, 3, 1, tzinfo=UTC), owns={"listrik": april})
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[agencies.'a.b']", "agencies.a.b: an id has at most 63 lower-case letters"),
        ("[agencies.'" + "a" * 64 + "']", "at most 63"),
        ("[agencies.pln]\nsinec = 2026-01-01", "sinec"),
        ("[agencies.pln]\nsince = 'soon'", "agencies"),
        ("[kafka]\npartitions = 0", "kafka.partitions"),
        ("[kafka]\nreplication = 1\nmin_insync = 2", "min_insync"),
        ("agencies = ", "Invalid value"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_the_place(tmp_path: Path, text: str, said: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(TopicsWrong) as refused:
        read_topics(file)
    assert str(file) in str(refused.value)
    assert said in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TopicsWrong, match=r"none\.toml: cannot be read"):
        read_topics(tmp_path / "none.toml")


def test_the_edition_is_of_what_decides_who_is_told_what(tmp_path: Path) -> None:
    one = read_topics(written(tmp_path, "[agencies.pln]\n[agencies.bpjs]")).edition()
    assert read_topics(written(tmp_path, "[kafka]\npartitions = 6\n[agencies.bpjs]\n[agencies.pln]")).edition() == one
    assert read_topics(written(tmp_path, "[agencies.pln]")).edition() != one
