-- One row for each NIK that is known: the random reference under which a person's dossier keys stand. `lookup` is a keyed
-- mac of the NIK, `wrapped` the NIK under a bucket key. A row can be erased; nothing in an event depends on it.

CREATE TABLE persons (
    person uuid PRIMARY KEY,
    lookup bytea NOT NULL UNIQUE,
    bucket smallint NOT NULL,
    wrapped bytea NOT NULL
);
GRANT SELECT, INSERT, DELETE ON persons TO jejak_keys;
GRANT UPDATE (lookup) ON persons TO jejak_keys; -- to hold a row while its dossier keys are made
