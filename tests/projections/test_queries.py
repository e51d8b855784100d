"""The SQL files: how queries are read from them, and that they name columns and figures that exist.

tests/infra/runtime/test_jobs.py runs the queries of the desk against a database.
"""

import re
from pathlib import Path

import pytest

import projections
from api.pages.words import OUTCOMES as OUTCOME_WORDS
from api.responses import FiguresBody
from projections import desk, statistics
from projections.figures import COUNTS, FIGURES, OUTCOMES
from projections.queries import filled, queries

OF_THE_DESK = (desk.QUEUE, desk.SILENT, desk.OUTDATED, desk.UNPAID)
WORDS = re.compile(r"(?<![%:(\w])\b([a-z_]+)\b(?!\()")
FILES = sorted(file.stem for file in Path(projections.__path__[0]).glob("*.sql"))


@pytest.mark.parametrize("file", FILES)
def test_a_file_holds_named_queries_without_their_comments(file: str) -> None:
    found = queries(file)
    assert found
    assert all(text and "--" not in text for text in found.values())


def test_an_unknown_file_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        queries("no-such-view")


def test_filling_leaves_other_gaps_open() -> None:
    assert filled("SELECT {names} FROM {table}", names="a, b") == "SELECT a, b FROM {table}"


@pytest.mark.parametrize("statement", OF_THE_DESK)
def test_a_query_of_the_desk_reads_whole_rows_in_an_order_that_goes_on(statement: str) -> None:
    assert f"SELECT {desk.VIEW.names} FROM views.desk" in statement
    assert "ORDER BY" in statement
    assert "LIMIT %(limit)s" in statement
    selected = re.split(r"FROM views.desk\s+WHERE ", statement)[-1].partition("ORDER BY")[0]
    told = re.sub(r"%\([a-z]+\)s(::[a-z\[\]]+)?|'[^']*'|\b(desk|granting|outdated)\.", "", selected)
    known = {*desk.VIEW.columns, "select", "from"}
    assert {word for word in WORDS.findall(told) if word not in known} == set()


def test_the_figures_are_the_same_in_the_query_in_the_answer_and_on_the_page() -> None:
    columns = re.findall(r"\bAS ([a-z_0-9]+)(?:,|\nFROM)", statistics.CUT.rpartition("SELECT place, key,")[2])
    shares = {name for name in FIGURES if name.endswith("percent")}  # the reader of the query computes them
    assert columns == [name for name in FIGURES if name not in shares]
    assert set(COUNTS) < set(FIGURES)
    assert FiguresBody.__struct_fields__ == FIGURES
    assert OUTCOME_WORDS.keys() == set(OUTCOMES)
