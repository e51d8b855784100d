"""The time zone of an installation."""

INSTALLATION_ZONE = "Asia/Jakarta"
"""The time zone of pages that belong to no office, and the first guess for the zone of an import."""
