-- The states of the background services of all processes. /readyz and the metrics show these states. The table is not
-- logged, because each process writes its states again every few seconds.
CREATE UNLOGGED TABLE services (
    name text PRIMARY KEY,
    last_success timestamptz,
    last_fault text NOT NULL,
    last_fault_at timestamptz,
    faults_in_a_row integer NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON services TO jejak_serving;
GRANT SELECT ON services TO jejak_auditor;
