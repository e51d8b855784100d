"""docker-compose.yml: without Docker, its processes run a life, a grant by silence and a message through Kafka."""

import asyncio
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from feeds.agencies.kafka import topic_names as names
from infra.composition import installation
from infra.eventstore.eras import eras
from infra.postgres.databases import databases
from infra.postgres.embedded import EmbeddedPostgres
from infra.settings import settings_from
from tests.builders import EDITIONS, INFORMATION, SEMARANG
from tests.conftest import PROJECT, new_folder
from tests.deploy.clusters import cluster, host_of
from tests.deploy.compose import FILE, Containers, image_environment, ours, read
from tests.deploy.judges import judge
from tests.infra.backup.drill import backup_folder
from tests.infra.eventstore.intaking import AGENCY, submission
from tests.infra.files import OVERDUE, Desk
from tests.infra.kafka.broker import Broker, broker
from tests.infra.kafka.logins import topics_file
from tests.running import Jejak

DEPLOY = PROJECT / "deploy"
SERVED = ("api", "project", "schedule", "relay", "intake")
"""What `jejak serve` runs: infra/runtime/serve.py. The outbox belongs to `project`."""
STEPS = [("receive", {}), ("reject", {"reason": "not_eligible", "remedy": "objection", "note": "Tidak lengkap."})]

pytestmark = [
    pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.timeout(600),
]


@dataclass(frozen=True, slots=True)
class Up:
    """The services, running, and a client of the API. `silent` is the application that time grants."""

    containers: Containers
    client: Jejak
    broker: Broker
    officer: str
    silent: str

    def conninfo(self, name: str = "api") -> str:
        return str(settings_from(self.containers.environment(name)).database_url)


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    folder = new_folder()
    secrets = folder / "secrets"
    subprocess.run([DEPLOY / "make-secrets", secrets], check=True)
    clusters: list[EmbeddedPostgres] = []
    containers = None
    try:
        with broker() as kafka:
            (secrets / "kafka-admin").chmod(0o600)
            (secrets / "kafka-admin").write_text(kafka.admin_password)
            clusters += [cluster(folder / "pg-log", "log", "jejak", secrets)]
            clusters += [cluster(folder / "pg-keys", "keys", "jejak_keys", secrets)]
            for name in ("keyfolder", "keyfolder-epoch", "kafka-passwords", "spool", "copies", "backup"):
                (folder / name).mkdir(mode=0o711 if name == "copies" else 0o700)  # PostgreSQL enters `copies`
            containers = Containers(
                folder=folder,
                hosts={"log": host_of(clusters[0]), "keys": host_of(clusters[1]), "kafka:9092": kafka.scram},
                mounts={
                    "secrets": secrets,
                    "./topics.toml": topics_file(folder, AGENCY),
                    "keyfolder": folder / "keyfolder",
                    "epochfolder": folder / "keyfolder-epoch",
                    "kafka-passwords": folder / "kafka-passwords",
                    **{name: folder / name for name in ("spool", "copies", "backup")},
                },
            )
            containers.run("prepare")
            silent = asyncio.run(furnished(containers))
            containers.run("topics")
            containers.up(*SERVED)
            client = Jejak(folder, port=containers.ports["api"])
            containers.until(lambda: ready(client), "the API becomes ready")
            officer = containers.run("operator", ["token", "--role", "officer", "--office", SEMARANG]).strip()
            yield Up(containers, client, kafka, officer, silent)
    finally:
        if containers:
            codes = containers.down()
            print(containers.logs())
            assert set(codes.values()) <= {0}, codes
        for postgres in clusters:
            postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def furnished(containers: Containers) -> str:
    """The owner publishes offices and services. One application is complete since March, and nobody decided."""
    settings = settings_from(containers.environment("operator"))
    basic = ("calendar", "regions")
    editions = [e for e in EDITIONS if not e.topic.startswith(basic) and getattr(e, "standard", 3) in {1, 3}]
    with databases(settings) as found:
        async with installation(settings, found) as made:
            await made.editions.publish(editions, made.recorder, made.named.commands[0])
            [silent] = await Desk(made, found.serving).complete([OVERDUE])
    return str(silent)


def ready(client: Jejak) -> bool:
    try:
        return client.request("GET", "/readyz").status == 200
    except OSError:
        return False


def records(up: Up, topic: str) -> list[dict[str, bytes]]:
    """The headers of all records of a topic."""
    consumer = KafkaConsumer(bootstrap_servers=up.broker.bootstrap, isolation_level="read_committed")
    try:
        places = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        ends = consumer.end_offsets(places)
        found: list[dict[str, bytes]] = []
        while any(consumer.position(place) < ends[place] for place in places):
            for some in consumer.poll(timeout_ms=500).values():
                found += [dict(record.headers) for record in some]
        return found
    finally:
        consumer.close()


def test_a_life_goes_through_the_services_and_its_events_reach_the_agency(up: Up) -> None:
    made = up.client.submit(up.officer, service=INFORMATION, applicant={"name": "Siti Contoh"})
    application = made["application_id"]
    for seen, (command, body) in enumerate(STEPS, 1):
        reply = up.client.ask(up.officer, application, command, seen, body)
        assert reply.status == 200, reply.body

    def told() -> set[bytes]:
        subject = f"application/{application}".encode()
        return {said["ce_type"] for said in records(up, names.events(AGENCY)) if said.get("ce_subject") == subject}

    wanted = {f"jejak.application.{event}.v1".encode() for event in ("submitted", "received", "rejected")}
    up.containers.until(lambda: told() == wanted, "the relay publishes the events")


def test_silence_grants(up: Up) -> None:
    topics = "SELECT topic FROM stored_events WHERE originator_id = %s ORDER BY originator_version"

    def granted() -> bool:
        with psycopg.connect(up.conninfo(), options="-c role=jejak_auditor") as connection:
            return connection.execute(topics, (up.silent,)).fetchall()[-1] == ("application.deemed-approved.v1",)

    up.containers.until(granted, "the scheduler grants")


def test_a_command_by_kafka_is_applied_and_answered(up: Up) -> None:
    password = (up.containers.folder / "kafka-passwords" / f"{AGENCY}.password").read_text()
    producer = KafkaProducer(
        bootstrap_servers=up.broker.scram,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username=AGENCY,
        sasl_plain_password=password,
        acks="all",
    )
    headers, value = submission()
    producer.send(names.commands(AGENCY), value, key=b"k", headers=headers).get(timeout=30)
    producer.close(timeout=5)
    asked = dict(headers)["ce_id"]

    def answered() -> list[bytes]:
        answers = records(up, names.replies(AGENCY))
        return [said["ce_type"] for said in answers if said.get("ce_correlationid") == asked]

    assert up.containers.until(answered, "the intake answers") == [b"jejak.intake.answered.v1"]


def test_each_process_is_ready_and_shows_its_metrics_where_prometheus_and_the_health_check_ask(up: Up) -> None:
    """At the ops port; in a container this is port 9464, which the health check and prometheus.yml name."""
    compose = read()
    for name in SERVED:
        assert compose["services"][name]["environment"]["JEJAK_OPS_PORT"] == "9464"
        assert "127.0.0.1:9464/readyz" in compose["services"][name]["healthcheck"]["test"][-1]
        port = up.containers.ops[name]
        up.containers.until(lambda at=port: up.client.request("GET", "/readyz", port=at).status == 200, name)
        shown = up.client.request("GET", "/metrics", port=port).body.decode()
        assert "jejak_info{" in shown


@pytest.mark.parametrize("role", ["jejak_owner", "jejak", "postgres"])
@pytest.mark.parametrize("which", ["database_url", "keys_database_url"])
def test_the_login_of_the_services_cannot_become_the_owner(up: Up, which: str, role: str) -> None:
    url = str(getattr(settings_from(up.containers.environment("api")), which))
    with psycopg.connect(url) as connection, pytest.raises(psycopg.Error) as refused:
        connection.execute(f"SET ROLE {role}".encode())
    assert refused.value.sqlstate in {"42501", "22023"}  # not permitted, or no such role in this cluster


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("jejak_serving", "DELETE FROM stored_events"),
        ("jejak_serving", "UPDATE stored_events SET state = state"),
        ("jejak_serving", "TRUNCATE stored_events"),
        ("jejak_serving", "ALTER TABLE stored_events DISABLE TRIGGER ALL"),
        ("jejak_serving", "CREATE TABLE public.mine (id integer)"),
        ("jejak_serving", "ALTER ROLE jejak_login CREATEROLE"),
        ("jejak_serving", "GRANT jejak_owner TO jejak_login"),
    ],
)
def test_the_login_of_the_services_cannot_change_the_log(up: Up, role: str, statement: str) -> None:
    with psycopg.connect(up.conninfo()) as connection:
        connection.execute(f"SET ROLE {role}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_a_wrong_password_opens_no_database(up: Up) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(re.sub(r":[^:@]+@", ":wrong@", up.conninfo()))


def test_the_owner_is_no_superuser_and_has_all_rights_that_the_operator_needs(up: Up) -> None:
    settings = settings_from(up.containers.environment("operator"))
    with psycopg.connect(str(settings.database_url)) as connection:
        row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    assert row == (False,)
    assert [era.number for era in eras(str(settings.database_url))] == [1]


def test_prepare_and_topics_change_nothing_the_second_time(up: Up) -> None:
    count = "SELECT count(*) FROM stored_events WHERE topic LIKE 'calendar%%' OR topic LIKE 'regions%%'"

    def published() -> int:
        with psycopg.connect(up.conninfo("operator")) as connection:
            row = connection.execute(count.encode()).fetchone()
        return int(row[0]) if row else 0

    before = published()
    assert before > 1
    up.containers.run("prepare")
    up.containers.run("topics")
    assert published() == before


def test_the_services_back_up_both_clusters(up: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    with backup_folder(monkeypatch):
        shutil.copy(os.environ["JEJAK_BACKUP_RECIPIENT"], up.containers.mounts["secrets"] / "backup-key")
        assert up.containers.run("backup").count("/20") == 2, "a copy of each cluster"
        up.containers.up("backup-follow")
        for name in ("log", "key-store"):
            stored = up.containers.mounts["backup"] / name
            up.containers.until(lambda at=stored: list(at.glob("wal/*")), f"the write-ahead log of {name}")
            up.containers.until(lambda of=name: f"backup/write-ahead log of {of}" in services_of(up), name)
        up.containers.end("backup-follow")


def services_of(up: Up) -> str:
    return up.client.request("GET", "/readyz", port=up.containers.ops["api"]).body.decode()


def test_the_file_fits_the_specification_of_compose() -> None:
    checking = [judge("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(checking, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_file_runs_everything_that_serve_runs() -> None:
    services = ours(read())
    started = {name: services[name]["command"][0] for name in SERVED}
    assert started == {name: name for name in SERVED}
    serve = (PROJECT / "infra/runtime/serve.py").read_text()
    beside = " ".join(re.findall(r"(?:beside|scheduler) = (.+)", serve))
    assert {"api", *re.findall(r'\["([a-z]+)"', beside)} == set(SERVED)


def test_no_service_of_ours_is_more_powerful_than_it_must_be() -> None:
    services = ours(read())
    assert set(services) == {"prepare", "topics", "operator", "backup", "backup-follow", *SERVED}
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert "privileged" not in service, name
        owner = name in {"prepare", "operator", "backup"}
        assert ("log-owner" in service["secrets"]) == ("keys-owner" in service["secrets"]) == owner, name
        assert ("jejak_owner" in service["environment"]["JEJAK_DATABASE_URL"]) == owner, name
    with_keys = {name for name, service in services.items() if "keyfolder:/var/lib/jejak-keys" in service["volumes"]}
    assert with_keys == {"prepare", "operator", "backup", "api", "schedule", "intake"}
    assert with_keys == {name for name, service in services.items() if "kek" in service["secrets"]}
    with_epochs = {name for name, service in services.items() if "-epoch" in str(service["volumes"])}
    assert with_epochs == with_keys
    assert image_environment()["JEJAK_KEY_DIR"] == "/var/lib/jejak-keys"


def test_secrets_are_files_and_no_service_has_a_password_in_its_environment() -> None:
    compose = read()
    made = set((DEPLOY / "make-secrets").read_text().split("for name in ")[1].split(";")[0].split())
    made |= {"kek", "backup-key"}  # docker-compose.yml says how the operator makes the second one
    assert {secret["file"].removeprefix("./secrets/") for secret in compose["secrets"].values()} == made
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            assert "PASSWORD" not in variable or value.startswith(("/run/secrets/", "/var/lib/jejak/kafka/")), name
            assert not re.search(r"://[^@]*:[^@]*@", value), (name, variable)
        assert set(service.get("secrets", ())) <= made, name


def test_every_file_that_is_mounted_exists() -> None:
    mounted = [mount.split(":")[0] for service in read()["services"].values() for mount in service.get("volumes", ())]
    files = {mount for mount in mounted if mount.startswith("./")}
    assert len(files) > 6
    assert [file for file in files if not (PROJECT / file).exists()] in ([], ["./topics.toml"])


def test_images_have_exact_tags_and_the_databases_are_not_reached_from_outside() -> None:
    compose = read()
    for name, service in compose["services"].items():
        assert re.search(r":v?\d+\.\d+", service["image"]), name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        if name in {"log", "keys", "kafka", "prometheus"}:
            assert service["networks"] == ["inside"]
    assert compose["networks"]["inside"]["internal"] is True


def test_the_topics_file_that_the_first_lines_make_is_for_one_broker(tmp_path: Path) -> None:
    [line] = [line for line in FILE.read_text().splitlines() if line.startswith("#   sed ")]
    made = line.removeprefix("#   ").replace(">topics.toml", f">{tmp_path}/topics.toml")
    subprocess.run(["sh", "-ec", made], cwd=PROJECT, check=True)
    kafka = tomllib.loads((tmp_path / "topics.toml").read_text())["kafka"]
    assert (kafka["replication"], kafka["min_insync"]) == (1, 1)


def test_the_real_containers_become_healthy() -> None:
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no container engine: docker with its plugin compose is missing")
    if subprocess.run([docker, "info"], capture_output=True, check=False).returncode:
        pytest.skip("no container engine: the daemon of docker does not run")
    project = [docker, "compose", "--project-name", "jejak-test"]
    try:
        subprocess.run([*project, "up", "--build", "--wait", "log", "keys", "prepare", "api"], cwd=PROJECT, check=True)
    finally:
        subprocess.run([*project, "down", "--volumes"], cwd=PROJECT, check=True)
