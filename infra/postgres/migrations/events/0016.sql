-- The views have new columns again: decisions that were reported late, the time that the office itself needed,
-- transfers, and the periods of the satisfaction survey. The projector builds each view again from the log at the next
-- start, and the public figures are computed again.
DROP TABLE IF EXISTS views.desk, views.progress, views.statistics, views.satisfaction;
DELETE FROM public_figures;
