-- This migration makes the log, the claims, the schema `views` and the roles. It runs once, as the owner of the
-- database. Only the owner may change the schema of the log.

CREATE TABLE stored_events (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    notification_id bigserial,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (originator_id, originator_version)
) WITH (
    autovacuum_vacuum_threshold = 100000000,
    autovacuum_vacuum_scale_factor = 0.5,
    autovacuum_analyze_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.01
);
CREATE UNIQUE INDEX stored_events_notification_id_idx ON stored_events (notification_id);
CREATE INDEX stored_events_registry ON stored_events (notification_id) WHERE topic NOT LIKE 'application.%';

-- A claim is a value that may occur only once in all streams: the id of the command that made an application, or a
-- tracking number.
CREATE TABLE claims (claim bytea PRIMARY KEY, originator_id uuid NOT NULL);
CREATE INDEX ON claims (originator_id);

-- After a restore, or after the promotion of a standby server, the log might assign the same positions again. So each
-- of them begins a new era, and a `Sync-Token` contains the number of its era.
CREATE TABLE eras (
    era integer PRIMARY KEY,
    from_position bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text NOT NULL
);
INSERT INTO eras (era, from_position, reason) VALUES (1, 0, 'first');

-- The following three tables cannot be made again from the log, so a backup must contain them.
CREATE TABLE pin_failures (
    subject bytea NOT NULL,
    network bytea NOT NULL,
    day date NOT NULL,
    failures integer NOT NULL,
    PRIMARY KEY (subject, day, network)
);
CREATE INDEX ON pin_failures (day);
CREATE TABLE accesses (
    id bigserial PRIMARY KEY,
    application_id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    office text NOT NULL,
    role text NOT NULL,
    actor uuid,
    purpose text NOT NULL
);
CREATE INDEX ON accesses (application_id, id);
CREATE TABLE erasures (
    id bigserial PRIMARY KEY,
    application_id uuid,
    person uuid,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((application_id IS NULL) <> (person IS NULL))
);

-- One call appends the events of many saves. A save is a group of events that are stored together or not at all. The
-- function takes a lock and keeps it until the commit, so that positions become visible in commit order. Each save is
-- checked separately, and a refused save does not affect the other saves. A save is 'stale' if a version already exists
-- or if the version before it is missing. A save is 'claimed' if one of its claims already exists. `saves` and
-- `claim_saves` hold, in ascending order, the number of the save to which each event or claim belongs.
CREATE FUNCTION append_events(
    saves integer[], ids uuid[], versions bigint[], topics text[], states bytea[],
    claim_saves integer[], claim_keys bytea[], claim_ids uuid[]
) RETURNS TABLE (save integer, outcome text, positions bigint[])
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    total integer := coalesce(array_length(saves, 1), 0);
    first integer := 1;
    final integer;
    place bigint;
    stamp timestamptz;
    any_stored boolean := false;
    total_claims integer := coalesce(array_length(claim_saves, 1), 0);
    first_claim integer := 1;
    after_claims integer := 1;
BEGIN
    -- With another isolation level, the snapshot could be older than the lock, and the checks below would not see the
    -- newest events.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append_events needs READ COMMITTED';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('public.stored_events', 0));
    SELECT recorded_at INTO stamp FROM stored_events ORDER BY notification_id DESC LIMIT 1;
    stamp := greatest(clock_timestamp(), stamp);
    WHILE first <= total LOOP
        final := first;
        WHILE final < total AND saves[final + 1] = saves[first] LOOP
            final := final + 1;
        END LOOP;
        save := saves[first];
        outcome := 'stored';
        positions := '{}';
        FOR i IN first..final LOOP
            IF versions[i] <> coalesce((
                    SELECT e.originator_version FROM stored_events e WHERE e.originator_id = ids[i]
                    ORDER BY e.originator_version DESC LIMIT 1), 0)
                + 1 + (SELECT count(*) FROM generate_series(first, i - 1) AS k WHERE ids[k] = ids[i]) THEN
                outcome := 'stale';
            END IF;
        END LOOP;
        WHILE after_claims <= total_claims AND claim_saves[after_claims] = save LOOP
            IF outcome = 'stored' AND EXISTS (SELECT FROM claims k WHERE k.claim = claim_keys[after_claims]) THEN
                outcome := 'claimed';
            END IF;
            after_claims := after_claims + 1;
        END LOOP;
        IF outcome = 'stored' THEN
            FOR i IN first..final LOOP
                INSERT INTO stored_events (originator_id, originator_version, topic, state, recorded_at)
                VALUES (ids[i], versions[i], topics[i], states[i], stamp)
                RETURNING notification_id INTO place;
                positions := positions || place;
            END LOOP;
            FOR c IN first_claim..after_claims - 1 LOOP
                INSERT INTO claims (claim, originator_id) VALUES (claim_keys[c], claim_ids[c]);
            END LOOP;
            any_stored := true;
        END IF;
        RETURN NEXT;
        first := final + 1;
        first_claim := after_claims;
    END LOOP;
    IF any_stored THEN
        PERFORM pg_notify('stored_events', '');
    END IF;
END
$$;
REVOKE ALL ON FUNCTION append_events FROM PUBLIC;

-- This view shows the states as JSON, for auditors. Only the bytes in `stored_events` are authoritative.
CREATE VIEW events AS
SELECT notification_id AS position, originator_id, originator_version, topic,
       convert_from(state, 'UTF8')::jsonb AS state, recorded_at
FROM stored_events;

DO $$
DECLARE role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['jejak_serving', 'jejak_auditor'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN', role);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- roles belong to the cluster, so another database may have made this role
        END;
        EXECUTE format('GRANT %I TO CURRENT_USER', role);
    END LOOP;
END
$$;

CREATE SCHEMA views AUTHORIZATION jejak_serving;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO jejak_serving, jejak_auditor;
GRANT USAGE ON SCHEMA views TO jejak_auditor;
GRANT EXECUTE ON FUNCTION append_events TO jejak_serving;
GRANT SELECT ON stored_events, claims, eras, erasures, events TO jejak_serving, jejak_auditor;
GRANT SELECT, INSERT, UPDATE, DELETE ON pin_failures TO jejak_serving;
GRANT SELECT, INSERT ON accesses TO jejak_serving;
GRANT USAGE ON SEQUENCE accesses_id_seq TO jejak_serving;
GRANT SELECT ON accesses TO jejak_auditor;
ALTER DEFAULT PRIVILEGES FOR ROLE jejak_serving IN SCHEMA views GRANT SELECT ON TABLES TO jejak_auditor;
ALTER ROLE jejak_auditor SET default_transaction_read_only = on;
