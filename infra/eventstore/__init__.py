"""The event store: the log of all events. The log is stored in PostgreSQL with the `eventsourcing` library."""
