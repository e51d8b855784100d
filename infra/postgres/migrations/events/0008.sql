-- The messages to agencies. One process makes them from the log alone, in the order of the log. So after a reader has
-- read up to a position, no new message appears below this position. If the rows are dropped, nothing is lost, because
-- they can be made again with the same bytes.

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
