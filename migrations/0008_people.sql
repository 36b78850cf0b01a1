-- Sweeps that people ask for, on their way: how far they were before the list that they read now, who stopped them, and
-- what one that changes nothing would have changed.
ALTER TABLE runs ADD COLUMN earlier    BIGINT NOT NULL DEFAULT 0;  -- what was done before the list that is read now
ALTER TABLE runs ADD COLUMN would      BIGINT NOT NULL DEFAULT 0;  -- how much a dry run would have changed
ALTER TABLE runs ADD COLUMN stopped_by TEXT;                       -- who wants it to end
CREATE INDEX runs_unended ON runs (account, id) WHERE ended_at IS NULL;

-- The first lines of the newest dry runs.
CREATE TABLE dry_lines (
    id       INTEGER PRIMARY KEY,
    run      BIGINT NOT NULL,
    package  TEXT   NOT NULL,
    signer   TEXT,
    field    TEXT   NOT NULL,  -- as in drift, or `details`: something that no callback tells
    board    TEXT,
    provider TEXT   NOT NULL,
    missed   TEXT   NOT NULL
);
CREATE INDEX dry_lines_run ON dry_lines (run, id);
