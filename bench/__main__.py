"""The benchmark program prints one JSON line for each figure. The line also contains the baseline of this figure.

Usage: `python -m bench [NAME …] [--quick | --full]`.

A figure and its baseline are measured in the same run. The client, the server and PostgreSQL share the cores of this
machine. Progress is written to stderr. The exit code is 1 if the field `ok` of any line is false.
"""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator

from bench import (
    append,
    append_http,
    conflicts,
    decide,
    disk,
    grown,
    lifecycle,
    past,
    project,
    relay,
    replay,
    timeline,
    visible,
)
from bench.rig.report import Measured
from bench.rig.size import Size
from infra.runtime.garbage import settle

Run = Callable[..., Iterator[Measured]]

BENCHES: tuple[tuple[tuple[str, ...], Run], ...] = (
    (("decide",), decide.run),
    (("import", "rebuild"), past.run),
    (("append", "append_pgbench"), append.run),
    (("conflicts",), conflicts.run),
    (("append_http",), append_http.run),
    (("project",), project.run),
    (("replay",), replay.run),
    (("relay",), relay.run),
    (("visible",), visible.run),
    (("disk",), disk.run),
    (("lifecycle",), lifecycle.run),
    (("timeline",), timeline.run),
    (("growth", "burst"), grown.run),
)
"""Each row has two values: the names of one or more benches, and the function that runs these benches."""
NAMES = tuple(name for names, _ in BENCHES for name in names)
EXIT_INTERRUPTED = 130


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bench",
        description=__doc__,
        epilog="examples:  python -m bench append lifecycle --quick\n           python -m bench growth --full",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)} (all)")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", dest="size", action="store_const", const=Size.QUICK, help="a small round")
    sizes.add_argument(
        "--full",
        dest="size",
        action="store_const",
        const=Size.FULL,
        help="growth to 1,000,000 applications, not 100,000; takes most of an hour",
    )
    options = parser.parse_args()
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"there is no bench {', '.join(sorted(unknown))}: choose from {', '.join(NAMES)}")
    settle()  # as in the processes of Jejak
    ok = True
    signal.signal(signal.SIGTERM, _stopped)  # with this, SIGTERM also stops the servers and removes the folders
    try:
        for measured in measure(frozenset(options.names or NAMES), options.size or Size.USUAL):
            print(measured.line(), flush=True)
            ok = ok and measured.is_ok
    except KeyboardInterrupt:
        print("bench: stopped", file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0 if ok else 1


def _stopped(*_: object) -> None:
    raise KeyboardInterrupt


def measure(names: frozenset[str], size: Size) -> Iterator[Measured]:
    """Runs the benches that are listed in `names`. Yields each figure as soon as it is measured."""
    for own_names, run in BENCHES:
        if names & set(own_names):
            yield from run(size=size, names=names)


if __name__ == "__main__":
    raise SystemExit(main())
