"""Reading of databases: this module reads the rows of a query from an agency's database into temporary storage."""

from collections.abc import Sequence

from feeds.history.mapping import Mapping
from infra.imports.mysql_source import read_mysql
from infra.imports.postgresql_source import read_postgresql
from infra.imports.query import Cursor, QueryTable, SourceQuery
from infra.imports.source_url import SourceUrl, SourceUrlWrong


def read_database(url: SourceUrl, query: SourceQuery) -> tuple[QueryTable, Cursor | None]:
    """Returns the rows, and the last place of the cursor column. Raises SourceError."""
    table = QueryTable(str(url))
    read = read_postgresql if url.scheme == "postgresql" else read_mysql
    try:
        return table, read(url, query, table)
    except BaseException:
        table.close()
        raise


def case_columns(mapping: Mapping) -> Sequence[str]:
    """Returns the columns of the case id, by which a pass finds all rows of a case. Raises SourceUrlWrong."""
    key = mapping.key_columns()
    if not key or mapping.empty_case != "refuse":
        raise SourceUrlWrong('with --cursor, the mapping needs a column for `case`, and empty_case = "refuse"')
    return key
