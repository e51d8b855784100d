"""Backup and restore, by PostgreSQL's own programs and GnuPG."""
