-- Every command reads the new events of the registry. So the index contains only events of the registry, and no answers
-- to the satisfaction survey.

DROP INDEX stored_events_registry;
CREATE INDEX stored_events_registry ON stored_events (notification_id)
WHERE topic NOT LIKE 'application.%' AND topic NOT LIKE 'satisfaction.%';
