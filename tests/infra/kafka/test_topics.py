"""`jejak topics`: what it says it will do is what it does, and then there is nothing to do."""

import stat
from pathlib import Path

import pytest
from kafka.admin import (
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    KafkaAdminClient,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.admin import ACLResourcePatternType as Pattern
from kafka.errors import KafkaTimeoutError

from tests.infra.kafka.broker import Broker
from tests.infra.kafka.logins import SetUp, environment_of, set_up, topics_file, topics_verb

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def made(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> SetUp:
    return set_up(kafka, tmp_path_factory.mktemp("topics"), "kota-a", "kota-b")


def test_after_an_apply_there_is_nothing_to_do_and_a_second_changes_nothing(made: SetUp, capsys: Captured) -> None:
    assert made.topics("plan") == 0
    assert "nothing to do" in capsys.readouterr().out
    before = {file.name: file.read_bytes() for file in made.passwords.iterdir()}
    assert made.topics("apply", "--yes") == 0
    assert "applied" not in capsys.readouterr().out
    assert {file.name: file.read_bytes() for file in made.passwords.iterdir()} == before


def test_a_right_that_somebody_took_away_shows_in_the_plan_and_comes_back(made: SetUp, capsys: Captured) -> None:
    taken = ACLFilter(
        "User:kota-a",
        "*",
        ACLOperation.READ,
        ACLPermissionType.ALLOW,
        ResourcePatternFilter(ResourceType.GROUP, "kota-a.", Pattern.PREFIXED),
    )
    with KafkaAdminClient(bootstrap_servers=made.broker.bootstrap) as admin:
        [(_, ended, _)] = admin.delete_acls([taken])
    assert len(ended) == 1
    assert made.topics("plan") == 1
    assert "+ right: kota-a may read group kota-a.*\n" in capsys.readouterr().out
    assert made.topics("apply", "--yes") == 0
    assert made.topics("plan") == 0


def test_a_quota_or_a_setting_that_somebody_changed_shows_and_comes_back(made: SetUp, capsys: Captured) -> None:
    other = "retention_days = 30\nconsumer_bytes_a_second = 1048576\n"
    file = topics_file(made.folder, "kota-a", "kota-b")
    before = file.read_text()
    file.write_text(before.replace("consumer_bytes_a_second = 104857600\n", other))
    try:
        assert made.topics("apply", "--yes") == 0
        shown = capsys.readouterr().out
        assert "topic jejak.agency.kota-a.events.v1: retention.ms=2592000000 (is 34560000000)" in shown
        assert "quota of kota-a: consumer_byte_rate=1048576 (is 104857600)" in shown
        assert made.topics("plan") == 0
    finally:
        file.write_text(before)
        assert made.topics("apply", "--yes") == 0


def test_it_will_not_change_a_partition_count_nor_do_anything_beside_it(made: SetUp, capsys: Captured) -> None:
    file = topics_file(made.folder, "kota-a", "kota-b", "kota-c")
    before = file.read_text()
    file.write_text(before.replace("partitions = 3", "partitions = 4"))
    try:
        assert made.topics("apply", "--yes") == 1
        shown = capsys.readouterr()
        assert "! topic jejak.agency.kota-a.events.v1 has 3 partitions, topics.toml says 4" in shown.out
        assert "nothing was changed" in shown.err
    finally:
        topics_file(made.folder, "kota-a", "kota-b")
    assert made.topics("plan") == 0


def test_without_a_terminal_it_wants_a_yes(made: SetUp, capsys: Captured) -> None:
    topics_file(made.folder, "kota-a", "kota-b", "kota-d")
    try:
        assert made.topics("apply") == 1
        assert "add --yes" in capsys.readouterr().err
    finally:
        topics_file(made.folder, "kota-a", "kota-b")
    assert made.topics("plan") == 0


def test_an_agency_that_is_gone_keeps_its_topics_and_loses_its_login(
    kafka: Broker, tmp_path: Path, capsys: Captured
) -> None:
    made = set_up(kafka, tmp_path, "kota-a", "kota-b", "kota-e")
    login = made.login("kota-e")
    assert KafkaAdminClient(**login).close() is None
    topics_file(tmp_path, "kota-a", "kota-b")
    assert made.topics("apply", "--yes") == 0
    assert "- user kota-e" in capsys.readouterr().out
    assert not made.file("kota-e").exists()
    with pytest.raises(KafkaTimeoutError):
        KafkaAdminClient(**login, bootstrap_timeout_ms=2000)
    assert made.topics("plan") == 0
    assert (
        "topic jejak.agency.kota-e.events.v1 belongs to no agency in topics.toml: it stays" in capsys.readouterr().out
    )


def test_passwords_lie_in_files_of_their_owner_alone_and_nowhere_else(made: SetUp, capsys: Captured) -> None:
    old = made.password("kota-b")
    assert len(old) == 43
    assert made.topics("rotate", "kota-b") == 0
    new = made.password("kota-b")
    assert new != old
    shown = capsys.readouterr()
    assert old not in shown.out + shown.err
    assert new not in shown.out + shown.err
    for file in made.passwords.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    KafkaAdminClient(**made.login("kota-b")).close()
    with pytest.raises(KafkaTimeoutError):
        KafkaAdminClient(**made.login("kota-b", old), bootstrap_timeout_ms=2000)


def test_who_may_not_administer_is_told_so(made: SetUp, capsys: Captured) -> None:
    assert made.topics("plan", user="kota-a") == 2
    assert "agencies.kota-a: this user administers Kafka" in capsys.readouterr().err
    assert made.topics("plan", user="jejak-audit") == 2
    assert "AuthorizationFailed" in capsys.readouterr().err


def test_brokers_that_do_not_answer_are_told_by_their_address(
    kafka: Broker, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.kafka.admin.CONNECT_MS", 1000)
    environment = {**environment_of(kafka, tmp_path, "kota-a"), "JEJAK_KAFKA_BOOTSTRAP": "127.0.0.1:1"}
    assert topics_verb(environment, "plan") == 2
    assert "Kafka at 127.0.0.1:1, as admin" in capsys.readouterr().err
