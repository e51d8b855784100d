"""The questions asked of the desk name columns that it has; what they answer is told in tests/infra/test_scheduler."""

import re

import pytest

from projections import desk_queries
from projections.desk import VIEW

ASKED = (desk_queries.QUEUE, desk_queries.SILENT, desk_queries.OUTDATED, desk_queries.UNPAID)
WORDS = re.compile(r"(?<![%:(\w])\b([a-z_]+)\b(?!\()")


@pytest.mark.parametrize("statement", ASKED)
def test_a_question_reads_whole_rows_of_the_desk_in_an_order_that_goes_on(statement: str) -> None:
    assert f"SELECT {VIEW.names} FROM views.desk" in statement
    assert "ORDER BY" in statement
    assert "LIMIT %(limit)s" in statement
    selected = re.split(r"FROM views.desk\s+WHERE ", statement)[-1].partition("ORDER BY")[0]
    told = re.sub(r"%\([a-z]+\)s(::[a-z\[\]]+)?|'[^']*'|\b(desk|granting|outdated)\.", "", selected)
    known = {*VIEW.columns, "select", "from"}
    assert {word for word in WORDS.findall(told) if word not in known} == set()
