-- The views show more of each application: they are built anew from the log at the next start, and the figures cut anew.

DROP TABLE IF EXISTS views.progress, views.statistics;
DELETE FROM public_figures;
