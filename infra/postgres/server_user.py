"""Server user: this module chooses the user that runs the embedded PostgreSQL, and checks what this user may access."""

import os
import pwd
import stat
import subprocess
from pathlib import Path
from typing import Any

UNPRIVILEGED = "nobody"  # if this process is root, the server runs as this user, because PostgreSQL refuses root


class ForeignFolder(Exception):
    """A folder of the server belongs to another user. The message says what to do."""


def make_private(folder: Path) -> None:
    """Makes a folder that only the server's user can enter.

    Raises ForeignFolder if the folder has another owner.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = as_server().get("user", os.geteuid())
    found = folder.lstat()  # `stat` would follow a link that another user may have put into /tmp
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
        raise ForeignFolder(f"{folder} belongs to another user: remove it, or choose another data folder")
    folder.chmod(0o700)
    os.chown(folder, owner, -1)


def as_server() -> dict[str, Any]:
    """Returns arguments for `subprocess`. A program that is started with these arguments runs as the server's user.

    The program gets an empty environment, because the server needs no variables. The environment of this process may
    contain secret keys and PG* variables.
    """
    common: dict[str, Any] = {"cwd": "/", "env": {}}
    if os.geteuid():
        return common
    user = pwd.getpwnam(UNPRIVILEGED)  # initdb needs a user that has a name
    return {**common, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def reachable(path: Path) -> bool:
    """Returns True if the server's user may enter this folder or run this program.

    The check runs as the server's user. So the check also covers access control lists and the modes of all parent
    folders.
    """
    return subprocess.run(["/bin/sh", "-c", 'test -x "$1"', "sh", path], check=False, **as_server()).returncode == 0
