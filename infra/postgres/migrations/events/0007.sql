-- The views keep the marks of the clocks in fewer bytes: they are built anew from the log at the next start.

DROP TABLE IF EXISTS views.progress, views.statistics;
