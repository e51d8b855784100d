-- Commands by topic: how far each partition was answered, and which commands. Both are written in the transaction that
-- appends the answers; who moves an offset says from where, so that a rival's or a zombie's transaction comes to nothing.

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

-- The registry is read on for every command: its index does not hold what the intake answers.
DROP INDEX stored_events_registry;
CREATE INDEX stored_events_registry ON stored_events (notification_id)
WHERE topic NOT LIKE 'application.%' AND topic NOT LIKE 'satisfaction.%' AND topic NOT LIKE 'intake.%';
