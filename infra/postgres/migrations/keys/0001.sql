-- The key store is a separate database. In production, it has a separate cluster and a separate backup. It contains
-- only wrapped keys.

CREATE TABLE dossier_keys (
    key uuid PRIMARY KEY,
    application_id uuid NOT NULL,
    person uuid NOT NULL,
    role text NOT NULL,
    bucket smallint NOT NULL,
    wrapped bytea NOT NULL,
    UNIQUE (application_id, role)
);
CREATE INDEX ON dossier_keys (person);
CREATE TABLE named_keys (
    name text NOT NULL,
    month date NOT NULL,
    bucket smallint NOT NULL,
    wrapped bytea NOT NULL,
    PRIMARY KEY (name, month)
);

DO $$
BEGIN
    BEGIN
        CREATE ROLE jejak_keys LOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL; -- roles belong to the cluster, so another database may have made this role
    END;
    GRANT jejak_keys TO CURRENT_USER;
END
$$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO jejak_keys;
GRANT SELECT, INSERT, DELETE ON dossier_keys, named_keys TO jejak_keys;
