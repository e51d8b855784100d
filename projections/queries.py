"""Queries: this module reads the SQL texts of the views. Each view has a `.sql` file with the view's name.

A file holds several queries. Each query begins with a line such as `-- name: QUEUE`. Other comment lines explain the
query. A text may have two kinds of placeholders. A placeholder in braces, such as `{columns}`, is filled with names
from the code. A placeholder such as `%(office)s` is a parameter, which only the database driver fills. So text from a
user never becomes part of a query.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

NAME = re.compile(r"^-- name: ([A-Z_]+)\n", re.MULTILINE)
COMMENT = re.compile(r"^ *--.*\n", re.MULTILINE)


@cache
def queries(file: str, **names: str) -> Mapping[str, str]:
    """Return a mapping from the names of the queries in `projections/<file>.sql` to their texts. In the texts, each
    placeholder in braces that `names` lists is replaced by its value.

    Raises FileNotFoundError for an unknown file.
    """
    text = resources.files(__package__).joinpath(f"{file}.sql").read_text(encoding="utf-8")
    _, *parts = NAME.split(text)
    texts = (COMMENT.sub("", text).strip() for text in parts[1::2])
    return {name: filled(text, **names) for name, text in zip(parts[::2], texts, strict=True)}


def filled(query: str, **names: str) -> str:
    """Return the query with its placeholders filled. Each placeholder in braces that `names` lists is replaced by its
    value. Other placeholders stay.
    """
    for gap, name in names.items():
        query = query.replace(f"{{{gap}}}", name)
    return query
