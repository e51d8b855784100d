-- The statements that every view needs. The projector fills {table} with the live table, or with a table under
-- construction; projections/view.py fills the other placeholders from the view's columns.

-- name: TABLE
CREATE TABLE {table} (
    {columns},
    PRIMARY KEY ({key})
) WITH (fillfactor = 90);

-- name: INDEX
CREATE INDEX ON {table} {index};

-- name: UPSERT
-- The parameters are arrays, one for each column. A stored row that is as new as the given row, or newer, stays as it
-- is.
INSERT INTO {table} AS row ({names}) SELECT new.* FROM {sources}
ON CONFLICT ({key}) DO UPDATE SET {values}
WHERE row.version < EXCLUDED.version

-- name: ROWS
SELECT {names} FROM {table} WHERE {key} = ANY(%(ids)s)

-- name: COPIED
COPY {table} ({names}) FROM STDIN (FORMAT BINARY)

-- name: ALL_ROWS
-- The rows are in the order of the ids.
SELECT {names} FROM {table} ORDER BY {key}

-- name: ANSWERS
-- PostgreSQL evaluates this condition once for each query, even if the table is empty.
(SELECT view_answers({arguments}, {absent}))
