-- The registry is read on for every command: its index holds the registry's events alone, however many answers there are.

DROP INDEX stored_events_registry;
CREATE INDEX stored_events_registry ON stored_events (notification_id)
WHERE topic NOT LIKE 'application.%' AND topic NOT LIKE 'satisfaction.%';
