"""The documented schema is the schema that the migrations and the projector make."""

from pathlib import Path

import psycopg
import pytest

from docs import schema
from infra.postgres.databases import create, embedded
from infra.postgres.embedded import EmbeddedPostgres
from tests.conftest import Fresh


def test_the_documented_schema_of_the_log_is_that_of_a_migrated_database(fresh: Fresh) -> None:
    assert schema.EVENTS_FILE.read_text() == schema.schema_of_events(fresh.databases), "run python -m docs.schema"


def test_the_documented_schema_of_the_key_store_is_that_of_a_migrated_database(fresh: Fresh) -> None:
    assert schema.KEYS_FILE.read_text() == schema.schema_of_keys(fresh.databases), "run python -m docs.schema"


@pytest.mark.parametrize("file", [schema.EVENTS_FILE, schema.KEYS_FILE], ids=lambda file: file.stem)
def test_the_documented_schema_makes_the_same_database(file: Path, postgres: EmbeddedPostgres) -> None:
    """Nothing is lost on the way: a database made from the file dumps as the file."""
    name = f"from_docs_{file.stem}"
    create(postgres, name)
    made = embedded(postgres, name, name)
    try:
        with psycopg.connect(made.owner) as connection:
            connection.execute(file.read_bytes())
        assert file.read_text().endswith("\n\n" + schema.ordered(schema.dump(made, made.owner)))
    finally:
        with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
