"""A view is only a picture of the log: thrown away and made anew, it answers with the same bytes."""

import re

import psycopg

from api.operations import OPERATIONS
from tests.api.installation import LICENSING
from tests.running import Jejak

APPLICATIONS = 40
NOT_OF_VIEWS = {"livez", "readyz", "get-access-record"}
"""Health, and the record of who read what: this test itself adds to it."""
AS_OF = {"/v1/statistics/exact": "?as_of=2026-11-25T00:00:00Z"}
"""What depends on now is asked as of then."""
DESK = "/v1/desk"
"""Which an auditor has not; its `as_of` is when it was asked."""
NOW = re.compile(rb'(?<="office":"pemda-3374-dpmptsp",)"as_of":"[^"]*",')


def paths(running: Jejak, auditor: str) -> list[str]:
    """Every JSON GET of the published document that is made of views, for each thing that there is."""
    with psycopg.connect(auditor) as connection:
        rows = connection.execute(
            "SELECT originator_id FROM stored_events WHERE topic = 'application.submitted.v1'"
            " ORDER BY md5(originator_id::text) LIMIT %s",
            (APPLICATIONS,),
        ).fetchall()
    values = {
        "application_id": [str(row[0]) for row in rows],
        "service": [item["service"] for item in running.request("GET", "/v1/services?limit=100").json()["items"]],
        "office": [item["code"] for item in running.request("GET", "/v1/offices?limit=100").json()["items"]],
        "mall": [item["code"] for item in running.request("GET", "/v1/malls?limit=100").json()["items"]],
    }
    assert len(values["application_id"]) == APPLICATIONS
    found = ["/openapi.json"]
    for operation in OPERATIONS:
        if (
            operation.method == "GET"
            and operation.media_type == "application/json"
            and operation.name not in NOT_OF_VIEWS
        ):
            named = [name for name in values if f"{{{name}}}" in operation.path]
            found += (
                [operation.path.replace(f"{{{name}}}", value) for name in named for value in values[name]]
                if named
                else [operation.path + AS_OF.get(operation.path, "")]
            )
    return found


def answers(running: Jejak, asked: list[str]) -> dict[str, tuple[int, bytes]]:
    tokens = {True: running.supervisor(LICENSING), False: running.token("--role", "auditor")}
    replies = {path: running.request("GET", path, token=tokens[path == DESK]) for path in asked}
    return {path: (reply.status, NOW.sub(b"", reply.body)) for path, reply in replies.items()}


def test_a_view_that_was_dropped_and_rebuilt_answers_with_the_same_bytes(running: Jejak, auditor: str) -> None:
    asked = paths(running, auditor)
    before = answers(running, asked)
    assert {status for status, _ in before.values()} == {200}
    assert running.process is not None

    running.command("psql", "--role", "owner", "--", "-c", "DROP TABLE views.progress, views.statistics, views.desk")
    told = running.command("rebuild").stdout

    assert told.startswith("progress: rebuilt up to position ")
    assert running.process.poll() is None, "it served all the while"
    assert answers(running, asked) == before
