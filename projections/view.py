"""What a view is: a fold from events to one row per stream (an application, mostly), and the SQL text of its table.

The text is made from the columns, so that the table, the upsert and the comparison cannot drift. `{table}` is filled in
by who executes it: the live table, one that is being built, or a shadow.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.application.events import Recorded

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """`fold` gives a stream's row after some events more: however these are cut into batches, the row is the same.
    It is pure: neither the row that it is given nor what that holds is changed.

    `columns` maps each stored column to its type in PostgreSQL, the stream's id (`key`) and `version` among them.

    `stored` gives a row's values in their order; `loaded` makes the row again from them. A value that is a document (a
    dict) is written as canonical JSON, so that the same events give the same bytes; its column is `bytea`. `topics`:
    how the topics begin that it folds.
    """

    name: str
    columns: Mapping[str, str]
    fold: Callable[[Row | None, UUID, Sequence[Recorded]], Row]
    stored: Callable[[Row], tuple[Any, ...]]
    loaded: Callable[[tuple[Any, ...]], Row]
    indexes: tuple[str, ...] = ()
    key: str = "application_id"
    topics: str = "application."

    @property
    def table(self) -> str:
        columns = ",\n    ".join(f"{name} {kind}" for name, kind in self.columns.items())
        indexes = "".join(f"CREATE INDEX ON {{table}} ({column});\n" for column in self.indexes)
        return (
            f"CREATE TABLE {{table}} (\n    {columns},\n    PRIMARY KEY ({self.key})\n) WITH (fillfactor = 70);\n"
            + indexes
        )

    @property
    def upsert(self) -> str:
        """One array for each column. A row that is as new or newer is left as it is."""
        return self.upsert_from()

    def upsert_from(self, *conditions: str) -> str:
        """The same, if each of `conditions`, which names what has at most one row, has it."""
        arrays = ", ".join(f"%({name})b::{kind}[]" for name, kind in zip(self.columns, self.types, strict=True))
        values = ", ".join(f"{name} = EXCLUDED.{name}" for name in self.columns if name != self.key)
        of = ", ".join((*conditions, f"unnest({arrays}) AS new ({self.names})"))
        return (
            f"INSERT INTO {{table}} AS row ({self.names}) SELECT new.* FROM {of}\n"
            f"ON CONFLICT ({self.key}) DO UPDATE SET {values}\nWHERE row.version < EXCLUDED.version"
        )

    @property
    def rows(self) -> str:
        return f"SELECT {self.names} FROM {{table}} WHERE {self.key} = ANY(%(ids)s)"

    @property
    def copied(self) -> str:
        return f"COPY {{table}} ({self.names}) FROM STDIN (FORMAT BINARY)"

    @property
    def all_rows(self) -> str:
        """In the order of their ids."""
        return f"SELECT {self.names} FROM {{table}} ORDER BY {self.key}"

    @property
    def types(self) -> list[str]:
        return [kind.removesuffix(" NOT NULL") for kind in self.columns.values()]

    @property
    def names(self) -> str:
        return ", ".join(self.columns)
