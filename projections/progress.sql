-- name: BY_NUMBER
-- Selects the row's document for the application with this tracking number; NULL if there is none.
SELECT coalesce(
    (SELECT body FROM views.progress WHERE {answers} AND number = %(number)s ORDER BY application_id DESC LIMIT 1),
    CASE WHEN NOT {answers_absent} THEN ''::bytea END)

-- name: BY_ID
-- Selects the rows of some applications.
SELECT {columns} FROM views.progress WHERE {answers} AND application_id = ANY(%(ids)s)

-- name: BY_ID_OR_ABSENT
-- The same, if a row may be missing from the answer.
SELECT {columns} FROM views.progress WHERE {answers_absent} AND application_id = ANY(%(ids)s)
