-- The commands that arrive through Kafka: the offset up to which each partition was answered, and the ids of the
-- answered commands. Both are written in the transaction that appends the answers. A process that changes an offset
-- also names the old offset. So the transaction of an outdated process changes nothing.

CREATE TABLE feeds.intake_offsets (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);
CREATE TABLE feeds.intake_commands (
    agency text NOT NULL,
    command uuid NOT NULL,
    digest text NOT NULL,
    answered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (agency, command)
);
GRANT SELECT, INSERT, UPDATE ON feeds.intake_offsets TO jejak_serving;
GRANT SELECT, INSERT ON feeds.intake_commands TO jejak_serving;
GRANT SELECT ON feeds.intake_offsets, feeds.intake_commands TO jejak_auditor;

-- Every command reads the new events of the registry. So the index does not contain the answers of the intake.
DROP INDEX stored_events_registry;
CREATE INDEX stored_events_registry ON stored_events (notification_id)
WHERE topic NOT LIKE 'application.%' AND topic NOT LIKE 'satisfaction.%' AND topic NOT LIKE 'intake.%';
