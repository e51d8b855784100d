"""Writes events.md, problems.md, state-machine.md, asyncapi.json and the schemas from the code: `python -m
docs.generate`. A test compares them. With `publish` it keeps the schemas of a release instead.

The transitions are found by asking: each command of the tests is put to an application of each status.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields
from importlib.metadata import version
from inspect import cleandoc
from pathlib import Path

import orjson

from api.problems import KINDS
from domain.application.status import ENDS, Status
from domain.application.written_topics import WRITTEN
from domain.refusals import all_refusals
from feeds.agencies.asyncapi import document
from feeds.agencies.schemas import schemas
from feeds.agencies.topics_file import TOPICS_FILE, read_topics
from infra.eventstore.topics import CLASSES
from tests.domain.application.test_transitions import COMMANDS, EXAMPLES, outcome
from tests.spec import given

FOLDER = Path(__file__).parent
PUBLISHED = FOLDER / "schemas" / "published"
START = "[*]"
Edge = tuple[str, str, str]
"""From a status, to a status, by a command."""

EVENTS_HEAD = """# Events

Written by `make docs` from the code. Topics are for ever: every version ever written loads for ever, with a real sample
of each in `tests/history/`. `data` is closed: codes, enumerations, integers, booleans, instants, UUIDs. Optional fields
that are absent are left out; `deviates` occurs in imported events only.

| topic | data | by the command | what it says |
|---|---|---|---|"""

MACHINE_HEAD = """# The states of an application

Written by `make docs` from the code: each command was put to an application of each status. What changes no status is
not drawn (stages, referrals, payments, obstacles and the like); only a hand-over in dispute is reopened. Imported
history may do anything; it is marked where it deviates.
"""


PROBLEMS_HEAD = """# Problems

Written by `make docs` from the code. Every error is an RFC 9457 problem (`application/problem+json`) with a stable
`code`. The same codes open a page in two languages at `/problems/{code}`. Texts never repeat what was sent.

# Refusals: the rules say no (409)
"""


def problems() -> str:
    refusals = [f"## {r.code}\n\n{r.title}. {r.advice}.\n" for r in all_refusals()]
    others = [f"## {k.code}\n\n{k.status}. {k.title}. {k.advice}\n" for k in KINDS.values()]
    return "\n".join([PROBLEMS_HEAD, *refusals, "# Everything else\n", *others])


def events() -> str:
    lines = [EVENTS_HEAD, *(_row(topic) for topic in CLASSES)]
    return "\n".join(lines) + "\n"


def _row(topic: str) -> str:
    kind = CLASSES[topic]
    data = [
        f"`{field.name}`" + (" (optional)" if field.default is None else "")
        for field in fields(kind)
        if field.name != "deviates"
    ]
    commands = [_kebab(command.__name__) for command, written in WRITTEN.items() if kind in written]
    doc = cleandoc(kind.__doc__ or "")
    said = "" if doc.startswith(kind.__name__ + "(") else " ".join(doc.split())
    return f"| `{topic}` | {', '.join(data) or 'none'} | {', '.join(commands) or 'none'} | {said} |"


def _kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def edges() -> Iterator[Edge]:
    """What the code does, in the order of the statuses."""
    for status, history in EXAMPLES.items():
        for name, command in COMMANDS.items():
            found = outcome(history, command)
            if found in set(Status):
                yield status_of(status), found, name


def status_of(example: str) -> str:
    """Of an example of the tests, as it is drawn."""
    return str(given(*EXAMPLES[example]).application.status or START)


def machine(found: Iterable[Edge]) -> str:
    by_pair: dict[tuple[str, str], list[str]] = {}
    for before, after, command in found:
        by_pair.setdefault((before, after), []).append(command)
    lines = [f"    {before} --> {after}: {', '.join(commands)}" for (before, after), commands in by_pair.items()]
    ends = [f"    {end} --> {START}" for end in Status if end in ENDS]
    return "\n".join([MACHINE_HEAD, "```mermaid", "stateDiagram-v2", *lines, *ends, "```", ""])


def documents() -> dict[str, bytes]:
    """What agencies are told, as JSON, by the file in this folder."""
    asyncapi = document(read_topics(TOPICS_FILE).kafka, version("jejak"))
    by_file = {"asyncapi.json": asyncapi, **{f"schemas/{topic}.json": each for topic, each in schemas().items()}}
    return {name: orjson.dumps(each, option=orjson.OPT_INDENT_2) + b"\n" for name, each in by_file.items()}


def publish() -> Path:
    """Keeps the schemas as this version promises them, for ever. Raises FileExistsError where it did so before."""
    file = PUBLISHED / f"{version('jejak')}.json"
    with file.open("xb") as opened:
        opened.write(orjson.dumps(schemas(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
    return file


def main() -> None:
    for name, content in documents().items():
        (FOLDER / name).write_bytes(content)
    (FOLDER / "problems.md").write_text(problems(), encoding="utf-8")
    (FOLDER / "events.md").write_text(events(), encoding="utf-8")
    (FOLDER / "state-machine.md").write_text(machine(edges()), encoding="utf-8")


if __name__ == "__main__":
    publish() if sys.argv[1:] == ["publish"] else main()
