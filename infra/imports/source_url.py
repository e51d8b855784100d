"""Source URLs: the address of an agency's database, from which an import reads.

The password is never part of the URL, because every user of the host can see the arguments of a process.
"""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

SCHEMES = {"postgresql": "postgresql", "postgres": "postgresql", "mysql": "mysql", "mariadb": "mysql"}
LOCAL = ("", "localhost", "127.0.0.1", "::1")
HOW_ELSE = "set JEJAK_SOURCE_PASSWORD_FILE to the name of a file with the password"
TLS_MODES = ("disabled", "required", "verify-ca", "verify-identity")
FILES = ("ssl-ca", "ssl-cert", "ssl-key")
MYSQL_OPTIONS = ("ssl-mode", *FILES, "unix_socket")


class SourceUrlWrong(Exception):
    """The URL cannot be used. The message names the wrong part and the expected value, and never quotes the URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceUrl:
    """The address of a database. `options` holds the part of the URL after the question mark."""

    scheme: str
    host: str
    port: int | None
    database: str
    user: str
    options: dict[str, str] = field(default_factory=dict)
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{self.host}{port}/{self.database}"

    @property
    def is_local(self) -> bool:
        return self.host in LOCAL or self.host.startswith("/")


def is_source_url(text: str) -> bool:
    return "://" in text


def source_url(text: str, password: str | None = None) -> SourceUrl:
    """Parses a URL. Raises SourceUrlWrong."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise SourceUrlWrong(
            "the URL of the database cannot be parsed: its form is postgresql://user@host/db"
        ) from None
    scheme = SCHEMES.get(parts.scheme)
    if scheme is None:
        raise SourceUrlWrong("the URL of the database must begin with postgresql:// or mysql://")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.password is not None or any("password" in name.lower() for name in options):
        raise SourceUrlWrong(f"the URL of the database must not hold a password, because others can see it: {HOW_ELSE}")
    database = unquote(parts.path.removeprefix("/"))
    if not database or "/" in database:
        raise SourceUrlWrong("the URL of the database must name one database: postgresql://user@host/db")
    if scheme == "mysql":
        _check_mysql(options)
    host = options.pop("host", "") if scheme == "postgresql" and not parts.hostname else unquote(parts.hostname or "")
    user = unquote(parts.username or "")
    if scheme == "mysql" and not user:
        raise SourceUrlWrong("the URL of the database must name a user: mysql://user@host/db")
    return SourceUrl(
        scheme=scheme, host=host, port=port, database=database, user=user, options=options, password=password
    )


def _check_mysql(options: dict[str, str]) -> None:
    for name in options:
        if name not in MYSQL_OPTIONS:
            raise SourceUrlWrong(f"the option {name!r} of a mysql:// URL must be one of {', '.join(MYSQL_OPTIONS)}")
    if options.get("ssl-mode", TLS_MODES[0]) not in TLS_MODES:
        raise SourceUrlWrong(f"ssl-mode must be one of {', '.join(TLS_MODES)}")
    for name in FILES:
        if name in options and not Path(options[name]).is_file():
            raise SourceUrlWrong(f"{name} must name a file")
