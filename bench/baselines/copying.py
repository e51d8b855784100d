"""COPY baseline: writes the rows of the log by one COPY into a table of the same shape.

This is the baseline for benches that read or write the whole log.
"""

import time

import psycopg

COLUMNS = "originator_id, originator_version, topic, state, notification_id, recorded_at"


def copied_per_second(conninfo: str) -> float:
    """Copies rows from memory into PostgreSQL. Returns rows per second.

    The measured time includes the building of the indexes and the commit.

    `conninfo` connects as the database role that owns the log.
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
