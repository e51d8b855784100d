-- The log and the feeds are only added to, in their order, and mostly read in it. A vacuum that growth alone would start writes
-- down what little room each page has left; small events would then go into pages all over many gigabytes, each of them to be
-- read, and written whole to the WAL. What a vacuum must do for the age of transaction ids, PostgreSQL does as ever.
ALTER TABLE stored_events SET (autovacuum_vacuum_insert_threshold = -1);
ALTER TABLE feeds.messages SET (autovacuum_vacuum_insert_threshold = -1);
