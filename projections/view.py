"""View: a fold from events to one row per stream (usually an application), and the table that stores the rows.

The SQL texts (view.sql) are filled from the view's columns, so that the table, the upsert and the comparison always
agree. The placeholder `{table}` is not filled here. The projector fills this placeholder with the name of the live
table or of a table under construction.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypedDict, TypeVar, cast
from uuid import UUID

from domain.application.events import Recorded
from domain.application.standing import standing
from projections.queries import filled, queries

SQL = queries("view")


class Row(TypedDict):
    """The fields that the rows of all views have. `version` is the stream version of the row's last event."""

    version: int


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewOf(Generic[R]):
    """A view whose rows are of the type `R`.

    `version` is the number of the definition: columns, fold, and the rules that the fold uses. Raise the number if a
    change of the code leads to other rows from the same events. Otherwise tests/upgrades/test_versions.py fails. If
    this release can also read the rows of earlier versions, `reads_from` is the first of these versions.

    `fold` adds further events to a stream's row, and returns the new row. The row does not depend on the way in which
    the events are divided into batches. The fold is pure: it changes neither the given row nor any value inside that
    row.

    `columns` maps each stored column to its type in PostgreSQL. The columns include the stream's id (`key`) and
    `version`.

    `stored` returns a row's values in the order of the columns. `loaded` makes the row from these values. A dict is
    stored as canonical JSON in a column of the type `bytea`. So the same events always give the same bytes. The JSON is
    packed (infra/postgres/packing.py). Only the columns in `unpacked` are not packed, because queries read these
    columns. The view folds the events whose event type begins with the prefix `topics`. Each element of `indexes` is
    the part of a statement CREATE INDEX that follows the name of the table.
    """

    name: str
    version: int
    columns: Mapping[str, str]
    fold: Callable[[R | None, UUID, Sequence[Recorded]], R]
    stored: Callable[[R], tuple[object, ...]]
    loaded: Callable[[tuple[Any, ...]], R]
    indexes: tuple[str, ...] = ()
    key: str = "application_id"
    topics: str = "application."
    reads_from: int | None = None
    unpacked: frozenset[str] = frozenset()

    @property
    def table(self) -> str:
        columns = ",\n    ".join(f"{name} {kind}" for name, kind in self.columns.items())
        indexes = (filled(SQL["INDEX"], index=index) for index in self.indexes)
        return "\n".join((filled(SQL["TABLE"], columns=columns, key=self.key), *indexes, ""))

    @property
    def form(self) -> str:
        """Return a hash of the table's columns, key and indexes."""
        return hashlib.sha256(self.table.encode()).hexdigest()[:16]

    @property
    def answers(self) -> str:
        """Return an SQL condition for every query that reads the view. The condition makes the query fail while the
        view is behind.
        """
        return self._answers(absent=False)

    @property
    def answers_absent(self) -> str:
        """Return an SQL condition for a query whose empty result means that a row does not exist. The condition makes
        the query fail while the view is behind.
        """
        return self._answers(absent=True)

    @property
    def state(self) -> str:
        """Return an SQL expression for the state of the view: whole, stopped, older or behind."""
        return filled("view_state({arguments})", arguments=self._arguments)

    def _answers(self, *, absent: bool) -> str:
        return filled(SQL["ANSWERS"], arguments=self._arguments, absent=str(absent).upper())

    @property
    def _arguments(self) -> str:
        oldest = self.version if self.reads_from is None else self.reads_from
        return f"'{self.name}', {oldest}, {self.version}, '{self.form}'"

    @property
    def upsert(self) -> str:
        """Return the statement that inserts or updates rows. Its parameters are arrays, one for each column.

        The statement does not change a stored row with an equal or higher version.
        """
        return self.upsert_from()

    def upsert_from(self, *conditions: str) -> str:
        """Return an upsert that writes only if every query in `conditions` returns a row.

        A query in `conditions` returns at most one row.
        """
        arrays = ", ".join(f"%({name})b::{kind}[]" for name, kind in zip(self.columns, self.types, strict=True))
        values = ", ".join(f"{name} = EXCLUDED.{name}" for name in self.columns if name != self.key)
        sources = ", ".join((*conditions, f"unnest({arrays}) AS new ({self.names})"))
        return filled(SQL["UPSERT"], names=self.names, sources=sources, key=self.key, values=values)

    @property
    def rows(self) -> str:
        return filled(SQL["ROWS"], names=self.names, key=self.key)

    @property
    def copied(self) -> str:
        return filled(SQL["COPIED"], names=self.names)

    @property
    def all_rows(self) -> str:
        """Return the query for all rows, in the order of the ids."""
        return filled(SQL["ALL_ROWS"], names=self.names, key=self.key)

    @property
    def types(self) -> list[str]:
        return [kind.removesuffix(" NOT NULL") for kind in self.columns.values()]

    @property
    def names(self) -> str:
        return ", ".join(self.columns)


def fold_standing(view: ViewOf[R], key: UUID, history: Sequence[Recorded]) -> R:
    """Return the row of a stream whose first events are `history`. The row is the fold of the events that stand.

    After an event of the classes `domain.application.standing.REVISING`, other events stand than before. So the row
    cannot be made from the earlier row.
    """
    row = view.fold(None, key, standing(history))
    return cast("R", {**row, "version": history[-1].version})


View = ViewOf[Any]
"""The type of any view, for code that does not depend on the type of the rows."""


def in_order(columns: Iterable[str], row: Mapping[str, object]) -> tuple[object, ...]:
    """Return the row's values in the order of the columns."""
    return tuple(row[name] for name in columns)
