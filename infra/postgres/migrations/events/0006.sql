-- The new append_events handles all saves of a call together, so many saves take little more time than one save. It
-- makes the same checks as before, and it also returns `recorded_at`. If several saves of a call have the same stream
-- or the same claim, only the first of them can be stored. The others are refused, even if the first one is refused
-- too. After a refusal, the caller reads the stream again.

DROP FUNCTION append_events;
CREATE FUNCTION append_events(
    saves integer[], ids uuid[], versions bigint[], topics text[], states bytea[],
    claim_saves integer[], claim_keys bytea[], claim_ids uuid[]
) RETURNS TABLE (save integer, outcome text, first_position bigint, recorded_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
-- At the time of the first calls, the table is empty. A plan that PostgreSQL cached at that time would scan the whole
-- table in all later calls.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    stamp timestamptz;
    stale integer[];
    claimed integer[] := '{}';
    refused integer[];
    has_claims boolean := cardinality(claim_saves) > 0;
BEGIN
    -- With another isolation level, the snapshot could be older than the lock, and the checks below would not see the
    -- newest events.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append_events needs READ COMMITTED';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('public.stored_events', 0));
    SELECT e.recorded_at INTO stamp FROM stored_events e ORDER BY e.notification_id DESC LIMIT 1;
    stamp := greatest(clock_timestamp(), stamp);

    stale := ARRAY(
        SELECT DISTINCT e.save
        FROM (
            SELECT u.save, u.id, u.version,
                   row_number() OVER (PARTITION BY u.save, u.id ORDER BY u.place) AS rank,
                   min(u.save) OVER (PARTITION BY u.id) AS first_of_stream
            FROM unnest(saves, ids, versions) WITH ORDINALITY AS u (save, id, version, place)
        ) AS e
        LEFT JOIN LATERAL (
            SELECT s.originator_version AS version FROM stored_events s WHERE s.originator_id = e.id
            ORDER BY s.originator_version DESC LIMIT 1
        ) AS last ON true
        WHERE e.save <> e.first_of_stream OR e.version <> coalesce(last.version, 0) + e.rank
    );
    IF has_claims THEN
        claimed := ARRAY(
            SELECT DISTINCT c.save
            FROM (
                SELECT u.save, u.claim, min(u.save) OVER (PARTITION BY u.claim) AS first_of_claim
                FROM unnest(claim_saves, claim_keys) AS u (save, claim)
            ) AS c
            LEFT JOIN LATERAL (SELECT true AS taken FROM claims k WHERE k.claim = c.claim LIMIT 1) AS known ON true
            WHERE c.save <> c.first_of_claim OR known.taken
        );
    END IF;
    refused := stale || claimed;

    RETURN QUERY
    WITH placed AS MATERIALIZED (
        -- Positions are assigned in the order of the call. While the lock is held, nobody else can get a position, so
        -- the positions of a save are consecutive.
        SELECT o.*, nextval('stored_events_notification_id_seq') AS position
        FROM (
            SELECT u.*
            FROM unnest(saves, ids, versions, topics, states)
                WITH ORDINALITY AS u (save, id, version, topic, state, place)
            WHERE u.save <> ALL (refused) ORDER BY u.place
        ) AS o
    ), appended AS (
        INSERT INTO stored_events (originator_id, originator_version, topic, state, notification_id, recorded_at)
        SELECT p.id, p.version, p.topic, p.state, p.position, stamp FROM placed p
    )
    SELECT p.save, 'stored', min(p.position), stamp FROM placed p GROUP BY p.save;

    IF found THEN
        PERFORM pg_notify('stored_events', '');
        IF has_claims THEN
            INSERT INTO claims (claim, originator_id)
            SELECT u.claim, u.owner FROM unnest(claim_saves, claim_keys, claim_ids) AS u (save, claim, owner)
            WHERE u.save <> ALL (refused);
        END IF;
    END IF;
    IF cardinality(refused) > 0 THEN
        RETURN QUERY
        SELECT DISTINCT r.save, CASE WHEN r.save = ANY (stale) THEN 'stale' ELSE 'claimed' END, 0::bigint, stamp
        FROM unnest(refused) AS r (save);
    END IF;
END
$$;
REVOKE ALL ON FUNCTION append_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_events TO jejak_serving;
