"""COPY baseline: writes all rows of the log into a new table, by one COPY statement of PostgreSQL.

This is the baseline for benches that read or write the whole log.
"""

import time

import psycopg

COLUMNS = "originator_id, originator_version, topic, state, notification_id, recorded_at"


def copied_per_second(conninfo: str) -> float:
    """Copies the rows of the log from memory into a new table. Returns the number of copied rows per second.

    The measured time includes the time for the indexes and for the commit.

    `conninfo` must name the database role that owns the log.
    """
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(f"SELECT {COLUMNS} FROM stored_events ORDER BY notification_id").fetchall()  # noqa: S608 - constant columns
        connection.execute("CREATE TABLE copied (LIKE stored_events INCLUDING INDEXES)")
        connection.commit()
        started = time.perf_counter()
        with connection.cursor().copy(f"COPY copied ({COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.commit()
        seconds = time.perf_counter() - started
        connection.execute("DROP TABLE copied")
    return len(rows) / seconds
