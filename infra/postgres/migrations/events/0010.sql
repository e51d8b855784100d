-- What the relays say of themselves, for who watches: how far a feed is published stands in Kafka, and is read from there.

CREATE TABLE feeds.relays (
    agency text PRIMARY KEY,
    position bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    fault text NOT NULL DEFAULT '',
    since timestamptz
);
GRANT SELECT, INSERT, UPDATE, DELETE ON feeds.relays TO jejak_serving;
GRANT SELECT ON feeds.relays TO jejak_auditor;
