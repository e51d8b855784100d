"""The event store on PostgreSQL, built with the `eventsourcing` library."""
