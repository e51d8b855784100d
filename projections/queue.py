"""What is asked of the desk: an office's queue, and what time alone brings about. The SQL beside `projections.desk`."""

from projections.desk import PLACE, VIEW

QUEUE = f"""
SELECT {VIEW.names} FROM views.desk
WHERE office = %(office)s AND open AND ({PLACE}, application_id) > (%(place)s::timestamptz, %(after)s::uuid)
    AND (%(status)s::text IS NULL OR status = %(status)s) AND (%(officer)s::uuid IS NULL OR officer = %(officer)s)
ORDER BY {PLACE}, application_id LIMIT %(limit)s
"""
"""One page of an office's open files after (`place`, `after`), the sooner due first. `place`: due_at, or infinity."""


def _page(key: str, which: str) -> str:
    """The rows that `which` selects, after (`at`, `id`), by when."""
    return f"""
    SELECT {VIEW.names} FROM views.desk WHERE {which} AND ({key}, application_id) > (%(at)s, %(id)s)
    ORDER BY {key}, application_id LIMIT %(limit)s
    """


SILENT = _page(
    "due_at",
    "due_at < %(now)s AND NOT paused AND own_promise AND (service, standard) IN"
    " (SELECT * FROM unnest(%(services)s::text[], %(standards)s::integer[]))",
)
"""Nobody decided by the promised date, of standards by which silence grants."""

OUTDATED = _page(
    "due_at", "due_at IS NOT NULL AND own_promise AND NOT string_to_array(calendar, '+') <@ %(editions)s::text[]"
)
"""A decision is awaited by a date that rests on another edition of a calendar than those in force."""

LOG_END = "SELECT coalesce(max(notification_id), 0) FROM stored_events"

UNPAID = _page("payment_expires_at", "payment_expires_at < %(now)s")
