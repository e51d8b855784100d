-- The newest public figures. All processes share this row, so that the page, the JSON and the CSV show the same
-- figures.
CREATE TABLE public_figures (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    cut_at timestamptz NOT NULL,
    position bigint NOT NULL,
    figures bytea NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON public_figures TO jejak_serving;
GRANT SELECT ON public_figures TO jejak_auditor;
