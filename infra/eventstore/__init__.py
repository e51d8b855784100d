"""The event store on PostgreSQL. No other package here uses the `eventsourcing` library."""
