"""Faults of a database are counted by SQLSTATE and place, and named in the log without their messages."""

import psycopg
import pytest
from structlog.testing import capture_logs

from infra import database_faults as module
from infra.composition import Installation
from infra.database_faults import noted, place_of
from infra.metrics import DATABASE_FAULTS
from infra.postgres.connections import connect
from tests.conftest import Fresh


@pytest.fixture(autouse=True)
def _nothing_logged_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_logged", {})


def counted(state: str, place: str) -> float:
    return float(DATABASE_FAULTS.labels(state, place)._value.get())


def fault_of(conninfo: str, query: str) -> psycopg.Error:
    with connect(conninfo, autocommit=True) as connection:
        try:
            connection.execute(query.encode())
        except psycopg.Error as fault:
            return fault
    raise AssertionError(query)


@pytest.mark.parametrize(
    ("query", "state"),
    [
        ("SELECT 'Siti Contoh'::int", "22P02"),
        ("SELECT 1 / 0", "22012"),
        ("SELECT * FROM nothing", "42P01"),
        ("SELECT pg_terminate_backend(pg_backend_pid())", "57P01"),
    ],
)
def test_a_fault_is_counted_each_time_and_logged_once_without_its_message(fresh: Fresh, query: str, state: str) -> None:
    fault = fault_of(fresh.databases.serving, query)
    place, before = place_of(fault), counted(state, place_of(fault))
    with capture_logs() as lines:
        for _ in range(3):
            noted(fault)
    assert lines == [{"event": "database fault", "log_level": "warning", "sqlstate": state, "place": place}]
    assert counted(state, place) == before + 3


def test_after_a_while_the_same_fault_is_logged_again(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = fault_of(fresh.databases.serving, "SELECT 1 / 0")
    monkeypatch.setattr(module, "QUIET_SECONDS", 0.0)
    with capture_logs() as lines:
        noted(fault)
        noted(fault)
    assert len(lines) == 2


def test_a_fault_without_a_sqlstate_has_the_name_of_its_class() -> None:
    with capture_logs() as lines:
        noted(psycopg.OperationalError("connection to Siti Contoh lost"))
    assert [(line["sqlstate"], line["place"]) for line in lines] == [("OperationalError", "")]


def test_the_place_is_the_last_line_of_our_own_code() -> None:
    with pytest.raises(TypeError) as caught:
        Installation()  # type: ignore[call-arg] # fails in this file, and in no file of the product
    assert place_of(caught.value).startswith("tests/infra/test_database_faults.py:")
