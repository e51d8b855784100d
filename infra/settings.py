"""Settings: this module reads the environment variables once, into an immutable object.

An invalid variable raises SettingsWrong.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import quote

PROJECT = Path(__file__).resolve().parent.parent
SECONDS_A_DAY = 86_400
CREDENTIAL = "jejak-kek"
"""The name of the systemd credential with the key-encryption key."""
OPS_PORT = 9464
"""The usual port for the metrics and the details of the readiness."""
PORT_MAX = 65_535
READINGS_DAYS = range(30, 3651)
PROXY_PREFIX_MIN = {4: 8, 6: 16}
"""For each IP version, the shortest allowed prefix of a network of proxies.

A network with a shorter prefix would contain too many addresses.
"""
BASE_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*[A-Za-z0-9._~-])?")


class SettingsWrong(Exception):
    """A variable has an invalid value. The message names the variable and the expected value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kafka:
    """The address and the login of Kafka's brokers.

    Without a user name, the connection has no login and no encryption. Omit the user name only in tests, or if all
    processes run on one machine.
    """

    bootstrap: str
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a process. docs/operating.md lists the environment variable of each field.

    If `database_url` is None, the embedded PostgreSQL in `data_dir` is used. `proxies` holds the addresses and networks
    whose X-Forwarded-For header is trusted.
    """

    data_dir: Path
    key_dir: Path
    database_url: str | None
    keys_database_url: str | None
    instance: str
    kek_file: Path | None = None
    kek_command: str | None = None
    backup_dir: Path | None = None
    backup_recipient: Path | None = None
    schedule_seconds: float = 60.0
    public_url: str = "http://127.0.0.1:8000"
    topics_file: Path = PROJECT / "feeds" / "topics.toml"
    kafka: Kafka | None = None
    ops_host: str = "127.0.0.1"
    ops_port: int | None = None
    proxies: tuple[str, ...] = ()
    readings_days: int = 365
    source_password: str | None = field(default=None, repr=False)


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Reads the settings from environment variables. Raises SettingsWrong."""
    if environment.get("POSTGRES_ENABLE_DB_FUNCTIONS"):
        raise SettingsWrong("with POSTGRES_ENABLE_DB_FUNCTIONS, readers can miss events: unset this variable")
    data_dir = Path(environment.get("JEJAK_DATA_DIR") or _default_data_dir()).resolve()
    url = _with_password(environment, "JEJAK_DATABASE_URL", "JEJAK_DATABASE_PASSWORD_FILE")
    keys_url = _with_password(environment, "JEJAK_KEYS_DATABASE_URL", "JEJAK_KEYS_DATABASE_PASSWORD_FILE")
    if bool(url) != bool(keys_url):
        raise SettingsWrong("JEJAK_DATABASE_URL and JEJAK_KEYS_DATABASE_URL go together: set both, or neither")
    for name in ("JEJAK_DATABASE_URL", "JEJAK_KEYS_DATABASE_URL"):
        if environment.get(name) and not environment[name].startswith(("postgresql://", "postgres://")):
            raise SettingsWrong(f"{name} must begin with postgresql://")
    if url and url == keys_url:
        raise SettingsWrong("JEJAK_KEYS_DATABASE_URL must name another database than JEJAK_DATABASE_URL")
    instance = environment.get("JEJAK_INSTANCE", "01")
    if len(instance) != 2 or not set(instance) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ"):  # noqa: PLR2004 - two symbols
        raise SettingsWrong("JEJAK_INSTANCE must be two symbols of 0-9 and A-Z without I, L, O, U")
    try:
        schedule_seconds = interval(environment.get("JEJAK_SCHEDULE_SECONDS") or "60")
    except ValueError:
        raise SettingsWrong("JEJAK_SCHEDULE_SECONDS must be a number of seconds from 1 to 86400") from None
    public_url = environment.get("JEJAK_PUBLIC_URL") or "http://127.0.0.1:8000"
    if not BASE_URL.fullmatch(public_url):
        raise SettingsWrong("JEJAK_PUBLIC_URL must be http:// or https:// with a host and without a final slash")
    return Settings(
        data_dir=data_dir,
        key_dir=Path(environment.get("JEJAK_KEY_DIR") or _default_key_dir(data_dir)).resolve(),
        **_kek(environment),
        **_backup(environment),
        database_url=url or None,
        keys_database_url=keys_url or None,
        instance=instance,
        schedule_seconds=schedule_seconds,
        public_url=public_url,
        topics_file=Path(environment.get("JEJAK_TOPICS_FILE") or PROJECT / "feeds" / "topics.toml").resolve(),
        kafka=_kafka(environment),
        ops_host=environment.get("JEJAK_OPS_HOST") or "127.0.0.1",
        ops_port=_ops_port(environment.get("JEJAK_OPS_PORT")),
        proxies=_proxies(environment.get("FORWARDED_ALLOW_IPS", "")),
        readings_days=_readings_days(environment.get("JEJAK_READINGS_DAYS") or "365"),
        source_password=_source_password(environment),
    )


def _default_key_dir(data_dir: Path) -> Path:
    """By default, the key folder is beside the data folder, so that a copy of the data folder contains no keys.

    Older releases made the key folder inside the data folder. If such a key folder still exists, it is used.
    """
    older = data_dir / "keys"
    return older if older.exists() else data_dir.with_name(f"{data_dir.name}-keys")


def _kek(environment: Mapping[str, str]) -> dict[str, Any]:
    """Finds the key-encryption key. By default, this key is a file in the key folder."""
    command, file = environment.get("JEJAK_KEK_COMMAND"), environment.get("JEJAK_KEK_FILE")
    if command and file:
        raise SettingsWrong("JEJAK_KEK_COMMAND and JEJAK_KEK_FILE exclude each other: set one of them")
    credential = Path(environment.get("CREDENTIALS_DIRECTORY") or "/nonexistent", CREDENTIAL)
    if not command and not file and credential.exists():
        file = str(credential)
    return {"kek_command": command or None, "kek_file": Path(file).resolve() if file else None}


def _backup(environment: Mapping[str, str]) -> dict[str, Any]:
    folder, recipient = environment.get("JEJAK_BACKUP_DIR"), environment.get("JEJAK_BACKUP_RECIPIENT")
    if bool(folder) != bool(recipient):
        raise SettingsWrong("JEJAK_BACKUP_DIR and JEJAK_BACKUP_RECIPIENT go together: set both, or neither")
    if recipient and not os.access(recipient, os.R_OK):
        raise SettingsWrong(f"JEJAK_BACKUP_RECIPIENT: the public key {recipient} cannot be read")
    return {
        "backup_dir": Path(folder).resolve() if folder else None,
        "backup_recipient": Path(recipient).resolve() if recipient else None,
    }


def _ops_port(text: str | None) -> int | None:
    """Parses the number of the ops port. Port 0 lets the system choose a free port."""
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and int(text) <= PORT_MAX):
        raise SettingsWrong(f"JEJAK_OPS_PORT must be a port number from 0 to {PORT_MAX}")
    return int(text)


def _proxies(text: str) -> tuple[str, ...]:
    """Reads the addresses of the proxies in front of Jejak. Raises SettingsWrong.

    If Jejak trusted every address, each client could choose its own network, and the delays after wrong PINs would have
    no effect.
    """
    advice = "set the addresses of your proxies, separated by commas, for example 127.0.0.1,10.2.0.0/24"
    proxies = tuple(part for each in text.split(",") if (part := each.strip()))
    for proxy in proxies:
        if proxy == "*":
            raise SettingsWrong(
                "FORWARDED_ALLOW_IPS must not be *, because every client could then choose its own address in"
                f" X-Forwarded-For and guess PINs without delay: {advice}"
            )
        try:
            network: IPv4Network | IPv6Network = ip_network(proxy)
        except ValueError:
            raise SettingsWrong(f"FORWARDED_ALLOW_IPS: {proxy} is no address and no network: {advice}") from None
        if network.prefixlen < PROXY_PREFIX_MIN[network.version]:
            raise SettingsWrong(f"FORWARDED_ALLOW_IPS: {proxy} names too many addresses: {advice}")
    return proxies


def _readings_days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) in READINGS_DAYS):
        raise SettingsWrong("JEJAK_READINGS_DAYS must be a whole number of days from 30 to 3650")
    return int(text)


def _kafka(environment: Mapping[str, str]) -> Kafka | None:
    """Reads the settings for Kafka. Returns None if JEJAK_KAFKA_BOOTSTRAP is not set.

    Without Kafka, agencies read their feeds over HTTP.
    """
    bootstrap = environment.get("JEJAK_KAFKA_BOOTSTRAP")
    username, password = environment.get("JEJAK_KAFKA_USERNAME"), environment.get("JEJAK_KAFKA_PASSWORD_FILE")
    ca_file = environment.get("JEJAK_KAFKA_CA_FILE")
    if not bootstrap:
        return None
    if not all(re.fullmatch(r"[^\s:,]+:[0-9]{1,5}", one) for one in bootstrap.split(",")):
        raise SettingsWrong("JEJAK_KAFKA_BOOTSTRAP must be host:port, or a list of host:port separated by commas")
    if bool(username) != bool(password):
        raise SettingsWrong("JEJAK_KAFKA_USERNAME and JEJAK_KAFKA_PASSWORD_FILE go together: set both, or neither")
    for name, file in (("JEJAK_KAFKA_PASSWORD_FILE", password), ("JEJAK_KAFKA_CA_FILE", ca_file)):
        if file and not os.access(file, os.R_OK):
            raise SettingsWrong(f"{name}: {file} cannot be read")
    return Kafka(
        bootstrap=bootstrap,
        username=username or None,
        password_file=Path(password) if password else None,
        ca_file=Path(ca_file) if ca_file else None,
    )


def _source_password(environment: Mapping[str, str]) -> str | None:
    """Reads the password of the database from which an import reads."""
    password, file = environment.get("JEJAK_SOURCE_PASSWORD"), environment.get("JEJAK_SOURCE_PASSWORD_FILE")
    if password and file:
        raise SettingsWrong("JEJAK_SOURCE_PASSWORD and JEJAK_SOURCE_PASSWORD_FILE exclude each other: set one of them")
    return _password_in(Path(file), "JEJAK_SOURCE_PASSWORD_FILE") if file else password or None


def _password_in(file: Path, name: str) -> str:
    """Returns the password in a file. A line break at the end of the file is not a part of the password."""
    try:
        password = file.read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError):
        raise SettingsWrong(f"{name}: {file} cannot be read") from None
    if not password:
        raise SettingsWrong(f"{name}: {file} is empty")
    return password


def _with_password(environment: Mapping[str, str], name: str, file_name: str) -> str | None:
    """Returns the URL of a database with the password from the password file, if the settings name such a file.

    If a password file is used, no environment variable contains the password.
    """
    url, file = environment.get(name), environment.get(file_name)
    if not file:
        return url
    scheme, separator, rest = (url or "").partition("://")
    user, at, place = rest.partition("@")
    if not (separator and at) or ":" in user:
        raise SettingsWrong(f"{file_name} needs {name} in the form postgresql://user@host/name, without a password")
    return f"{scheme}://{user}:{quote(_password_in(Path(file), file_name), safe='')}@{place}"


def interval(text: str) -> float:
    """Parses the number of seconds between two passes of the scheduler. The number must be from 1 to 86400.

    Raises ValueError.
    """
    seconds = float(text)
    if not 1 <= seconds <= SECONDS_A_DAY:
        raise ValueError
    return seconds


def _default_data_dir() -> Path:
    return Path("/var/lib/jejak") if os.geteuid() == 0 else PROJECT / "var"
