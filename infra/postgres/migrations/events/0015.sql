-- All views have new columns or contents: promises are a list of steps, and the views contain open pauses, payments and
-- malls. The projector builds each view again from the log at the next start, and the public figures are computed
-- again.
DROP TABLE IF EXISTS views.desk, views.progress, views.statistics, views.satisfaction;
DELETE FROM public_figures;
