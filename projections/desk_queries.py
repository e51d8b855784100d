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


def _page_of(each: str, key: str, which: str) -> str:
    """The same over all of `each`: of every one a page, by an index that begins with what names it, then the sooner.

    Those that `each` leaves out are not read, be they a million.
    """
    return f"""
    SELECT page.* FROM {each}, LATERAL ({_page(key, which)}) AS page ORDER BY {key}, application_id LIMIT %(limit)s
    """


SILENT = _page_of(
    "unnest(%(services)s::text[], %(standards)s::integer[]) AS granting (service, standard)",
    "due_at",
    "desk.service = granting.service AND desk.standard = granting.standard"
    " AND due_at < %(now)s AND NOT paused AND own_promise",
)
"""Nobody decided by the promised date, of standards by which silence grants."""

RESTING = """(
    WITH RECURSIVE resting (calendar) AS (
        (SELECT calendar FROM views.desk ORDER BY calendar LIMIT 1)
        UNION ALL
        SELECT (SELECT calendar FROM views.desk WHERE calendar > resting.calendar ORDER BY calendar LIMIT 1)
        FROM resting WHERE resting.calendar IS NOT NULL
    )
    SELECT calendar FROM resting WHERE NOT string_to_array(calendar, '+') <@ %(editions)s::text[]
) AS outdated"""
"""The few calendars that dates rest on, each found from the one before, without those in force."""

OUTDATED = _page_of(RESTING, "due_at", "desk.calendar = outdated.calendar AND due_at IS NOT NULL AND own_promise")
"""A decision is awaited by a date that rests on another edition of a calendar than those in force."""

LOG_END = "SELECT coalesce(max(notification_id), 0) FROM stored_events"

UNPAID = _page("payment_expires_at", "payment_expires_at < %(now)s")
