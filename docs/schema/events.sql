-- The schema of the database `jejak` (the log and the views), after the last migration.
-- Written by `python -m docs.schema` from a migrated database; do not edit. The steps that lead here, with their
-- reasons, are in `infra/postgres/migrations/events/`.
--
-- Roles of the cluster:
--   jejak_auditor LOGIN, default_transaction_read_only=on
--   jejak_serving LOGIN
--
-- The tables of the schema `views` are made by the projector (`jejak project`) and not by a migration. They are
-- derived from the log: `jejak rebuild` makes them again. A rebuild also makes `views.rebuilding`, its own checkpoint.
--
-- Two tables begin with a row, which a migration inserts: `eras` (era 1, from position 0) and `feeds.distributed`
-- (position 0).

CREATE SCHEMA feeds;
GRANT USAGE ON SCHEMA feeds TO jejak_serving;
GRANT USAGE ON SCHEMA feeds TO jejak_auditor;

REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO jejak_serving;
GRANT USAGE ON SCHEMA public TO jejak_auditor;

CREATE SCHEMA views;
ALTER SCHEMA views OWNER TO jejak_serving;
GRANT USAGE ON SCHEMA views TO jejak_auditor;

CREATE TABLE feeds.concerns (
    application_id uuid NOT NULL,
    state bytea NOT NULL
)
WITH (fillfactor='90');
ALTER TABLE ONLY feeds.concerns ADD CONSTRAINT concerns_pkey PRIMARY KEY (application_id);
GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE feeds.concerns TO jejak_serving;
GRANT SELECT ON TABLE feeds.concerns TO jejak_auditor;

CREATE TABLE feeds.distributed (
    one boolean DEFAULT true NOT NULL,
    "position" bigint NOT NULL,
    edition text NOT NULL,
    whole_from bigint DEFAULT 0 NOT NULL,
    CONSTRAINT distributed_one_check CHECK (one)
);
ALTER TABLE ONLY feeds.distributed ADD CONSTRAINT distributed_pkey PRIMARY KEY (one);
GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE feeds.distributed TO jejak_serving;
GRANT SELECT ON TABLE feeds.distributed TO jejak_auditor;

CREATE TABLE feeds.intake_commands (
    agency text NOT NULL,
    command uuid NOT NULL,
    digest text NOT NULL,
    answered_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
ALTER TABLE ONLY feeds.intake_commands ADD CONSTRAINT intake_commands_pkey PRIMARY KEY (agency, command);
GRANT SELECT,INSERT ON TABLE feeds.intake_commands TO jejak_serving;
GRANT SELECT ON TABLE feeds.intake_commands TO jejak_auditor;

CREATE TABLE feeds.intake_offsets (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL
)
WITH (fillfactor='50');
ALTER TABLE ONLY feeds.intake_offsets ADD CONSTRAINT intake_offsets_pkey PRIMARY KEY (topic, partition);
GRANT SELECT,INSERT,UPDATE ON TABLE feeds.intake_offsets TO jejak_serving;
GRANT SELECT ON TABLE feeds.intake_offsets TO jejak_auditor;

CREATE TABLE feeds.messages (
    "position" bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    previous integer NOT NULL,
    size integer NOT NULL,
    agency text NOT NULL,
    kind text NOT NULL,
    packed bytea NOT NULL
)
WITH (autovacuum_vacuum_insert_threshold='-1');
ALTER TABLE ONLY feeds.messages ADD CONSTRAINT messages_pkey PRIMARY KEY (agency, "position");
GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE feeds.messages TO jejak_serving;
GRANT SELECT ON TABLE feeds.messages TO jejak_auditor;

CREATE TABLE feeds.relays (
    agency text NOT NULL,
    "position" bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    fault text DEFAULT ''::text NOT NULL,
    since timestamp with time zone
);
ALTER TABLE ONLY feeds.relays ADD CONSTRAINT relays_pkey PRIMARY KEY (agency);
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE feeds.relays TO jejak_serving;
GRANT SELECT ON TABLE feeds.relays TO jejak_auditor;

CREATE SEQUENCE public.accesses_id_seq;
CREATE TABLE public.accesses (
    id bigint NOT NULL,
    application_id uuid,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    office text NOT NULL,
    role text NOT NULL,
    actor uuid,
    purpose text NOT NULL,
    operation text DEFAULT 'open-dossier'::text NOT NULL,
    agency text DEFAULT ''::text NOT NULL,
    desk text,
    person uuid,
    times integer DEFAULT 1 NOT NULL
);
ALTER SEQUENCE public.accesses_id_seq OWNED BY public.accesses.id;
ALTER TABLE ONLY public.accesses ALTER COLUMN id SET DEFAULT nextval('public.accesses_id_seq'::regclass);
ALTER TABLE ONLY public.accesses ADD CONSTRAINT accesses_pkey PRIMARY KEY (id);
CREATE INDEX accesses_by_time ON public.accesses USING brin (at);
CREATE INDEX accesses_of_application ON public.accesses USING btree (application_id, id) WHERE (operation = ANY (ARRAY['open-dossier'::text, 'find-by-person'::text]));
CREATE INDEX accesses_searches ON public.accesses USING btree (office, at) WHERE ((operation = 'find-by-person'::text) AND (application_id IS NULL));
GRANT SELECT,INSERT ON TABLE public.accesses TO jejak_serving;
GRANT SELECT ON TABLE public.accesses TO jejak_auditor;
GRANT USAGE ON SEQUENCE public.accesses_id_seq TO jejak_serving;

CREATE TABLE public.claims (
    claim bytea NOT NULL,
    originator_id uuid NOT NULL
);
ALTER TABLE ONLY public.claims ADD CONSTRAINT claims_pkey PRIMARY KEY (claim);
CREATE INDEX claims_originator_id_idx ON public.claims USING btree (originator_id);
GRANT SELECT ON TABLE public.claims TO jejak_serving;
GRANT SELECT ON TABLE public.claims TO jejak_auditor;

CREATE TABLE public.demo_samples (
    application_id uuid NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
ALTER TABLE ONLY public.demo_samples ADD CONSTRAINT demo_samples_pkey PRIMARY KEY (application_id);
GRANT SELECT,INSERT ON TABLE public.demo_samples TO jejak_serving;
GRANT SELECT ON TABLE public.demo_samples TO jejak_auditor;

CREATE TABLE public.eras (
    era integer NOT NULL,
    from_position bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    reason text NOT NULL
);
ALTER TABLE ONLY public.eras ADD CONSTRAINT eras_pkey PRIMARY KEY (era);
GRANT SELECT ON TABLE public.eras TO jejak_serving;
GRANT SELECT ON TABLE public.eras TO jejak_auditor;

CREATE SEQUENCE public.erasures_id_seq;
CREATE TABLE public.erasures (
    id bigint NOT NULL,
    application_id uuid,
    person uuid,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    line bigint,
    CONSTRAINT erasures_check CHECK (((application_id IS NULL) <> (person IS NULL)))
);
ALTER SEQUENCE public.erasures_id_seq OWNED BY public.erasures.id;
ALTER TABLE ONLY public.erasures ALTER COLUMN id SET DEFAULT nextval('public.erasures_id_seq'::regclass);
ALTER TABLE ONLY public.erasures ADD CONSTRAINT erasures_line_key UNIQUE (line);
ALTER TABLE ONLY public.erasures ADD CONSTRAINT erasures_pkey PRIMARY KEY (id);
GRANT SELECT ON TABLE public.erasures TO jejak_serving;
GRANT SELECT ON TABLE public.erasures TO jejak_auditor;

CREATE TABLE public.migrations (
    step integer NOT NULL,
    name text NOT NULL
);
ALTER TABLE ONLY public.migrations ADD CONSTRAINT migrations_pkey PRIMARY KEY (step);
GRANT SELECT ON TABLE public.migrations TO PUBLIC;

CREATE TABLE public.pin_failures (
    subject bytea NOT NULL,
    network bytea NOT NULL,
    count double precision NOT NULL,
    at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone NOT NULL
);
ALTER TABLE ONLY public.pin_failures ADD CONSTRAINT pin_failures_pkey PRIMARY KEY (subject, network);
CREATE INDEX pin_failures_gone_at_idx ON public.pin_failures USING btree (gone_at);
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pin_failures TO jejak_serving;

CREATE TABLE public.pin_networks (
    subject bytea NOT NULL,
    network bytea NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
ALTER TABLE ONLY public.pin_networks ADD CONSTRAINT pin_networks_pkey PRIMARY KEY (subject, network);
CREATE INDEX pin_networks_at_idx ON public.pin_networks USING btree (at);
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pin_networks TO jejak_serving;

CREATE TABLE public.public_figures (
    only_one boolean DEFAULT true NOT NULL,
    cut_at timestamp with time zone NOT NULL,
    "position" bigint NOT NULL,
    figures bytea NOT NULL,
    CONSTRAINT public_figures_only_one_check CHECK (only_one)
);
ALTER TABLE ONLY public.public_figures ADD CONSTRAINT public_figures_pkey PRIMARY KEY (only_one);
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.public_figures TO jejak_serving;
GRANT SELECT ON TABLE public.public_figures TO jejak_auditor;

CREATE UNLOGGED TABLE public.services (
    name text NOT NULL,
    last_success timestamp with time zone,
    last_fault text NOT NULL,
    last_fault_at timestamp with time zone,
    faults_in_a_row integer NOT NULL
);
ALTER TABLE ONLY public.services ADD CONSTRAINT services_pkey PRIMARY KEY (name);
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.services TO jejak_serving;
GRANT SELECT ON TABLE public.services TO jejak_auditor;

CREATE SEQUENCE public.stored_events_notification_id_seq;
CREATE TABLE public.stored_events (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    notification_id bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL
)
WITH (autovacuum_vacuum_threshold='100000000', autovacuum_vacuum_scale_factor='0.5', autovacuum_analyze_threshold='1000', autovacuum_analyze_scale_factor='0.01', autovacuum_vacuum_insert_threshold='-1');
ALTER SEQUENCE public.stored_events_notification_id_seq OWNED BY public.stored_events.notification_id;
ALTER TABLE ONLY public.stored_events ALTER COLUMN notification_id SET DEFAULT nextval('public.stored_events_notification_id_seq'::regclass);
ALTER TABLE ONLY public.stored_events ADD CONSTRAINT stored_events_pkey PRIMARY KEY (originator_id, originator_version);
CREATE INDEX stored_events_registry ON public.stored_events USING btree (((notification_id + 0))) WHERE ((topic !~~ 'application.%'::text) AND (topic !~~ 'satisfaction.%'::text) AND (topic !~~ 'intake.%'::text));
CREATE UNIQUE INDEX stored_events_notification_id_idx ON public.stored_events USING btree (notification_id);
GRANT SELECT ON TABLE public.stored_events TO jejak_serving;
GRANT SELECT ON TABLE public.stored_events TO jejak_auditor;

CREATE TABLE views.definitions (
    view text NOT NULL,
    version integer NOT NULL,
    form text NOT NULL,
    whole_from bigint NOT NULL,
    started bigint DEFAULT 0 NOT NULL
);
ALTER TABLE views.definitions OWNER TO jejak_serving;
ALTER TABLE ONLY views.definitions ADD CONSTRAINT definitions_pkey PRIMARY KEY (view);
GRANT SELECT ON TABLE views.definitions TO jejak_auditor;

CREATE TABLE views.desk (
    application_id uuid NOT NULL,
    version bigint NOT NULL,
    number text NOT NULL,
    office text NOT NULL,
    open boolean NOT NULL,
    status text,
    underlying text NOT NULL,
    service text NOT NULL,
    standard integer NOT NULL,
    channel text NOT NULL,
    officer uuid,
    submitted_at timestamp with time zone,
    complete_at timestamp with time zone,
    decided_at timestamp with time zone,
    due_at timestamp with time zone,
    own_promise boolean NOT NULL,
    calendar text NOT NULL,
    paused boolean NOT NULL,
    payment_expires_at timestamp with time zone,
    disputed boolean NOT NULL,
    details bytea NOT NULL
)
WITH (fillfactor='90');
ALTER TABLE views.desk OWNER TO jejak_serving;
ALTER TABLE ONLY views.desk ADD CONSTRAINT desk_pkey PRIMARY KEY (application_id);
CREATE INDEX desk_calendar_due_at_application_id_idx ON views.desk USING btree (calendar, due_at, application_id) WHERE (due_at IS NOT NULL);
CREATE INDEX desk_office_coalesce_application_id_idx ON views.desk USING btree (office, COALESCE(due_at, 'infinity'::timestamp with time zone), application_id) WHERE open;
CREATE INDEX desk_payment_expires_at_application_id_idx ON views.desk USING btree (payment_expires_at, application_id) WHERE (payment_expires_at IS NOT NULL);
CREATE INDEX desk_service_standard_due_at_application_id_idx ON views.desk USING btree (service, standard, due_at, application_id) WHERE (due_at IS NOT NULL);
GRANT SELECT ON TABLE views.desk TO jejak_auditor;

CREATE TABLE views.progress (
    application_id uuid NOT NULL,
    number text NOT NULL,
    version bigint NOT NULL,
    body bytea NOT NULL
)
WITH (fillfactor='90');
ALTER TABLE views.progress OWNER TO jejak_serving;
ALTER TABLE ONLY views.progress ADD CONSTRAINT progress_pkey PRIMARY KEY (application_id);
CREATE INDEX progress_number_idx ON views.progress USING btree (number);
GRANT SELECT ON TABLE views.progress TO jejak_auditor;

CREATE TABLE views.satisfaction (
    answer_id uuid NOT NULL,
    version bigint NOT NULL,
    service text NOT NULL,
    standard integer NOT NULL,
    office text NOT NULL,
    channel text NOT NULL,
    outcome text NOT NULL,
    answered_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone,
    requirements smallint NOT NULL,
    procedure smallint NOT NULL,
    "time" smallint NOT NULL,
    fee smallint NOT NULL,
    product smallint NOT NULL,
    competence smallint NOT NULL,
    behaviour smallint NOT NULL,
    complaints smallint NOT NULL,
    facilities smallint NOT NULL
)
WITH (fillfactor='90');
ALTER TABLE views.satisfaction OWNER TO jejak_serving;
ALTER TABLE ONLY views.satisfaction ADD CONSTRAINT satisfaction_pkey PRIMARY KEY (answer_id);
GRANT SELECT ON TABLE views.satisfaction TO jejak_auditor;

CREATE TABLE views.statistics (
    application_id uuid NOT NULL,
    version bigint NOT NULL,
    status text,
    underlying text NOT NULL,
    service text NOT NULL,
    standard integer NOT NULL,
    office text NOT NULL,
    channel text NOT NULL,
    mall text,
    district text,
    regency text,
    imported boolean NOT NULL,
    submitted_at timestamp with time zone,
    received_at timestamp with time zone,
    complete_at timestamp with time zone,
    answered_at timestamp with time zone,
    ended_at timestamp with time zone,
    due_at timestamp with time zone,
    due_by text,
    submitted_office text NOT NULL,
    unlisted_transfers integer NOT NULL,
    answer_known_at timestamp with time zone,
    deemed boolean NOT NULL,
    reported_late boolean NOT NULL,
    returns integer NOT NULL,
    corrections integer NOT NULL,
    referrals integer NOT NULL,
    transfers integer NOT NULL,
    suspensions integer NOT NULL,
    obstacles integer NOT NULL,
    pauses integer NOT NULL,
    restarts integer NOT NULL,
    last_minute_returns integer NOT NULL,
    deviations integer NOT NULL,
    paused_since timestamp with time zone,
    stated_in bytea NOT NULL,
    marks bytea NOT NULL,
    decided_office text,
    office_at_due text,
    handed_over_at timestamp with time zone,
    handed_over_office text,
    returned_at timestamp with time zone,
    returned_office text,
    paused_at timestamp with time zone,
    paused_office text,
    restarted_at timestamp with time zone,
    restarted_office text,
    last_minute_at timestamp with time zone,
    last_minute_office text,
    obstructed_at timestamp with time zone,
    obstructed_office text,
    deviating_at timestamp with time zone,
    deviating_office text,
    own_microseconds bigint,
    settled_at timestamp with time zone,
    trail bytea NOT NULL
)
WITH (fillfactor='90');
ALTER TABLE views.statistics OWNER TO jejak_serving;
ALTER TABLE ONLY views.statistics ADD CONSTRAINT statistics_pkey PRIMARY KEY (application_id);
GRANT SELECT ON TABLE views.statistics TO jejak_auditor;

CREATE TABLE views.stopped (
    name text NOT NULL,
    view text NOT NULL,
    "position" bigint NOT NULL,
    application_id uuid NOT NULL,
    fault text NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE views.stopped OWNER TO jejak_serving;
ALTER TABLE ONLY views.stopped ADD CONSTRAINT stopped_pkey PRIMARY KEY (name);
GRANT SELECT ON TABLE views.stopped TO jejak_auditor;

CREATE TABLE views.tracking (
    application_name text NOT NULL,
    notification_id bigint
);
ALTER TABLE views.tracking OWNER TO jejak_serving;
ALTER TABLE ONLY views.tracking ADD CONSTRAINT tracking_pkey PRIMARY KEY (application_name);
GRANT SELECT ON TABLE views.tracking TO jejak_auditor;

CREATE VIEW public.events AS
 SELECT notification_id AS "position",
    originator_id,
    originator_version,
    topic,
    (convert_from(state, 'UTF8'::name))::jsonb AS state,
    recorded_at
   FROM public.stored_events;
GRANT SELECT ON TABLE public.events TO jejak_serving;
GRANT SELECT ON TABLE public.events TO jejak_auditor;

CREATE FUNCTION feeds.page(_agency text, _kind text, _after bigint, _limit integer, _bytes bigint) RETURNS TABLE(agency text, "position" bigint, kind text, stream text, version bigint, previous integer, topic text, at timestamp with time zone, recorded_at timestamp with time zone, packed bytea)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_sort TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
SELECT m.agency, m.position, m.kind, e.originator_id::text, e.originator_version, m.previous, e.topic, m.at,
    e.recorded_at, m.packed
FROM (
    SELECT *, sum(size) OVER (ORDER BY position) - size AS bytes_before
    FROM (
        SELECT * FROM feeds.messages
        WHERE agency = _agency AND (_kind IS NULL OR kind = _kind) AND position > _after ORDER BY position LIMIT _limit
    ) AS following
) AS m JOIN public.stored_events AS e ON e.notification_id = m.position
WHERE m.bytes_before < _bytes ORDER BY m.position
$$;
REVOKE ALL ON FUNCTION feeds.page(_agency text, _kind text, _after bigint, _limit integer, _bytes bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION feeds.page(_agency text, _kind text, _after bigint, _limit integer, _bytes bigint) TO jejak_serving;
GRANT ALL ON FUNCTION feeds.page(_agency text, _kind text, _after bigint, _limit integer, _bytes bigint) TO jejak_auditor;

CREATE FUNCTION public.append_events(saves integer[], ids uuid[], versions bigint[], topics text[], states bytea[], claim_saves integer[], claim_keys bytea[], claim_ids uuid[]) RETURNS TABLE(save integer, outcome text, first_position bigint, recorded_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    stamp timestamptz;
    stale integer[];
    claimed integer[] := '{}';
    refused integer[];
    has_claims boolean := cardinality(claim_saves) > 0;
BEGIN
    -- With another isolation level, the snapshot could be older than the lock, and the checks below would not see the
    -- newest events.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append_events needs READ COMMITTED';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('public.stored_events', 0));
    SELECT e.recorded_at INTO stamp FROM stored_events e ORDER BY e.notification_id DESC LIMIT 1;
    stamp := greatest(clock_timestamp(), stamp);

    stale := ARRAY(
        SELECT DISTINCT e.save
        FROM (
            SELECT u.save, u.id, u.version,
                   row_number() OVER (PARTITION BY u.save, u.id ORDER BY u.place) AS rank,
                   min(u.save) OVER (PARTITION BY u.id) AS first_of_stream
            FROM unnest(saves, ids, versions) WITH ORDINALITY AS u (save, id, version, place)
        ) AS e
        LEFT JOIN LATERAL (
            SELECT s.originator_version AS version FROM stored_events s WHERE s.originator_id = e.id
            ORDER BY s.originator_version DESC LIMIT 1
        ) AS last ON true
        WHERE e.save <> e.first_of_stream OR e.version <> coalesce(last.version, 0) + e.rank
    );
    IF has_claims THEN
        claimed := ARRAY(
            SELECT DISTINCT c.save
            FROM (
                SELECT u.save, u.claim, min(u.save) OVER (PARTITION BY u.claim) AS first_of_claim
                FROM unnest(claim_saves, claim_keys) AS u (save, claim)
            ) AS c
            LEFT JOIN LATERAL (SELECT true AS taken FROM claims k WHERE k.claim = c.claim LIMIT 1) AS known ON true
            WHERE c.save <> c.first_of_claim OR known.taken
        );
    END IF;
    refused := stale || claimed;

    RETURN QUERY
    WITH placed AS MATERIALIZED (
        -- Positions are assigned in the order of the call. While the lock is held, nobody else can get a position, so
        -- the positions of a save are consecutive.
        SELECT o.*, nextval('stored_events_notification_id_seq') AS position
        FROM (
            SELECT u.*
            FROM unnest(saves, ids, versions, topics, states)
                WITH ORDINALITY AS u (save, id, version, topic, state, place)
            WHERE u.save <> ALL (refused) ORDER BY u.place
        ) AS o
    ), appended AS (
        INSERT INTO stored_events (originator_id, originator_version, topic, state, notification_id, recorded_at)
        SELECT p.id, p.version, p.topic, p.state, p.position, stamp FROM placed p
    )
    SELECT p.save, 'stored', min(p.position), stamp FROM placed p GROUP BY p.save;

    IF found THEN
        PERFORM pg_notify('stored_events', '');
        IF has_claims THEN
            INSERT INTO claims (claim, originator_id)
            SELECT u.claim, u.owner FROM unnest(claim_saves, claim_keys, claim_ids) AS u (save, claim, owner)
            WHERE u.save <> ALL (refused);
        END IF;
    END IF;
    IF cardinality(refused) > 0 THEN
        RETURN QUERY
        SELECT DISTINCT r.save, CASE WHEN r.save = ANY (stale) THEN 'stale' ELSE 'claimed' END, 0::bigint, stamp
        FROM unnest(refused) AS r (save);
    END IF;
END
$$;
REVOKE ALL ON FUNCTION public.append_events(saves integer[], ids uuid[], versions bigint[], topics text[], states bytea[], claim_saves integer[], claim_keys bytea[], claim_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.append_events(saves integer[], ids uuid[], versions bigint[], topics text[], states bytea[], claim_saves integer[], claim_keys bytea[], claim_ids uuid[]) TO jejak_serving;

CREATE FUNCTION public.forget_readings(days integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    forgotten bigint;
BEGIN
    IF days < 30 THEN
        RAISE EXCEPTION 'readings are kept for at least 30 days';
    END IF;
    DELETE FROM accesses
    WHERE at < clock_timestamp() - make_interval(days => days)
        AND (application_id IS NULL OR operation NOT IN ('open-dossier', 'find-by-person'));
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END
$$;
REVOKE ALL ON FUNCTION public.forget_readings(days integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.forget_readings(days integer) TO jejak_serving;

CREATE FUNCTION public.view_answers(wanted text, oldest integer, newest integer, own_form text, absent boolean) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    state text := public.view_state(wanted, oldest, newest, own_form);
BEGIN
    IF state = 'whole' OR (NOT absent AND state <> 'behind') THEN
        RETURN true;
    END IF;
    RAISE EXCEPTION 'the view % is %', wanted, state USING ERRCODE = 'JV503';
END
$$;

CREATE FUNCTION public.view_state(wanted text, oldest integer, newest integer, own_form text) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    known record;
    reached bigint;
BEGIN
    SELECT * INTO known FROM views.definitions AS d WHERE d.view = wanted;
    SELECT min(notification_id) INTO reached FROM views.tracking
    WHERE split_part(application_name, '#', 1) = 'view-' || wanted;
    RETURN CASE
        WHEN known.form IS DISTINCT FROM own_form OR known.version NOT BETWEEN oldest AND newest THEN 'behind'
        WHEN reached IS NULL OR reached < known.whole_from THEN 'behind'
        WHEN known.version < newest THEN 'older'
        WHEN reached >= known.started THEN 'whole'
        WHEN EXISTS (SELECT FROM views.stopped AS s WHERE s.view = wanted) THEN 'stopped'
        ELSE 'behind'
    END;
END
$$;

ALTER DEFAULT PRIVILEGES FOR ROLE jejak_serving IN SCHEMA views GRANT SELECT ON TABLES TO jejak_auditor;
