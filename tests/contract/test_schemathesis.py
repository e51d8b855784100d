"""Requests made by machine from the published document, by every bearer: no fault, no answer that is not documented."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as some
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from api.operations import OPERATIONS
from tests.api.installation import LICENSING, OFFICES
from tests.api.lives import arrive
from tests.contract.requests import real
from tests.running import Jejak

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = int(os.environ.get("JEJAK_CONTRACT_EXAMPLES", "12"))
"""For each operation and way of making: valid and invalid requests, to nobody's application and to a real one."""
SEED = 20261116
NOTHING_TO_SAY = {"livez", "readyz"}
"""They take no parameter and no body, so nothing of theirs can be broken."""
MAY = "who may"

AnyCase = Case[Any]
AnyOperation = APIOperation[Any, Any, Any, Any]


@pytest.fixture(scope="module")
def machine(running: Jejak) -> OpenApiSchema:
    return schemathesis.openapi.from_url(f"http://127.0.0.1:{running.port}/openapi.json")


@pytest.fixture(scope="module")
def bearers(running: Jejak) -> dict[str, str | None]:
    """One of each role; the citizen's is of an application of its own."""
    paper = arrive(running, "receive").paper
    tracked = running.request("POST", "/v1/track", {"number": paper["tracking_number"], "pin": paper["pin"]}).json()
    return {
        "public": None,
        "citizen": tracked["read_token"],
        "officer": running.officer(LICENSING),
        "supervisor": running.supervisor(LICENSING),
        "auditor": running.token("--role", "auditor"),
        "operator": running.token("--role", "operator"),
        "agency": running.token("--agency", OFFICES[LICENSING]),
    }


@dataclass(slots=True)
class Asker:
    """One connection, and how often each operation was answered with which status."""

    session: requests.Session
    counted: dict[str, Counter[int]] = field(default_factory=dict)

    def ask(self, name: str, case: AnyCase, token: str | None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = case.call_and_validate(session=self.session, headers=headers, checks=CHECKS)
        self.counted.setdefault(name, Counter())[answer.status_code] += 1


@pytest.fixture(scope="module")
def asker() -> Iterator[Asker]:
    """Prints at the end what was answered."""
    with requests.Session() as session:
        session.trust_env = False
        asker = Asker(session)
        yield asker
    print(f"\n{'operation':24}{'2xx':>6}{'all':>6}  others")
    for name, statuses in sorted(asker.counted.items()):
        others = " ".join(f"{status}:{times}" for status, times in sorted(statuses.items()) if status >= 300)
        print(f"{name:24}{good(statuses):6}{statuses.total():6}  {others}")


def good(statuses: Counter[int]) -> int:
    return sum(times for status, times in statuses.items() if 200 <= status < 300)


@pytest.mark.parametrize("name", [operation.name for operation in OPERATIONS])
def test_no_request_meets_a_fault_or_an_answer_that_is_not_documented(
    name: str,
    running: Jejak,
    machine: OpenApiSchema,
    bearers: dict[str, str | None],
    asker: Asker,
) -> None:
    operation = machine.find_operation_by_id(name)
    path, headers, body, token = real(running, name)
    more = {"body": body, "media_type": "application/json"} if body is not None else {}
    asker.ask(name, operation.Case(path_parameters=path, headers=headers, **more), token)
    assert good(asker.counted[name]) == 1

    for case, bearer in of_nobodys_application(operation, list(bearers)):
        asker.ask(name, case, bearers[bearer])
    if "application_id" in path:
        path, headers, _, token = real(running, name)
        for case, bearer in of_a_real_application(operation, path, headers, list(bearers)):
            asker.ask(name, case, token if bearer == MAY else bearers[bearer])


def of_nobodys_application(operation: AnyOperation, bearers: list[str]) -> Iterator[tuple[AnyCase, str]]:
    """Valid requests, and such as break the document in one place."""
    yield from examples(operation.as_strategy(GenerationMode.POSITIVE), bearers)
    if operation.definition.raw["operationId"] not in NOTHING_TO_SAY:
        yield from examples(operation.as_strategy(GenerationMode.NEGATIVE), bearers)


def of_a_real_application(
    operation: AnyOperation, path: dict[str, Any], headers: dict[str, str], bearers: list[str]
) -> Iterator[tuple[AnyCase, str]]:
    """The same to one that exists, at the version that it has, mostly by who may."""
    seen = {name: value for name, value in headers.items() if name == "If-Match"}
    mostly = [MAY] * len(bearers) + bearers
    for mode in GenerationMode:
        yield from examples(operation.as_strategy(mode, path_parameters=path, headers=seen), mostly)


def examples(cases: some.SearchStrategy[AnyCase], bearers: list[str]) -> list[tuple[AnyCase, str]]:
    found: list[tuple[AnyCase, str]] = []

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, bearer=some.sampled_from(bearers))
    def collect(case: AnyCase, bearer: str) -> None:
        found.append((case, bearer))

    collect()
    return found
