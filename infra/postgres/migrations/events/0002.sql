-- The public's figures as they were cut last: one row that all processes share, so that page, JSON and CSV agree.
CREATE TABLE public_figures (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    cut_at timestamptz NOT NULL,
    position bigint NOT NULL,
    figures bytea NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON public_figures TO jejak_serving;
GRANT SELECT ON public_figures TO jejak_auditor;
