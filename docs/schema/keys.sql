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
GRANT UPDATE(wrapped) ON TABLE public.dossier_keys TO jejak_keys;

CREATE TABLE public.erased (
    application_id uuid NOT NULL,
    role text NOT NULL
);
ALTER TABLE ONLY public.erased ADD CONSTRAINT erased_pkey PRIMARY KEY (application_id, role);
GRANT SELECT,INSERT ON TABLE public.erased TO jejak_keys;

CREATE TABLE public.key_folder (
    one boolean DEFAULT true NOT NULL,
    generation bigint NOT NULL,
    erasures bigint NOT NULL,
    CONSTRAINT key_folder_one_check CHECK (one)
);
ALTER TABLE ONLY public.key_folder ADD CONSTRAINT key_folder_pkey PRIMARY KEY (one);
GRANT SELECT,UPDATE ON TABLE public.key_folder TO jejak_keys;

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
GRANT UPDATE(wrapped) ON TABLE public.named_keys TO jejak_keys;

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
GRANT UPDATE(wrapped) ON TABLE public.persons TO jejak_keys;

CREATE FUNCTION public.hold_generation() RETURNS bigint
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('jejak keys', 0));
    RETURN (SELECT generation FROM key_folder);
END
$$;
