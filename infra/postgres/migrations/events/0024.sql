-- A stored message no longer repeats data of its event in the log: the stream, the version, the topic and the time of
-- recording. Readers join the message and the event by the position. `packed` holds the rest of the message in
-- compressed form. `size` is the length of the message's body before compression, which limits the number of bytes on a
-- page. The outbox makes all messages again from the log, with the same bytes as before.
DROP FUNCTION feeds.page;
DROP TABLE feeds.messages;
CREATE TABLE feeds.messages (
    position bigint NOT NULL,
    at timestamptz NOT NULL,
    previous integer NOT NULL,
    size integer NOT NULL,
    agency text NOT NULL,
    kind text NOT NULL,
    packed bytea NOT NULL,
    PRIMARY KEY (agency, position)
) WITH (autovacuum_vacuum_insert_threshold = -1);
ALTER TABLE feeds.concerns SET (fillfactor = 90);
TRUNCATE feeds.concerns;
UPDATE feeds.distributed SET position = 0, edition = '';

-- Returns a page of a feed. The settings below make the plan independent of the planner's statistics. The plan always
-- reads the messages in the order of the index, and finds the event of each message by the position.
CREATE FUNCTION feeds.page(_agency text, _kind text, _after bigint, _limit integer, _bytes bigint)
RETURNS TABLE (
    agency text, "position" bigint, kind text, stream text, version bigint, previous integer, topic text,
    at timestamptz, recorded_at timestamptz, packed bytea
)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET enable_sort = off
SET enable_bitmapscan = off
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
SELECT m.agency, m.position, m.kind, e.originator_id::text, e.originator_version, m.previous, e.topic, m.at,
    e.recorded_at, m.packed
FROM (
    SELECT *, sum(size) OVER (ORDER BY position) - size AS bytes_before
    FROM (
        SELECT * FROM feeds.messages
        WHERE agency = _agency AND (_kind IS NULL OR kind = _kind) AND position > _after ORDER BY position LIMIT _limit
    ) AS following
) AS m JOIN public.stored_events AS e ON e.notification_id = m.position
WHERE m.bytes_before < _bytes ORDER BY m.position
$$;
REVOKE ALL ON FUNCTION feeds.page FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feeds.page TO jejak_serving, jejak_auditor;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON feeds.messages TO jejak_serving;
GRANT SELECT ON feeds.messages TO jejak_auditor;
