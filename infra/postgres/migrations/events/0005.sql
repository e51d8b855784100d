-- The desk shows since when a promise is known: it is built anew from the log at the next start.

DROP TABLE IF EXISTS views.desk;
