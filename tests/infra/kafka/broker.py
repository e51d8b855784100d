"""A real Apache Kafka of the tests' own: one node in KRaft mode on free loopback ports, from Maven's artifacts.

Three ways in: in the clear for the test's own tools (a super user); with SCRAM, as everybody else comes; and in the
clear again but advertised at another port, where a proxy that plays faults may listen.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import new_folder

POM = Path(__file__).with_name("pom.xml")
START_SECONDS, STOP_SECONDS, MAVEN_SECONDS = 90, 30, 600
JAVA = ["-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:MaxDirectMemorySize=128m"]
ADMIN = "admin"
LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"
LOGGING = """
rootLogger=WARN, out
appender.out.type=Console
appender.out.target=SYSTEM_ERR
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=[%d] %p %m (%c)%n
"""
PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{controller},SASL_PLAINTEXT://127.0.0.1:{scram},PROXIED://127.0.0.1:{behind}
advertised.listeners=PLAINTEXT://127.0.0.1:{plain},SASL_PLAINTEXT://127.0.0.1:{scram},PROXIED://127.0.0.1:{proxy}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,PROXIED:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config={login} required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:admin
allow.everyone.if.no.acl.found=false
log.dirs={folder}/data
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
num.network.threads=2
num.io.threads=2
background.threads=2
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=8388608
log.segment.bytes=67108864
"""
"""The session of a broker that was killed must be over before it can register again: hence a short one."""


def jars() -> Path:
    """The folder of Kafka's jars, collected once for each version of the pom. Skips where Java or Maven is missing."""
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} on this machine: a real Kafka needs Java 17 and Maven")
    version = hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"jejak-kafka-{os.getuid()}-{version}"
    folder.mkdir(mode=0o755, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            collecting = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
            collecting += ["-DincludeScope=runtime", f"-DoutputDirectory={folder / 'lib'}"]
            done = subprocess.run(collecting, capture_output=True, text=True, timeout=MAVEN_SECONDS, check=False)
            if done.returncode:
                pytest.skip(f"Maven cannot fetch Kafka here: {done.stdout[-300:]}")
            (folder / "whole").touch()
    return folder / "lib"


@dataclass(slots=True)
class Broker:
    """`bootstrap`: for a super user without a login; `scram`: for who logs in; `proxied`: where a proxy must listen,
    which passes on to `behind`.
    """

    folder: Path
    lib: Path
    ports: dict[str, int]
    admin_user: str = ADMIN
    admin_password: str = field(default_factory=lambda: hashlib.sha256(os.urandom(16)).hexdigest())
    process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.ports['plain']}"

    @property
    def scram(self) -> str:
        return f"127.0.0.1:{self.ports['scram']}"

    @property
    def classpath(self) -> str:
        return f"{self.lib}/*"

    def java(self, *arguments: str) -> list[str]:
        """The command of one of Kafka's Java classes."""
        return [
            "java",
            *JAVA,
            f"-Dlog4j2.configurationFile={self.folder}/log4j2.properties",
            "-cp",
            self.classpath,
            *arguments,
        ]

    def format(self) -> None:
        (self.folder / "log4j2.properties").write_text(LOGGING)
        properties = self.folder / "server.properties"
        properties.write_text(PROPERTIES.format(folder=self.folder, login=LOGIN, **self.ports))
        user = f"SCRAM-SHA-512=[name={self.admin_user},password={self.admin_password}]"
        made = self.java("kafka.tools.StorageTool", "random-uuid")
        cluster = subprocess.run(made, capture_output=True, text=True, check=True).stdout.split()[-1]
        formatting = ["format", "--standalone", "-t", cluster, "-c", str(properties), "--add-scram", user]
        subprocess.run(self.java("kafka.tools.StorageTool", *formatting), capture_output=True, check=True)

    def start(self) -> None:
        """Returns when it serves: it opens its ports no sooner."""
        with (self.folder / "broker.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.java("kafka.Kafka", str(self.folder / "server.properties")), stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            log_end = (self.folder / "broker.log").read_text(errors="replace")[-2000:]
            assert self.process.poll() is None, log_end
            assert time.monotonic() < deadline, log_end
            time.sleep(0.1)

    def stop(self) -> int:
        """A controlled shutdown. Returns the exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """`kill -9`. Returns the wait status."""
        return self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.ports["scram"])) == 0


@contextmanager
def broker() -> Iterator[Broker]:
    """A broker of its own, gone afterwards with all it held."""
    made = Broker(new_folder(), jars(), _free_ports("plain", "controller", "scram", "behind", "proxy"))
    try:
        made.format()
        made.start()
        yield made
    finally:
        if made.process and made.process.poll() is None:
            made.kill()
        shutil.rmtree(made.folder, ignore_errors=True)


def _free_ports(*names: str) -> dict[str, int]:
    """All at once, so that no two are the same."""
    probes = [socket.socket() for _ in names]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = {name: int(probe.getsockname()[1]) for name, probe in zip(names, probes, strict=True)}
    for probe in probes:
        probe.close()
    return ports
