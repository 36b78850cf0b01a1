-- A line of drift may be found outside a sweep, may have a callback that came after all, or one that nobody registered for.
CREATE TABLE drift_lines (
    id          INTEGER PRIMARY KEY,
    run         BIGINT,          -- the sweep that found it; NULL: whoever asks what is due
    account     TEXT   NOT NULL,
    package     TEXT   NOT NULL,
    signer      TEXT,
    field       TEXT   NOT NULL,
    board       TEXT,            -- what the board said; NULL: it had never heard of the package
    provider    TEXT   NOT NULL,
    missed      TEXT   NOT NULL, -- the kind of fact that would have told it
    word        TEXT,            -- what the provider calls that callback; NULL: it has no word for it
    subscribed  BIGINT NOT NULL, -- 0: the provider was not asked to send it
    happened_at BIGINT,
    found_at    BIGINT NOT NULL,
    came_at     BIGINT           -- when the callback came after all
);
INSERT INTO drift_lines (id, run, account, package, signer, field, board, provider, missed, subscribed, happened_at, found_at)
    SELECT id, run, account, package, signer, field, board, provider, missed, 1, happened_at, found_at FROM drift;
DROP TABLE drift;
ALTER TABLE drift_lines RENAME TO drift;
CREATE INDEX drift_run ON drift (run);
CREATE INDEX drift_account ON drift (account, id);
CREATE INDEX drift_package ON drift (account, package);
