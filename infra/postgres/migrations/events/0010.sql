-- The states of the relays, only for monitoring. The position up to which a feed is published is stored in Kafka, and a
-- relay reads it only from Kafka.

CREATE TABLE feeds.relays (
    agency text PRIMARY KEY,
    position bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    fault text NOT NULL DEFAULT '',
    since timestamptz
);
GRANT SELECT, INSERT, UPDATE, DELETE ON feeds.relays TO jejak_serving;
GRANT SELECT ON feeds.relays TO jejak_auditor;
