"""Every decision has the same form, stands in the list, and the dependencies are all explained."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.conftest import PROJECT

FOLDER = PROJECT / "docs" / "adr"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
LIST = (FOLDER / "README.md").read_text(encoding="utf-8")
SECTIONS = ["Context", "Decision", "Alternatives considered", "Consequences"]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_decision_has_title_status_date_and_four_sections(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    title, blank, status, date, *_ = text.splitlines()
    assert re.fullmatch(rf"# {record.stem[:4]}\. .+", title)
    assert blank == ""
    assert re.match(r"\* \*\*Status:\*\* (accepted|superseded|proposed)", status)
    assert re.match(r"\* \*\*Date:\*\* 20\d\d-\d\d-\d\d", date)
    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == SECTIONS


def test_the_list_names_every_decision_and_explains_every_gap() -> None:
    listed = re.findall(r"^\| \[(\d{4})\]\((\S+)\) \|", LIST, flags=re.MULTILINE)
    assert [name for _, name in listed] == [record.name for record in RECORDS]
    numbers = {int(number) for number, _ in listed}
    missing = set(range(1, max(numbers) + 1)) - numbers
    assert all(f"{number:04}" in LIST.partition("## The missing numbers")[2] for number in missing)


def test_every_dependency_has_its_reason() -> None:
    with (PROJECT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    asked += project["dependency-groups"]["release"]
    names = {re.split(r"[\[<>=;! ]", requirement, maxsplit=1)[0] for requirement in asked}
    explained = (FOLDER / "0002-dependencies.md").read_text(encoding="utf-8")
    assert {name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", explained)} == set()
