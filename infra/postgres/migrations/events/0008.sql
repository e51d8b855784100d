-- What each agency is told: made from the log alone by one distributor, in the log's order, so that who has read up to
-- a position finds nothing new below it. Dropping the rows loses nothing: they are made anew, the same bytes.

CREATE SCHEMA feeds;
CREATE TABLE feeds.messages (
    agency text NOT NULL,
    position bigint NOT NULL,
    kind text NOT NULL,
    stream uuid NOT NULL,
    version bigint NOT NULL,
    previous bigint NOT NULL,
    topic text NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    body bytea NOT NULL,
    status bytea,
    PRIMARY KEY (agency, position),
    UNIQUE (agency, stream, version)
);
CREATE TABLE feeds.concerns (application_id uuid PRIMARY KEY, state bytea NOT NULL) WITH (fillfactor = 70);
CREATE TABLE feeds.distributed (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), position bigint NOT NULL, edition text NOT NULL
);
INSERT INTO feeds.distributed (position, edition) VALUES (0, '');

GRANT USAGE ON SCHEMA feeds TO jejak_serving, jejak_auditor;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA feeds TO jejak_serving;
GRANT SELECT ON ALL TABLES IN SCHEMA feeds TO jejak_auditor;
