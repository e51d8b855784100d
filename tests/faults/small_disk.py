"""`python -m tests.faults.small_disk FOLDER MEGABYTES PORT OPS_PORT`: `jejak serve` on a small disk of its own.

The caller starts this program in a mount namespace of its own (`unshare -m`), so nobody else sees the disk. The program
prints a bearer of an officer, and becomes `jejak serve`.
"""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from tests.api.installation import LICENSING, furnish
from tests.running import JEJAK, Jejak


def main(folder: str, megabytes: str, port: str, ops_port: str) -> None:
    options = f"size={megabytes}m,mode=711"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    Path(folder, "keys").mkdir(mode=0o700)
    running = Jejak(Path(folder))
    asyncio.run(furnish(running, publish=True))
    print(running.officer(LICENSING), flush=True)
    os.execv(sys.executable, [*JEJAK, "serve", "--port", port, "--ops-port", ops_port])


if __name__ == "__main__":
    main(*sys.argv[1:])
