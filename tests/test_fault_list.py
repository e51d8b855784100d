"""The list of faults is complete, and each fault is provoked by a test that exists."""

import ast
from pathlib import Path

import pytest

from tests.conftest import PROJECT

ROWS_MIN = 30
KINDS = {
    "process",
    "database",
    "network",
    "disk",
    "memory",
    "clock",
    "descriptors",
    "time-out",
    "poisoned data",
    "upgrade",
    "configuration",
}


def rows() -> list[list[str]]:
    """Number, kind, fault, test, seen, healed, lost."""
    lines = (PROJECT / "docs" / "faults.md").read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line[:3].strip("| ").isdigit()]


def functions(file: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_the_list_has_its_rows_and_every_kind() -> None:
    found = rows()
    assert len(found) >= ROWS_MIN
    assert [row[0] for row in found] == [str(number) for number in range(1, len(found) + 1)]
    assert {row[1] for row in found} == KINDS
    assert len({row[2] for row in found}) == len(found)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[2][:40])
def test_a_row_is_filled_and_its_test_exists(row: list[str]) -> None:
    number, kind, fault, test, seen, healed, lost = row
    assert all((number, kind, fault, seen, healed))
    assert lost == "0"
    file, _, name = test.strip("`").partition("::")
    assert name in functions(PROJECT / file), test
