"""Server settings: the settings of the embedded PostgreSQL that differ from the defaults of PostgreSQL."""

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "client_connection_check_interval": "1s",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_slot_wal_keep_size": "8GB",  # so that the disk does not fill if no backup receives the log
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Applications have personal data, so no statement, value or error detail of a client may reach the log.
    "log_min_messages": "log",  # errors are not logged, because the message of a failed cast quotes the value
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
