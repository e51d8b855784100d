-- name: BY_NUMBER
-- Selects the row's document for the application with this tracking number.
SELECT body FROM views.progress WHERE number = %(number)s ORDER BY application_id DESC LIMIT 1
