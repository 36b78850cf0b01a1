-- Sweeps: each goes through an account at its provider once. The newest ones.
CREATE TABLE runs (
    id         INTEGER PRIMARY KEY,
    account    TEXT   NOT NULL,
    reason     TEXT   NOT NULL,  -- first | start | time | night | silence | people
    whole_list BIGINT NOT NULL,  -- asks about everything, also what the list doesn't name
    baseline   BIGINT NOT NULL,  -- the account's first: what it finds was not missed
    since      BIGINT,           -- from when on changes are listed; NULL: from ever
    started_at BIGINT NOT NULL,
    watermark  BIGINT,           -- the provider's time of the first page
    place      BIGINT,           -- where the list's next page begins; NULL: the list is done
    pages      BIGINT NOT NULL,
    compared   BIGINT NOT NULL,
    calls      BIGINT NOT NULL,
    ended_at   BIGINT,
    success    BIGINT NOT NULL,  -- it went through everything
    trouble    TEXT              -- why it waits, or ended without success
);
CREATE INDEX runs_account ON runs (account, id);
CREATE UNIQUE INDEX runs_open ON runs (account) WHERE ended_at IS NULL;

-- What sweeps found that callbacks had not told, written with the answer that repaired it. The newest ones.
CREATE TABLE drift (
    id          INTEGER PRIMARY KEY,
    run         BIGINT NOT NULL,
    account     TEXT   NOT NULL,
    package     TEXT   NOT NULL,
    signer      TEXT,
    field       TEXT   NOT NULL,
    board       TEXT,            -- what the board said; NULL: it had never heard of the package
    provider    TEXT   NOT NULL,
    missed      TEXT   NOT NULL, -- the kind of fact that would have told it
    happened_at BIGINT,
    found_at    BIGINT NOT NULL
);
CREATE INDEX drift_run ON drift (run);
CREATE INDEX drift_account ON drift (account, id);
