-- name: BY_NUMBER
-- Selects the row's document for the application with this tracking number; NULL if there is none.
SELECT coalesce(
    (SELECT body FROM views.progress WHERE {answers} AND number = %(number)s ORDER BY application_id DESC LIMIT 1),
    CASE WHEN NOT {answers_absent} THEN ''::bytea END)

-- name: BY_ID
-- Selects the documents of some applications.
SELECT application_id, body FROM views.progress WHERE {answers} AND application_id = ANY(%(ids)s)

-- name: BY_ID_OR_ABSENT
-- Does the same as BY_ID, but some of the rows may not exist.
SELECT application_id, body FROM views.progress WHERE {answers_absent} AND application_id = ANY(%(ids)s)
