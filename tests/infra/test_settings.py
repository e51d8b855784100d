"""Settings: from the environment, once; nonsense is refused before anything starts."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from infra import settings
from infra.settings import SettingsWrong, settings_from

EVENTS, KEYS = "postgresql://jejak@db/jejak", "postgresql://jejak@keys/jejak_keys"


def test_nothing_needs_to_be_set() -> None:
    found = settings_from({})
    assert found.database_url is None
    assert found.keys_database_url is None
    assert found.instance == "01"


@pytest.mark.parametrize(("user", "expected"), [(0, Path("/var/lib/jejak")), (1000, settings.PROJECT / "var")])
def test_the_data_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch, user: int, expected: Path) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    assert settings_from({}).data_dir == expected


def test_everything_can_be_set() -> None:
    found = settings_from(
        {
            "JEJAK_DATA_DIR": "/srv/jejak",
            "JEJAK_KEY_DIR": "/srv/keys",
            "JEJAK_DATABASE_URL": EVENTS,
            "JEJAK_KEYS_DATABASE_URL": KEYS,
            "JEJAK_INSTANCE": "7Z",
            "FORWARDED_ALLOW_IPS": "127.0.0.1, ::1,10.2.0.0/16",
            "JEJAK_READINGS_DAYS": "30",
        }
    )
    assert (found.data_dir, found.key_dir) == (Path("/srv/jejak"), Path("/srv/keys"))
    assert (found.database_url, found.keys_database_url, found.instance) == (EVENTS, KEYS, "7Z")
    assert (found.proxies, found.readings_days) == (("127.0.0.1", "::1", "10.2.0.0/16"), 30)
    with pytest.raises(FrozenInstanceError):
        found.instance = "02"  # type: ignore[misc] # that is what is tested


def test_passwords_of_the_databases_come_from_files_and_may_have_any_characters(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a/b@c:d é%?#\n")
    (tmp_path / "keys").write_text("plain")
    found = settings_from(
        {
            "JEJAK_DATABASE_URL": EVENTS,
            "JEJAK_KEYS_DATABASE_URL": KEYS,
            "JEJAK_DATABASE_PASSWORD_FILE": str(tmp_path / "log"),
            "JEJAK_KEYS_DATABASE_PASSWORD_FILE": str(tmp_path / "keys"),
        }
    )
    assert conninfo_to_dict(str(found.database_url)) == {
        "user": "jejak",
        "password": "a/b@c:d é%?#",
        "host": "db",
        "dbname": "jejak",
    }
    assert found.keys_database_url == "postgresql://jejak:plain@keys/jejak_keys"


@pytest.mark.parametrize(
    ("url", "content", "says"),
    [
        ("postgresql://jejak:known@db/jejak", "secret", "without a password"),
        ("postgresql://db/jejak", "secret", "without a password"),
        (None, "secret", "JEJAK_DATABASE_PASSWORD_FILE needs JEJAK_DATABASE_URL"),
        (EVENTS, "", "is empty"),
        (EVENTS, None, "cannot be read"),
    ],
)
def test_a_password_file_that_cannot_be_used_is_refused_and_not_repeated(
    tmp_path: Path, url: str | None, content: str | None, says: str
) -> None:
    file = tmp_path / "log"
    if content is not None:
        file.write_text(content)
    environment = {"JEJAK_KEYS_DATABASE_URL": KEYS, "JEJAK_DATABASE_PASSWORD_FILE": str(file)}
    with pytest.raises(SettingsWrong, match=says) as refused:
        settings_from({**environment, **({"JEJAK_DATABASE_URL": url} if url else {})})
    assert "known" not in str(refused.value)


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"POSTGRES_ENABLE_DB_FUNCTIONS": "y"}, "POSTGRES_ENABLE_DB_FUNCTIONS"),
        ({"JEJAK_DATABASE_URL": EVENTS}, "JEJAK_DATABASE_URL and JEJAK_KEYS_DATABASE_URL go together"),
        ({"JEJAK_KEYS_DATABASE_URL": KEYS}, "JEJAK_DATABASE_URL and JEJAK_KEYS_DATABASE_URL go together"),
        ({"JEJAK_DATABASE_URL": "mysql://db", "JEJAK_KEYS_DATABASE_URL": KEYS}, "JEJAK_DATABASE_URL must begin"),
        ({"JEJAK_DATABASE_URL": EVENTS, "JEJAK_KEYS_DATABASE_URL": "keys"}, "JEJAK_KEYS_DATABASE_URL must begin"),
        ({"JEJAK_DATABASE_URL": EVENTS, "JEJAK_KEYS_DATABASE_URL": EVENTS}, "another database"),
        ({"JEJAK_KEK_FILE": "/srv/kek", "JEJAK_KEK_COMMAND": "cat"}, "JEJAK_KEK_COMMAND and JEJAK_KEK_FILE"),
        ({"JEJAK_BACKUP_DIR": "/srv"}, "JEJAK_BACKUP_DIR and JEJAK_BACKUP_RECIPIENT go together"),
        ({"JEJAK_BACKUP_DIR": "/srv", "JEJAK_BACKUP_RECIPIENT": "/nonexistent"}, "the public key /nonexistent"),
        *(
            ({"FORWARDED_ALLOW_IPS": wrong}, f"FORWARDED_ALLOW_IPS.*{says}.*separated by commas, for example 127.0.0.1")
            for wrong, says in (
                ("*", "must not be \\*"),
                ("127.0.0.1, *", "must not be \\*"),
                ("0.0.0.0/0", "too many addresses"),
                ("128.0.0.0/1", "too many addresses"),
                ("::/0", "too many addresses"),
                ("proxy", "proxy is no address"),
                ("10.0.0.1/8", "is no address and no network"),
            )
        ),
        ({"JEJAK_SOURCE_PASSWORD": "x", "JEJAK_SOURCE_PASSWORD_FILE": "/x"}, "exclude each other"),
        ({"JEJAK_SOURCE_PASSWORD_FILE": "/nonexistent"}, "JEJAK_SOURCE_PASSWORD_FILE: /nonexistent cannot be read"),
        *(({"JEJAK_READINGS_DAYS": wrong}, "JEJAK_READINGS_DAYS") for wrong in ("29", "3651", "-1", "x", "1e3", "٣٦٥")),
        *(({"JEJAK_INSTANCE": wrong}, "JEJAK_INSTANCE") for wrong in ("", "1", "001", "0l", "0O", "0a", "ÄÖ")),
    ],
)
def test_nonsense_is_refused_by_the_name_of_its_variable(environment: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsWrong, match=says):
        settings_from(environment)


def test_a_refusal_never_shows_a_password() -> None:
    with pytest.raises(SettingsWrong) as caught:
        settings_from({"JEJAK_DATABASE_URL": "mysql://jejak:hunter2@db", "JEJAK_KEYS_DATABASE_URL": KEYS})
    assert "hunter2" not in str(caught.value)


def test_the_key_folder_is_beside_the_data_folder_unless_an_older_release_made_it_inside(tmp_path: Path) -> None:
    folder = tmp_path / "jejak"
    assert settings_from({"JEJAK_DATA_DIR": str(folder)}).key_dir == tmp_path / "jejak-keys"
    (folder / "keys").mkdir(parents=True)
    assert settings_from({"JEJAK_DATA_DIR": str(folder)}).key_dir == folder / "keys"


def test_the_key_encryption_key_is_found_in_a_file_a_command_or_a_systemd_credential(tmp_path: Path) -> None:
    credential = tmp_path / "jejak-kek"
    there = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert settings_from(there).kek_file is None
    credential.write_bytes(bytes(32))
    assert settings_from(there).kek_file == credential
    assert settings_from({**there, "JEJAK_KEK_FILE": "/srv/kek"}).kek_file == Path("/srv/kek")
    found = settings_from({**there, "JEJAK_KEK_COMMAND": "vault read kek"})
    assert (found.kek_file, found.kek_command) == (None, "vault read kek")


def test_a_backup_has_a_folder_and_a_recipient(tmp_path: Path) -> None:
    recipient = tmp_path / "key.asc"
    recipient.touch()
    both = {"JEJAK_BACKUP_DIR": str(tmp_path), "JEJAK_BACKUP_RECIPIENT": str(recipient)}
    found = settings_from(both)
    assert (found.backup_dir, found.backup_recipient) == (tmp_path, recipient)


def test_the_password_of_a_source_is_in_a_file_or_a_variable_and_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("rahasia\n")
    for environment in ({"JEJAK_SOURCE_PASSWORD": "rahasia"}, {"JEJAK_SOURCE_PASSWORD_FILE": str(file)}):
        found = settings_from({"JEJAK_DATA_DIR": str(tmp_path), **environment})
        assert found.source_password == "rahasia"
        assert "rahasia" not in repr(found)
