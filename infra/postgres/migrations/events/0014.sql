-- The desk has other indexes, for the passes of the scheduler: it is built anew from the log at the next start.
DROP TABLE IF EXISTS views.desk;
