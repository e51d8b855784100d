-- The number of wrong PINs now decreases slowly. Before, it became 0 at the end of the day. `network` is empty in the
-- row that counts all networks together. `count` is the number of wrong PINs at the time `at`. At the time `gone_at`
-- the number is 0, and the row is deleted.
DROP TABLE pin_failures;
CREATE TABLE pin_failures (
    subject bytea NOT NULL,
    network bytea NOT NULL,
    count double precision NOT NULL,
    at timestamptz NOT NULL,
    gone_at timestamptz NOT NULL,
    PRIMARY KEY (subject, network)
);
CREATE INDEX ON pin_failures (gone_at);

-- The networks from which a correct PIN was entered for a tracking number. They are stored as keyed hashes, which are
-- different for each tracking number.
CREATE TABLE pin_networks (
    subject bytea NOT NULL,
    network bytea NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (subject, network)
);
CREATE INDEX ON pin_networks (at);
GRANT SELECT, INSERT, UPDATE, DELETE ON pin_failures, pin_networks TO jejak_serving;

-- The applications that the seed of a demo wrote. `jejak serve` may show the PINs of these applications.
CREATE TABLE demo_samples (application_id uuid PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp());
GRANT SELECT, INSERT ON demo_samples TO jejak_serving;
GRANT SELECT ON demo_samples TO jejak_auditor;

-- The table now contains every reading by staff, and every search for a person, even if the search found nothing. The
-- row of a search has no `application_id`. Each application in the result of a search has a separate row. `times`
-- counts equal readings that share one row. `desk` is the office whose desk was read. `person` is the random reference
-- of the person who was searched for.
ALTER TABLE accesses
    ALTER COLUMN application_id DROP NOT NULL,
    ADD COLUMN operation text NOT NULL DEFAULT 'open-dossier',
    ADD COLUMN agency text NOT NULL DEFAULT '',
    ADD COLUMN desk text,
    ADD COLUMN person uuid,
    ADD COLUMN times integer NOT NULL DEFAULT 1;
UPDATE accesses SET operation = 'find-by-person' WHERE purpose = 'find-by-person';
DROP INDEX accesses_application_id_id_idx;
CREATE INDEX accesses_of_application ON accesses (application_id, id) WHERE operation IN ('open-dossier', 'find-by-person');
CREATE INDEX accesses_searches ON accesses (office, at) WHERE operation = 'find-by-person' AND application_id IS NULL;
CREATE INDEX accesses_by_time ON accesses USING brin (at);

-- With this function, the serving role can delete old readings, and nothing else. Accesses to sealed parts are never
-- deleted.
CREATE FUNCTION forget_readings(days integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    forgotten bigint;
BEGIN
    IF days < 30 THEN
        RAISE EXCEPTION 'readings are kept for at least 30 days';
    END IF;
    DELETE FROM accesses
    WHERE at < clock_timestamp() - make_interval(days => days)
        AND (application_id IS NULL OR operation NOT IN ('open-dossier', 'find-by-person'));
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END
$$;
REVOKE ALL ON FUNCTION forget_readings FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_readings TO jejak_serving;
