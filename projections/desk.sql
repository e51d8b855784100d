-- These queries read the rows of the desk view. They find the queue of an office, and the files for which a scheduled
-- job may have to send a command.
-- {columns} are the columns of the view. {answers} is the condition that the view is not behind.

-- name: QUEUE
-- Selects one page of an office's open files, in the order of their due dates. The page begins after (place, after).
-- `place` is due_at, or infinity for a file without a due date.
SELECT {columns} FROM views.desk
WHERE {answers} AND office = %(office)s AND open
    AND (coalesce(due_at, 'infinity'), application_id) > (%(place)s::timestamptz, %(after)s::uuid)
    AND (%(status)s::text IS NULL OR status = %(status)s) AND (%(officer)s::uuid IS NULL OR officer = %(officer)s)
ORDER BY coalesce(due_at, 'infinity'), application_id LIMIT %(limit)s

-- name: SILENT
-- Selects one page of the files that nobody decided by the promised date, and whose standard provides for deemed
-- approval. The page begins after (at, id). For each standard, PostgreSQL reads one page by an index that begins with
-- the service and the standard. PostgreSQL reads no other rows, even if the table has a million rows.
SELECT page.*
FROM unnest(%(services)s::text[], %(standards)s::integer[]) AS granting (service, standard),
LATERAL (
    SELECT {columns} FROM views.desk
    WHERE desk.service = granting.service AND desk.standard = granting.standard
        AND due_at < %(now)s AND NOT paused AND own_promise AND (due_at, application_id) > (%(at)s, %(id)s)
    ORDER BY due_at, application_id LIMIT %(limit)s
) AS page
WHERE {answers}
ORDER BY due_at, application_id LIMIT %(limit)s

-- name: OUTDATED
-- Selects one page of the undecided files whose due date was computed with calendar editions that are not in force. The
-- page begins after (at, id). The recursive part finds the few calendars that the due dates name. It reads an index and
-- goes from each calendar to the next calendar.
SELECT page.*
FROM (
    WITH RECURSIVE resting (calendar) AS (
        (SELECT calendar FROM views.desk WHERE due_at IS NOT NULL ORDER BY calendar LIMIT 1)
        UNION ALL
        SELECT (
            SELECT calendar FROM views.desk
            WHERE due_at IS NOT NULL AND calendar > resting.calendar ORDER BY calendar LIMIT 1
        )
        FROM resting WHERE resting.calendar IS NOT NULL
    )
    SELECT calendar FROM resting WHERE NOT string_to_array(calendar, '+') <@ %(editions)s::text[]
) AS outdated,
LATERAL (
    SELECT {columns} FROM views.desk
    WHERE desk.calendar = outdated.calendar AND due_at IS NOT NULL AND own_promise
        AND (due_at, application_id) > (%(at)s, %(id)s)
    ORDER BY due_at, application_id LIMIT %(limit)s
) AS page
WHERE {answers}
ORDER BY due_at, application_id LIMIT %(limit)s

-- name: NOT_COUNTED_BY
-- Selects one page of the undecided files of these offices that are due at `since` or later. The due dates of these
-- files do not name this calendar edition. The page begins after (at, id).
SELECT {columns} FROM views.desk
WHERE {answers} AND office = ANY(%(offices)s::text[]) AND open AND own_promise AND due_at >= %(since)s
    AND NOT %(edition)s::text = ANY(string_to_array(calendar, '+')) AND (due_at, application_id) > (%(at)s, %(id)s)
ORDER BY due_at, application_id LIMIT %(limit)s

-- name: UNPAID
-- Selects one page of the files with a payment request that has expired at `now`. The page begins after (at, id).
SELECT {columns} FROM views.desk
WHERE {answers} AND payment_expires_at < %(now)s AND (payment_expires_at, application_id) > (%(at)s, %(id)s)
ORDER BY payment_expires_at, application_id LIMIT %(limit)s

-- name: LOG_END
-- Selects the position of the newest event, or 0 for an empty log.
SELECT coalesce(max(notification_id), 0) FROM stored_events
