"""`python -m bench [NAME …] [--quick]`: one JSON line each, against a baseline of the same run."""

import argparse
from collections.abc import Iterator

from bench import decide, past
from bench.report import postgres_version

NAMES = ("decide", "import", "rebuild")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, epilog="example:  python -m bench rebuild --quick"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)} (all)")
    parser.add_argument("--quick", action="store_true", help="a small round")
    options = parser.parse_args()
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"there is no bench {', '.join(sorted(unknown))}: choose of {', '.join(NAMES)}")
    ok = True
    names = frozenset(options.names or NAMES)
    for line in lines(names, quick=options.quick):
        print(line, flush=True)
        ok = ok and '"ok": true' in line
    return 0 if ok else 1


def lines(names: frozenset[str], *, quick: bool) -> Iterator[str]:
    if "decide" in names:
        for measured in decide.run(quick=quick):
            yield measured.line(None)
    if names & {"import", "rebuild"}:
        for measured, conninfo in past.run(quick=quick, names=names):
            yield measured.line(postgres_version(conninfo))


if __name__ == "__main__":
    raise SystemExit(main())
