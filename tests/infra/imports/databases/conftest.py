from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infra.postgres.embedded import EmbeddedPostgres
from tests.infra.imports.databases.sources import Source, mariadb_source, postgresql_source

MAPPING = """
source = "sumber"
zone = "Asia/Jakarta"
case = "nomor"
submitted = { column = "masuk" }
[service]
code = "sumber-layanan"
id = "Layanan uji"
en = "Tested service"
[offices]
agency = "sumber"
column = "unit"
[offices.values]
"Utara" = { code = "sumber-utara", id = "Utara", en = "North" }
[events]
activity = "status"
at = "pada"
id = "nomor_riwayat"
[activities]
"*" = { event = "stage", stage = "langkah" }
"""
WITHOUT_IDS = MAPPING.replace('id = "nomor_riwayat"\n', "")


@pytest.fixture(scope="session")
def on_postgresql(postgres: EmbeddedPostgres) -> Iterator[Source]:
    with postgresql_source(postgres) as made:
        yield made


@pytest.fixture(scope="session")
def on_mariadb() -> Iterator[Source]:
    with TemporaryDirectory() as folder, mariadb_source(Path(folder)) as made:
        yield made


@pytest.fixture(params=["on_postgresql", "on_mariadb"])
def source(request: pytest.FixtureRequest) -> Source:
    """An empty database of an agency."""
    made: Source = request.getfixturevalue(request.param)
    made.run(("DELETE FROM riwayat", ()), ("DELETE FROM pengajuan", ()))
    return made
