"""Settings: from the environment, once; nonsense is refused before anything starts."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from infra import settings
from infra.settings import SettingsWrong, settings_from

EVENTS, KEYS = "postgresql://jejak@db/jejak", "postgresql://jejak@keys/jejak_keys"


def test_nothing_needs_to_be_set() -> None:
    found = settings_from({})
    assert found.database_url is None
    assert found.keys_database_url is None
    assert found.instance == "01"
    assert found.key_dir == found.data_dir / "keys"


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


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"POSTGRES_ENABLE_DB_FUNCTIONS": "y"}, "POSTGRES_ENABLE_DB_FUNCTIONS"),
        ({"JEJAK_DATABASE_URL": EVENTS}, "JEJAK_DATABASE_URL and JEJAK_KEYS_DATABASE_URL go together"),
        ({"JEJAK_KEYS_DATABASE_URL": KEYS}, "JEJAK_DATABASE_URL and JEJAK_KEYS_DATABASE_URL go together"),
        ({"JEJAK_DATABASE_URL": "mysql://db", "JEJAK_KEYS_DATABASE_URL": KEYS}, "JEJAK_DATABASE_URL must begin"),
        ({"JEJAK_DATABASE_URL": EVENTS, "JEJAK_KEYS_DATABASE_URL": "keys"}, "JEJAK_KEYS_DATABASE_URL must begin"),
        ({"JEJAK_DATABASE_URL": EVENTS, "JEJAK_KEYS_DATABASE_URL": EVENTS}, "another database"),
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
