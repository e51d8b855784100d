"""Metrics: the measurements that the operator's Prometheus reads at /metrics.

The metrics are not public. Each event increases a counter at once. So a person who reads the counters could notice the
events of a single application.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

METRICS = CollectorRegistry()

REQUESTS = Histogram(
    "jejak_request_seconds", "Time to answer, by route template", ("method", "route", "status"), registry=METRICS
)
CONNECTIONS = Gauge("jejak_connections", "Open HTTP connections of this process", registry=METRICS)
CONNECTIONS_CLOSED = Counter(
    "jejak_connections_closed_total",
    "HTTP connections that a limit closed, by reason",
    ("reason",),
    registry=METRICS,
)
INFO = Gauge("jejak_info", "The version of this process; the value is 1", ("version",), registry=METRICS)
DISK_FREE = Gauge("jejak_disk_free_bytes", "Free bytes on the disk of the data folder", registry=METRICS)
STORING = Gauge("jejak_storing", "1 if the database can store events now, else 0", registry=METRICS)
CLOCK_OFFSET = Gauge(
    "jejak_clock_offset_seconds", "The clock of this host minus the clock of the database", registry=METRICS
)
DATABASE_FAULTS = Counter(
    "jejak_database_faults_total",
    "Faults of the database, by SQLSTATE and place",
    ("sqlstate", "place"),
    registry=METRICS,
)
LOG_END = Gauge("jejak_log_end_position", "The position of the newest event of the log", registry=METRICS)
VIEW_LAG = Gauge(
    "jejak_view_lag_positions", "Positions of the log that a view has not processed yet", ("view",), registry=METRICS
)
for unknown in (DISK_FREE, STORING, CLOCK_OFFSET, LOG_END):
    unknown.set(float("nan"))  # a process that does not measure a value must not show 0
COMMANDS = Counter("jejak_commands_total", "Commands, by outcome", ("command", "outcome"), registry=METRICS)
PIN_FAILURES = Counter("jejak_pin_failures_total", "Wrong numbers or PINs", registry=METRICS)
READINGS_LOST = Counter(
    "jejak_readings_unrecorded_total", "Readings that could not be recorded in the access record", registry=METRICS
)
VIEW_POSITION = Gauge("jejak_view_position", "The position that a view has reached", ("view",), registry=METRICS)
APPENDED = Histogram(
    "jejak_append_events",
    "Events in one commit of this process",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
    registry=METRICS,
)
APPEND_SECONDS = Histogram("jejak_append_seconds", "Time from the request for a commit to its answer", registry=METRICS)
APPEND_WAITING = Gauge("jejak_append_waiting_events", "Events that wait for the next commit", registry=METRICS)
VIEW_STOPPED = Gauge(
    "jejak_view_stopped_position", "The position of the event that stops a view, or 0", ("view",), registry=METRICS
)
SCHEDULED = Counter(
    "jejak_scheduler_commands_total",
    "Commands of the scheduler, by outcome",
    ("job", "outcome"),
    registry=METRICS,
)
SCHEDULER_RAN = Gauge(
    "jejak_scheduler_last_run_timestamp_seconds",
    "When a job last completed a pass, Unix time",
    ("job",),
    registry=METRICS,
)
FEED_POSITION = Gauge("jejak_feed_position", "The position up to which events are in the feeds", registry=METRICS)
RELAY_POSITION = Gauge(
    "jejak_relay_position", "The position up to which an agency's feed is published", ("agency",), registry=METRICS
)
RELAY_COMMITTED = Gauge(
    "jejak_relay_last_commit_timestamp_seconds",
    "When messages were last published, Unix time",
    ("agency",),
    registry=METRICS,
)
RELAY_BEHIND = Gauge(
    "jejak_relay_behind_messages", "Messages of a feed that are not in Kafka yet", ("agency",), registry=METRICS
)
RELAY_OLDEST = Gauge(
    "jejak_relay_oldest_seconds",
    "How long ago the oldest message that is not in Kafka yet was recorded",
    ("agency",),
    registry=METRICS,
)
RELAY_FAULTS = Counter(
    "jejak_relay_faults_total", "Restarts of a relay, by fault", ("agency", "fault"), registry=METRICS
)
FEED_READERS = Gauge("jejak_feed_readers", "Clients of this process that read a feed now", registry=METRICS)
INTAKE = Counter(
    "jejak_intake_records_total",
    "Records of the agencies' command topics, by outcome and code",
    ("outcome", "code"),
    registry=METRICS,
)
INTAKE_WAITING = Gauge(
    "jejak_intake_waiting_records",
    "Records of a command topic's partition that are not answered yet",
    ("agency", "partition"),
    registry=METRICS,
)
INTAKE_INTERRUPTED = Counter(
    "jejak_intake_interruptions_total", "Postponed attempts, by reason", ("reason",), registry=METRICS
)
SERVICE_SUCCEEDED = Gauge(
    "jejak_service_last_success_timestamp_seconds",
    "When a background service last completed a pass, Unix time",
    ("service",),
    registry=METRICS,
)
SERVICE_FAULTS = Counter(
    "jejak_service_faults_total", "Faults of a background service, by class", ("service", "fault"), registry=METRICS
)
SERVICE_IN_A_ROW = Gauge(
    "jejak_service_faults_in_a_row",
    "Faults of a background service since its last complete pass",
    ("service",),
    registry=METRICS,
)
