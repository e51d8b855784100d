-- The desk has other indexes, which the passes of the scheduler need. The projector builds this view again from the log
-- at the next start.
DROP TABLE IF EXISTS views.desk;
