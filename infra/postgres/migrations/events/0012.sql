-- Every command reads the new events of the registry. If this index were ordered by `notification_id`, PostgreSQL could
-- use the index of all events instead. PostgreSQL uses that index in plans that it made while the log was empty. Then
-- each command would read all events since the last edition. Only this index contains the expression `notification_id +
-- 0`, so PostgreSQL must use this index.
DROP INDEX stored_events_registry;
CREATE INDEX stored_events_registry ON stored_events ((notification_id + 0))
WHERE topic NOT LIKE 'application.%' AND topic NOT LIKE 'satisfaction.%' AND topic NOT LIKE 'intake.%';
