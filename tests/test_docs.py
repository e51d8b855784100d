"""The documents are complete and true: they name every code, setting, metric and topic, and no path that is missing."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from api.problems import KINDS
from docs import generate
from domain.application.status import Status
from domain.refusal_tree import all_refusals
from infra.cli.main import MODULES as VERBS
from infra.eventstore.topics import CLASSES
from infra.metrics import METRICS
from tests.conftest import PROJECT
from tests.domain.application.test_transitions import EXPECTED
from tests.test_architecture import ROOMS

DOCS = PROJECT / "docs"
NAMES = {path.name for path in PROJECT.iterdir()}
PATHS = re.compile(r"(?<!\[)`(\.?[\w-]+(?:[./][\w.~-]+)*/?)`")
MODULES = re.compile(rf"`((?:{'|'.join(set(ROOMS) - {'feeds'})})(?:\.[a-z_0-9]+)+)`")
"""Dotted names. `feeds` is a schema of the database too, so that a dotted name there may be a table."""
CODES = {*KINDS, *(refusal.code for refusal in all_refusals())}


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def settings() -> set[str]:
    sources = [file for room in ROOMS for file in (PROJECT / room).rglob("*")]
    names = {name for file in sources if file.suffix == ".py" for name in _settings_in(file)}
    assert "JEJAK_DATA_DIR" in names
    return names


def _settings_in(file: Path) -> list[str]:
    return re.findall(r'"(JEJAK_[A-Z_]+)"', file.read_text(encoding="utf-8"))


def metrics() -> set[str]:
    """The names of the metrics, as Prometheus shows them."""
    return {f"{metric.name}_total" if metric.type == "counter" else metric.name for metric in METRICS.collect()}


def test_every_code_of_a_problem_has_its_heading_and_every_heading_its_code() -> None:
    headings = re.findall(r"^## (\S+)$", text("problems.md"), flags=re.MULTILINE)
    assert sorted(headings) == sorted(CODES)


@pytest.mark.parametrize("name", sorted(settings()))
def test_every_setting_stands_in_the_operators_guide(name: str) -> None:
    assert f"`{name}`" in text("operating.md")


def test_the_operators_guide_names_no_setting_that_nobody_reads() -> None:
    assert set(re.findall(r"JEJAK_[A-Z_]+", text("operating.md"))) <= settings()


def test_every_metric_stands_in_the_operators_guide_and_no_other() -> None:
    assert set(re.findall(r"`(jejak_[a-z_]+)` \|", text("operating.md"))) == metrics()


def test_every_log_message_that_the_operators_guide_quotes_is_written_by_the_code() -> None:
    quoted = re.findall(r'"([a-z]+(?: [a-z]+)+)"', text("operating.md"))
    assert len(quoted) > 6
    code = "\n".join(file.read_text(encoding="utf-8") for file in (PROJECT / "infra").rglob("*.py"))
    assert [message for message in quoted if message not in code] == []


@pytest.mark.parametrize("topic", sorted(CLASSES))
def test_every_topic_stands_in_the_list_of_events_with_its_data(topic: str) -> None:
    [row] = [line for line in text("events.md").splitlines() if line.startswith(f"| `{topic}` |")]
    data = row.split(" | ")[1]
    named = {field.name for field in fields(CLASSES[topic])} - {"deviates"}
    assert set(re.findall(r"`([a-z_]+)`", data)) == named


def test_the_list_of_problems_is_as_generated() -> None:
    assert text("problems.md") == generate.problems(), "run `make docs`"


def test_the_list_of_events_is_as_generated() -> None:
    assert text("events.md") == generate.events(), "run `make docs`"


def test_the_state_machine_drawn_is_that_of_the_code_and_of_the_table_written_by_hand() -> None:
    by_hand = {
        (generate.status_of(status), cell, command)
        for (command, status), cell in EXPECTED.items()
        if cell in set(Status) and status != "ended"
    }
    transitions = list(generate.edges())
    assert set(transitions) == by_hand
    assert text("state-machine.md") == generate.machine(transitions), "run `make docs`"


def test_the_tree_of_the_rooms_is_as_generated() -> None:
    assert text("tree.md") == generate.tree(), "run `make docs`"


def test_the_tree_lists_every_room_of_the_product() -> None:
    assert set(generate.ROOMS) == {*ROOMS, "bench"}


def test_the_list_of_events_names_no_topic_that_is_not() -> None:
    assert set(re.findall(r"`([a-z]+\.[a-z-]+\.v[0-9]+)`", text("events.md"))) == CLASSES.keys()


def test_every_command_that_the_documents_show_is_one() -> None:
    verbs = set(VERBS)
    for file in (PROJECT / "README.md", *DOCS.glob("*.md")):
        shown = re.findall(r"`(?:\.venv/bin/)?jejak ([a-z-]+)", file.read_text(encoding="utf-8"))
        assert set(shown) <= verbs, file.name


def test_every_link_between_the_documents_leads_somewhere() -> None:
    for file in (*PROJECT.glob("*.md"), *DOCS.rglob("*.md")):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", file.read_text(encoding="utf-8")):
            if "://" not in target and not target.startswith("mailto:"):
                assert (file.parent / target).exists(), f"{file.relative_to(PROJECT)}: {target}"


@pytest.mark.parametrize(
    "document", [*sorted(PROJECT.glob("*.md")), *sorted(DOCS.glob("*.md"))], ids=lambda file: file.name
)
def test_every_path_that_a_document_names_exists(document: Path) -> None:
    content = document.read_text(encoding="utf-8")
    assert [path for path in PATHS.findall(content) if _is_ours(path) and not (PROJECT / path).exists()] == []
    assert [name for name in MODULES.findall(content) if not _is_module(name)] == []


def _is_ours(path: str) -> bool:
    """Whether a name in backticks is meant as a path of this project, seen from its top folder."""
    first, _, rest = path.partition("/")
    return (bool(rest) and first in NAMES and first != ".venv") or path.endswith(".py")


def _is_module(name: str) -> bool:
    room, second = name.split(".")[:2]
    return second in {"md", "toml"} or (PROJECT / room / second).is_dir() or (PROJECT / room / f"{second}.py").exists()


def test_every_word_of_the_glossarys_technical_half_has_its_place() -> None:
    _, _, technical = text("glossary.md").partition("## Technical words")
    rows = [line.split(" | ") for line in technical.splitlines() if line.startswith("| ") and "`" in line]
    assert len(rows) > 30
    for row in rows:
        paths = PATHS.findall(row[-1])
        assert paths, row[0]
        assert [path for path in paths if not (PROJECT / path).exists()] == []
