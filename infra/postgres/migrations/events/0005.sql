-- The desk contains the time from which a promise is known. The projector builds this view again from the log at the
-- next start.

DROP TABLE IF EXISTS views.desk;
