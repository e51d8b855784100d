-- Rows of the log and of the feeds are only appended, and are mostly read in the same order. By default, PostgreSQL
-- starts a vacuum when such a table has grown. A vacuum records the small free space in each page. After that,
-- PostgreSQL would store small events in pages all over the table. It would have to read each of these pages, and to
-- write the complete page to the WAL. PostgreSQL still starts a vacuum when transaction ids become old.
ALTER TABLE stored_events SET (autovacuum_vacuum_insert_threshold = -1);
ALTER TABLE feeds.messages SET (autovacuum_vacuum_insert_threshold = -1);
