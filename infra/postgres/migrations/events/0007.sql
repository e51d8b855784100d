-- The views store the marks of the clocks in fewer bytes. The projector builds these views again from the log at the
-- next start.

DROP TABLE IF EXISTS views.progress, views.statistics;
