-- The registry is read on for every command. By position alone the index of all events would do as well, and does in a
-- plan that was made while the log was empty: each command would then read all that was stored since the last edition.
-- `notification_id + 0` is known to this index alone.
DROP INDEX stored_events_registry;
CREATE INDEX stored_events_registry ON stored_events ((notification_id + 0))
WHERE topic NOT LIKE 'application.%' AND topic NOT LIKE 'satisfaction.%' AND topic NOT LIKE 'intake.%';
