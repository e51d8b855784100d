"""The generator of documents that follow from the code: `python -m docs.generate`, or `make docs`.

The generator writes events.md, problems.md, state-machine.md, tree.md, asyncapi.json and the schemas. Tests fail when
a document differs from the code. `python -m docs.generate publish` writes only the schemas of a release.

The transitions of the state machine are found by running the code: the generator sends each example command of the
tests to an application in each status.
"""

import ast
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
from domain.refusal_tree import all_refusals
from feeds.agencies.asyncapi import document
from feeds.agencies.schemas import schemas
from feeds.agencies.topics_file import TOPICS_FILE, read_topics
from infra.eventstore.topics import CLASSES
from tests.domain.application.test_transitions import COMMANDS, EXAMPLES, outcome
from tests.spec import given

FOLDER = Path(__file__).parent
PROJECT = FOLDER.parent
PUBLISHED = FOLDER / "schemas" / "published"
ROOMS = {
    "domain": "What an application is and what may happen to it. Its code is pure, and uses only the standard library.",
    "projections": "The read models. Pure functions fold events into rows, and SQL queries read these rows.",
    "service_layer": "Requests, rights, command handlers and scheduled jobs, independent of the transport.",
    "api": "HTTP: operations, problems, endpoints and the pages for citizens and offices.",
    "feeds": "Data from and to agencies: imports (XES, CSV), commands over Kafka, and messages with their schemas.",
    "simulation": "Plans of made-up applications. Examples, tests and load measurements use them. Pure and repeatable.",
    "infra": "Everything with a side effect: database, keys, Kafka, processes, settings and the `jejak` program.",
    "bench": "Benchmarks, each with a baseline that is measured in the same run.",
}
"""The rooms of the code, in the order in which a newcomer reads them, and one sentence about each room."""
START = "[*]"
Edge = tuple[str, str, str]
"""An edge of the state machine: the status before the command, the status after the command, and the command."""

EVENTS_HEAD = """# Events

`make docs` writes this page from the code. A topic is permanent: every released version of an event stays readable
forever, and `tests/history/` holds a stored sample of each version. The fields of `data` have closed types: codes,
enumerations, integers, booleans, instants, UUIDs. An optional field without a value is not stored. The field `deviates`
occurs only in imported events and is not listed here.

| topic | data | written by the command | meaning |
|---|---|---|---|"""

MACHINE_HEAD = """# The states of an application

`make docs` writes this diagram from the code: the generator sends each command to an application in each status.
Many commands change no status, for example commands about stages, referrals, payments and obstacles. The diagram does
not contain these commands. A handed-over application can be reopened only while a dispute about it is open. Imported
history may contain any transition; an event that the procedure would have refused is marked as a deviation.
"""


PROBLEMS_HEAD = """# Problems

`make docs` writes this page from the code. Every error is an RFC 9457 problem (`application/problem+json`) with a
stable `code`. The page `/problems/{code}` explains the same codes in two languages. The texts never repeat what the
client sent.

# Refusals: the rules do not allow the command (409)
"""

TREE_HEAD = """# The rooms, module by module

`make docs` writes this page from the first line of each module's docstring. [ARCHITECTURE.md](../ARCHITECTURE.md) says
how the rooms work together.
"""


def problems() -> str:
    refusals = [f"## {r.code}\n\n{r.title}. {r.advice}.\n" for r in all_refusals()]
    others = [f"## {k.code}\n\n{k.status}. {k.title}. {k.advice}\n" for k in KINDS.values()]
    return "\n".join([PROBLEMS_HEAD, *refusals, "# All other problems\n", *others])


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
    meaning = "" if doc.startswith(kind.__name__ + "(") else " ".join(doc.split())
    return f"| `{topic}` | {', '.join(data) or 'none'} | {', '.join(commands) or 'none'} | {meaning} |"


def _kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def edges() -> Iterator[Edge]:
    """Yield every transition that the code allows, in the order of the statuses."""
    for status, history in EXAMPLES.items():
        for name, command in COMMANDS.items():
            after = outcome(history, command)
            if after in set(Status):
                yield status_of(status), after, name


def status_of(example: str) -> str:
    """Return the status of an example history of the tests, as the diagram shows this status."""
    return str(given(*EXAMPLES[example]).application.status or START)


def machine(transitions: Iterable[Edge]) -> str:
    by_pair: dict[tuple[str, str], list[str]] = {}
    for before, after, command in transitions:
        by_pair.setdefault((before, after), []).append(command)
    lines = [f"    {before} --> {after}: {', '.join(commands)}" for (before, after), commands in by_pair.items()]
    ends = [f"    {end} --> {START}" for end in Status if end in ENDS]
    return "\n".join([MACHINE_HEAD, "```mermaid", "stateDiagram-v2", *lines, *ends, "```", ""])


def tree() -> str:
    return "\n".join([TREE_HEAD, *(line for room in ROOMS for line in _room(room))])


def _room(room: str) -> Iterator[str]:
    folders = sorted({file.parent for file in (PROJECT / room).rglob("*.py")})
    for folder in folders:
        name = folder.relative_to(PROJECT).as_posix()
        sentence = ROOMS.get(name) or first_line(folder / "__init__.py")
        yield f"{'##' if name == room else '###'} {name}/\n"
        if sentence:
            yield sentence + "\n"
        modules = [file for file in sorted(folder.glob("*.py")) if file.name != "__init__.py"]
        if modules:
            yield "| module | what it is |\n|---|---|"
            yield from (_module(file) for file in modules)
            yield ""


def _module(file: Path) -> str:
    path = file.relative_to(PROJECT).as_posix()
    return f"| [`{file.name}`](../{path}) | {first_line(file).replace('|', '&#124;')} |"


def first_line(file: Path) -> str:
    """Return the first line of the module's docstring. If the line ends inside a sentence, return the paragraph."""
    docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) if file.exists() else None
    paragraph = (docstring or "").partition("\n\n")[0].splitlines()
    if not paragraph:
        return ""
    return paragraph[0] if paragraph[0].endswith((".", ":")) else " ".join(paragraph)


def documents() -> dict[str, bytes]:
    """Return the JSON documents for agencies, by the path of each file in the folder `docs/`."""
    asyncapi = document(read_topics(TOPICS_FILE).kafka, version("jejak"))
    by_file = {"asyncapi.json": asyncapi, **{f"schemas/{topic}.json": each for topic, each in schemas().items()}}
    return {name: orjson.dumps(each, option=orjson.OPT_INDENT_2) + b"\n" for name, each in by_file.items()}


def publish() -> Path:
    """Writes the schemas that this release promises. Raises FileExistsError if the release was published before."""
    file = PUBLISHED / f"{version('jejak')}.json"
    with file.open("xb") as stream:
        stream.write(orjson.dumps(schemas(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
    return file


def main() -> None:
    for name, content in documents().items():
        (FOLDER / name).write_bytes(content)
    (FOLDER / "problems.md").write_text(problems(), encoding="utf-8")
    (FOLDER / "events.md").write_text(events(), encoding="utf-8")
    (FOLDER / "state-machine.md").write_text(machine(edges()), encoding="utf-8")
    (FOLDER / "tree.md").write_text(tree(), encoding="utf-8")


if __name__ == "__main__":
    publish() if sys.argv[1:] == ["publish"] else main()
