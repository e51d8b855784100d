-- A view has a version. The table views.definitions holds the version of each live table. The projector makes
-- views.definitions. From this migration on, no migration drops a view, because the projector builds the new version
-- beside the old version.

-- Returns one of four states, which say whether a release can answer from a view. Only this function contains this
-- rule. `newest` is the version that the release makes, `oldest` is the oldest version that the release can read, and
-- `own_form` is the hash of the columns. whole the release made the table, and the table contains the log as it was at
-- the last start stopped the same, but an event that cannot be folded stops the view before that position older the
-- table is whole, but an older release made it; the projector builds the new version beside it behind all other cases;
-- nobody can read the view now
CREATE FUNCTION view_state(wanted text, oldest integer, newest integer, own_form text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
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

-- A condition for queries over a view. The condition is true, or the query fails with the SQLSTATE JV503. `absent` is
-- true if the answer will be that a row does not exist. Only a whole view can give this answer.
CREATE FUNCTION view_answers(wanted text, oldest integer, newest integer, own_form text, absent boolean)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    state text := public.view_state(wanted, oldest, newest, own_form);
BEGIN
    IF state = 'whole' OR (NOT absent AND state <> 'behind') THEN
        RETURN true;
    END IF;
    RAISE EXCEPTION 'the view % is %', wanted, state USING ERRCODE = 'JV503';
END
$$;

-- A similar value for the feeds of agencies: the end of the log at the last start. The feeds can answer after they
-- contain the messages up to this position.
ALTER TABLE feeds.distributed ADD COLUMN whole_from bigint NOT NULL DEFAULT 0;
