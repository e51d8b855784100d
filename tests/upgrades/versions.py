"""The recorded version of each view: its number, its columns, and the rows that it makes from a recorded history.

`python -m tests.upgrades.versions` records the present versions. It refuses a view whose number was not raised.
"""

import hashlib
import json
import shutil
import sys
from typing import TypedDict

import psycopg
from psycopg.rows import tuple_row

from infra.eventstore.envelope import canonical
from infra.postgres.databases import EVENTS
from infra.postgres.embedded import EmbeddedPostgres
from infra.projector.checkpoints import log_end
from infra.projector.stream_scan import FIRST, finished_rows
from infra.projector.views import VIEWS
from projections.view import View
from tests.conftest import new_folder
from tests.upgrades.archive import FOLDER, unpack

HISTORY = FOLDER / "schema-0016.tar.gz"
"""The archive whose log is the recorded history. With another history, record the versions again."""
RECORDED = FOLDER / "versions.json"


class Recorded(TypedDict):
    """A recorded version. `rows` is a hash of all rows of the recorded history."""

    version: int
    form: str
    rows: str


def recorded() -> dict[str, Recorded]:
    found: dict[str, Recorded] = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    return found


def present() -> dict[str, Recorded]:
    """Returns the version of each view in this checkout."""
    folder = new_folder()
    try:
        unpack(HISTORY, folder)
        with EmbeddedPostgres(folder) as postgres, psycopg.connect(postgres.conninfo(EVENTS)) as connection:
            return {
                name: {"version": view.version, "form": view.form, "rows": rows_of(view, connection)}
                for name, view in VIEWS.items()
            }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def rows_of(view: View, connection: psycopg.Connection) -> str:
    cursor, found = psycopg.Cursor(connection, row_factory=tuple_row), hashlib.sha256()
    for finished, _ in finished_rows(view, cursor, after=FIRST, reached=[log_end(connection)]):
        for _, row in finished:
            values = [canonical(value) if isinstance(value, dict) else value for value in view.stored(row)]
            found.update(repr(values).encode())
    return found.hexdigest()[:16]


def forgotten(before: dict[str, Recorded], now: dict[str, Recorded]) -> list[str]:
    """Returns the views whose columns or rows have changed, although the number is the same."""
    return [name for name, was in before.items() if now[name] != was and now[name]["version"] <= was["version"]]


if __name__ == "__main__":
    found = present()
    if names := forgotten(recorded(), found):
        sys.exit(f"raise `version` of {', '.join(names)} in projections/, then run this again: the rows have changed")
    RECORDED.write_text(json.dumps(found, indent=2) + "\n")
