"""A database is read like a file: all rows once, nothing changed there, and no secret shown."""

from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from feeds.history.source import SourceError
from infra.imports.query import QueryTable, SourceQuery
from infra.imports.reading import read_database
from infra.imports.source_url import SourceUrl, SourceUrlWrong, source_url
from tests.conftest import Fresh
from tests.infra.imports.bringing import told
from tests.infra.imports.conftest import Run
from tests.infra.imports.databases.conftest import MAPPING, WITHOUT_IDS
from tests.infra.imports.databases.sources import PASSWORD, QUERY, Source


def files(folder: Path, mapping: str = MAPPING, query: str = QUERY) -> list[str]:
    toml, text = folder / "map.toml", folder / "query.sql"
    toml.write_text(mapping)
    text.write_text(query)
    return ["--mapping", str(toml), "--query", str(text)]


def filled(source: Source) -> None:
    for nomor in (1, 2):
        source.begin(nomor)
    for number, (nomor, status) in enumerate([(1, "Terima"), (2, "Terima"), (1, "Periksa"), (1, "rancangan")], 1):
        source.add(number, nomor, status)


def read(source: Source, query: str, *, cursor: str | None = None, since: str | None = None) -> QueryTable:
    asked = SourceQuery(text=query, key=["nomor"], cursor=cursor, since=since, seconds=20)
    return read_database(source_url(source.url, PASSWORD), asked)[0]


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEJAK_SOURCE_PASSWORD", PASSWORD)


def test_a_database_is_imported_as_a_file_is(run: Run, tmp_path: Path, source: Source) -> None:
    filled(source)
    arguments = files(tmp_path)
    dry, out, _ = run("import", source.url, *arguments, "--dry-run")
    assert (dry, told(out)["new_events"]) == (0, 5)
    code, out, err = run("import", source.url, *arguments)
    assert (code, told(out)["applications"], told(out)["new_events"]) == (0, 2, 5)
    assert told(out)["first"] == "2026-03-02T01:30:00.000000Z"
    assert PASSWORD not in out + err
    assert told(run("import", source.url, *arguments)[1])["duplicates"] == 5


def test_a_draft_for_a_database_is_imported(run: Run, tmp_path: Path, source: Source) -> None:
    filled(source)
    arguments = files(tmp_path)
    draft = tmp_path / "draft.toml"
    code, _, err = run("mapping", source.url, *arguments[2:], "--output", draft)
    assert (code, f"jejak import {source.url} --query" in err) == (0, True)
    code, out, _ = run("import", source.url, "--mapping", draft, *arguments[2:])
    assert (code, told(out)["rejected"], told(out)["new_events"] >= 3) == (0, 0, True)


def test_with_a_cursor_only_what_is_new_is_read(fresh: Fresh, run: Run, tmp_path: Path, source: Source) -> None:
    filled(source)
    arguments = [source.url, *files(tmp_path), "--cursor", "diubah"]
    code, out, err = run("import", *arguments)
    assert (code, told(out)["new_events"], "rows read from the database: 3" in err) == (0, 5, True)
    source.run(("UPDATE riwayat SET diubah = %s", ("2026-01-01 00:00:00",)))
    source.add(10, 2, "Periksa")
    code, out, err = run("import", *arguments)
    assert (code, told(out)["new_events"], told(out)["duplicates"]) == (0, 1, 2)
    assert "rows read from the database: 2" in err
    kept = (fresh.settings.data_dir / "follow" / "sumber.json").read_text()
    assert PASSWORD not in kept


def test_equal_events_of_two_passes_stay_two(run: Run, tmp_path: Path, source: Source) -> None:
    """Without ids, two equal events differ by their number among the rows of their case, so whole cases are read."""
    arguments = [source.url, *files(tmp_path, WITHOUT_IDS), "--cursor", "diubah"]
    source.begin(1)
    source.add(5, 1, "Periksa", changed="'2026-03-08 09:05:00'")
    assert told(run("import", *arguments)[1])["new_events"] == 2
    source.add(5 + 300, 1, "Periksa")  # the same day and minute as 5
    assert told(run("import", *arguments)[1])["new_events"] == 1


def test_times_have_one_meaning(source: Source) -> None:
    """The session of MariaDB, which writes the row, is in Jakarta."""
    source.begin(1)
    source.add(1, 1, "Terima", changed="'2026-03-08 09:05:00" + ("+07:00'" if "postgresql" in source.url else "'"))
    table = read(source, QUERY)
    [(_, cells)] = [*table]
    values = dict(zip(table.header, cells, strict=True))
    assert values["pada"] == "2026-03-04 09:01:00"
    assert datetime.fromisoformat(values["diubah"]) == datetime(2026, 3, 8, 2, 5, tzinfo=UTC)


WRONG = {
    "a write": ("DELETE FROM riwayat", None),
    "a write within": ("SELECT 1); DELETE FROM riwayat; SELECT (2", None),
    "no table": ("SELECT * FROM rahasia_negara", None),
    "no cursor column": (QUERY, "lain"),
    "two columns of one name": ("SELECT id AS nomor, status AS nomor FROM riwayat", None),
    "too slow": ("SELECT SLEEP(30) AS nomor", None),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_query_that_cannot_be_read_is_refused(source: Source, name: str) -> None:
    filled(source)
    query, cursor = WRONG[name]
    if name == "too slow":
        query = query.replace("SLEEP", "pg_sleep") if source.url.startswith("postgresql") else query
        asked = SourceQuery(text=query, key=["nomor"], seconds=1)
        with pytest.raises(SourceError):
            read_database(source_url(source.url, PASSWORD), asked)
    else:
        with pytest.raises(SourceError) as caught:
            read(source, query, cursor=cursor)
        assert PASSWORD not in str(caught.value)
    assert len(read(source, "SELECT id FROM riwayat")) == 4


def test_a_database_that_is_away_is_an_error_without_its_secrets(run: Run, tmp_path: Path) -> None:
    for url in ("postgresql://x@127.0.0.1:1/db", "mysql://x@127.0.0.1:1/db"):
        code, out, err = run("import", url, *files(tmp_path))
        assert (code, out) == (2, "")
        assert f"jejak: {url.replace('x@', '')}, the database" in err
        assert PASSWORD not in err


URLS = {
    "a password": "mysql://u:rahasia@h/db",
    "a password as an option": "postgresql://u@h/db?password=rahasia",
    "another scheme": "oracle://u@h/db",
    "no database": "postgresql://u@h/",
    "no user": "mysql://h/db",
    "an unknown option": "mysql://u@h/db?local_infile=1",
    "an unknown mode": "mysql://u@h/db?ssl-mode=maybe",
    "a missing file": "mysql://u@h/db?ssl-ca=/nonexistent",
}


@pytest.mark.parametrize("name", URLS)
def test_a_url_that_is_not_sound_is_refused_without_being_shown(name: str) -> None:
    with pytest.raises(SourceUrlWrong) as caught:
        source_url(URLS[name])
    assert "rahasia" not in str(caught.value)


def test_the_name_of_a_database_shows_neither_user_nor_password() -> None:
    url = source_url("mariadb://u@db.contoh:3307/izin?ssl-mode=required", "rahasia")
    assert (str(url), url.scheme, url.is_local) == ("mysql://db.contoh:3307/izin", "mysql", False)
    assert "rahasia" not in repr(url)
    assert isinstance(url, SourceUrl)


def test_nothing_is_left_open(on_postgresql: Source) -> None:
    read(on_postgresql, "SELECT 1 AS nomor")
    with psycopg.connect(on_postgresql.url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert row == (0,)
