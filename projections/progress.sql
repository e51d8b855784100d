-- name: BY_NUMBER
-- The document of the application with this tracking number.
SELECT body FROM views.progress WHERE number = %(number)s ORDER BY application_id DESC LIMIT 1
