-- Returns a page of an agency's feed, in the order of the feed. A page has at most `_limit` messages. It ends with the
-- message that reaches `_bytes` bytes. If `_kind` is NULL, the page contains messages of every kind.

CREATE FUNCTION feeds.page(_agency text, _kind text, _after bigint, _limit integer, _bytes bigint)
RETURNS TABLE (
    agency text, "position" bigint, kind text, stream text, version bigint, previous bigint, topic text, at timestamptz,
    recorded_at timestamptz, body bytea, status bytea
) LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
-- The planner's statistics may be from a time when the table was small. A plan from these statistics would sort all
-- remaining messages for every page.
SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off
AS $$
SELECT agency, position, kind, stream::text, version, previous, topic, at, recorded_at, body, status
FROM (
    SELECT *, sum(octet_length(body)) OVER (ORDER BY position) - octet_length(body) AS bytes_before
    FROM (
        SELECT * FROM feeds.messages
        WHERE agency = _agency AND (_kind IS NULL OR kind = _kind) AND position > _after ORDER BY position LIMIT _limit
    ) AS following
) AS summed
WHERE bytes_before < _bytes ORDER BY position
$$;
REVOKE ALL ON FUNCTION feeds.page FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feeds.page TO jejak_serving, jejak_auditor;
