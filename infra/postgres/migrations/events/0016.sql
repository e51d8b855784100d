-- The views have new columns again: decisions reported late, the office's own time, transfers, periods of satisfaction. The
-- projector builds each view again from the log at the next start, and the public figures are computed again.
DROP TABLE IF EXISTS views.desk, views.progress, views.statistics, views.satisfaction;
DELETE FROM public_figures;
