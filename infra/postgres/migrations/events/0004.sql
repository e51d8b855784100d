-- The views contain more data of each application. The projector builds the views again from the log at the next start,
-- and the public figures are computed again.

DROP TABLE IF EXISTS views.progress, views.statistics;
DELETE FROM public_figures;
