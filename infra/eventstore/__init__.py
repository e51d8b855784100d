"""The log: the one place that knows the eventsourcing library."""
