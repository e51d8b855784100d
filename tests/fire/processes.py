"""What the processes of a running Jejak hold: memory and open files, as Linux tells."""

from pathlib import Path

MEGABYTE = 1024 * 1024


def family(process: int) -> dict[str, int]:
    """The process ids of `serve` and of the processes that it keeps, by their verbs."""
    found = {"serve": process}
    for child in Path(f"/proc/{process}/task").glob("*/children"):
        for pid in map(int, child.read_text().split()):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"infra.cli" in words:
                found[words[words.index(b"infra.cli") + 1].decode()] = pid
    return found


def resident(pid: int) -> int:
    """Bytes that the process holds in memory."""
    return _status(pid, "VmRSS")


def anonymous(pid: int) -> int:
    """Bytes that belong to the process alone: neither shared memory nor pages of a file."""
    return _status(pid, "RssAnon")


def open_files(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
