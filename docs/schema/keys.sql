-- The schema of the database `jejak_keys` (the key store), after the last migration.
-- Written by `python -m docs.schema` from a migrated database; do not edit. The steps that lead here, with their
-- reasons, are in `infra/postgres/migrations/keys/`.
--
-- Roles of the cluster:
--   jejak_keys LOGIN

REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO jejak_keys;

CREATE TABLE public.dossier_keys (
    key uuid NOT NULL,
    application_id uuid NOT NULL,
    person uuid NOT NULL,
    role text NOT NULL,
    bucket smallint NOT NULL,
    wrapped bytea NOT NULL
);
ALTER TABLE ONLY public.dossier_keys ADD CONSTRAINT dossier_keys_application_id_role_key UNIQUE (application_id, role);
ALTER TABLE ONLY public.dossier_keys ADD CONSTRAINT dossier_keys_pkey PRIMARY KEY (key);
CREATE INDEX dossier_keys_person_idx ON public.dossier_keys USING btree (person);
GRANT SELECT,INSERT,DELETE ON TABLE public.dossier_keys TO jejak_keys;

CREATE TABLE public.migrations (
    step integer NOT NULL,
    name text NOT NULL
);
ALTER TABLE ONLY public.migrations ADD CONSTRAINT migrations_pkey PRIMARY KEY (step);
GRANT SELECT ON TABLE public.migrations TO PUBLIC;

CREATE TABLE public.named_keys (
    name text NOT NULL,
    month date NOT NULL,
    bucket smallint NOT NULL,
    wrapped bytea NOT NULL
);
ALTER TABLE ONLY public.named_keys ADD CONSTRAINT named_keys_pkey PRIMARY KEY (name, month);
GRANT SELECT,INSERT,DELETE ON TABLE public.named_keys TO jejak_keys;

CREATE TABLE public.persons (
    person uuid NOT NULL,
    lookup bytea NOT NULL,
    bucket smallint NOT NULL,
    wrapped bytea NOT NULL
);
ALTER TABLE ONLY public.persons ADD CONSTRAINT persons_lookup_key UNIQUE (lookup);
ALTER TABLE ONLY public.persons ADD CONSTRAINT persons_pkey PRIMARY KEY (person);
GRANT SELECT,INSERT,DELETE ON TABLE public.persons TO jejak_keys;
GRANT UPDATE(lookup) ON TABLE public.persons TO jejak_keys;
