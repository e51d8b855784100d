"""Every operation that answers JSON, in an installation with enough data for figures: the answers fit openapi.json.

If every figure is withheld, a test of the answer tests only half of the schema. For example, `/v1/satisfaction`
answered 500 as soon as one service had an index.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from api.operations import OPERATIONS, Operation
from tests.api.installation import LICENSING, catalogued
from tests.contract.requests import real
from tests.running import Jejak

JSON = [operation for operation in OPERATIONS if "json" in operation.media_type]


@pytest.fixture(scope="module")
def filled() -> Iterator[Jejak]:
    """An installation with a simulated mall, whose applicants have answered the survey."""
    with catalogued() as running:
        running.command("simulate", "--applications", "400", "--days", "60")
        for _ in range(3):
            running.submit(
                running.officer(LICENSING), service="nib", applicant={"name": "Siti", "nik": "3374014101900001"}
            )
        yield running


def asked(running: Jejak, name: str) -> tuple[int, Any]:
    [operation] = [operation for operation in OPERATIONS if operation.name == name]
    values, headers, body, token = real(running, name)
    path = operation.path.format(**values)
    query = "?timeout=5000" if operation.stream else ""
    reply = running.request(operation.method, path + query, body, token=token, headers=headers)
    return reply.status, reply.json()


def schema_of(document: dict[str, Any], operation: Operation, status: int) -> dict[str, Any]:
    """The schema of an answer, with the components that it refers to."""
    described = document["paths"][operation.path][operation.method.lower()]["responses"][str(status)]
    return {**described["content"][operation.media_type]["schema"], "components": document["components"]}


@pytest.mark.parametrize("operation", JSON, ids=lambda operation: operation.name)
def test_an_answer_with_figures_is_as_the_document_says(operation: Operation, filled: Jejak) -> None:
    document = filled.request("GET", "/openapi.json").json()
    status, body = asked(filled, operation.name)
    assert status in operation.returns, body
    faults = list(Draft202012Validator(schema_of(document, operation, status)).iter_errors(body))
    assert [(fault.json_path, fault.message) for fault in faults] == []


def test_the_answers_do_show_figures(filled: Jejak) -> None:
    """Without figures, the test above would prove little."""
    _, satisfaction = asked(filled, "get-satisfaction")
    for table in ("services", "offices", "units"):
        [unit, *_] = [unit for unit in satisfaction[table] if unit["index"] is not None]
        assert unit["index_least"] <= unit["index"] <= unit["index_most"]
        assert len(unit["means"]) == 9
        assert unit["answered"] >= 30
    _, statistics = asked(filled, "get-statistics")
    assert statistics["total"]["on_time_percent"] is not None
    assert all(any(line["submitted"] != "<10" for line in table) for table in statistics["tables"].values())
    for name in ("list-services", "list-offices", "get-desk", "find-by-person"):
        _, listed = asked(filled, name)
        assert listed["items"] != []
    assert filled.request("GET", "/en/satisfaction").status == 200
    wrong = filled.request("GET", "/v1/satisfaction?period=1999")
    assert (wrong.status, wrong.json()["errors"][0]["pointer"]) == (400, "?period")
    year = filled.request("GET", f"/v1/satisfaction?period={satisfaction['periods'][2]}")
    assert year.json()["period"] == satisfaction["periods"][2]
