-- name: BY_NUMBER
-- Selects the row's document for the application with this tracking number.
SELECT body FROM views.progress WHERE number = %(number)s ORDER BY application_id DESC LIMIT 1

-- name: CONCERNING
-- Selects the applications that concern one of the offices. The row's document is decoded once, for each application.
SELECT application_id, facts ->> 'service', facts ->> 'status', facts ->> 'office'
FROM views.progress, LATERAL (SELECT convert_from(body, 'UTF8')::jsonb AS facts OFFSET 0) AS decoded
WHERE application_id = ANY(%(applications)s)
    AND ((facts -> 'offices') || (facts -> 'office')) ?| %(offices)s::text[]
