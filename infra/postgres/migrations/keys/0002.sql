-- One row for each known NIK. `person` is the random reference that all dossier keys of the person have. `lookup` is a
-- keyed MAC of the NIK. `wrapped` is the NIK, wrapped with a bucket key. A row can be erased, because no event depends
-- on it.

CREATE TABLE persons (
    person uuid PRIMARY KEY,
    lookup bytea NOT NULL UNIQUE,
    bucket smallint NOT NULL,
    wrapped bytea NOT NULL
);
GRANT SELECT, INSERT, DELETE ON persons TO jejak_keys;
GRANT UPDATE (lookup) ON persons TO jejak_keys; -- to lock a row while the person's dossier keys are made
