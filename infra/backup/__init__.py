"""Backup and restore, with PostgreSQL's own programs and GnuPG."""
