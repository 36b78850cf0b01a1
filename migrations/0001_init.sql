-- What arrived with the right secret: every arrival has a row, identical bytes to one account are stored once.
CREATE TABLE arrivals (
    id          INTEGER PRIMARY KEY,
    account     TEXT   NOT NULL,
    received_at BIGINT NOT NULL,
    remote      TEXT   NOT NULL,
    origin      TEXT   NOT NULL,  -- callback | hand
    slot        TEXT   NOT NULL,  -- which of the account's secrets came
    headers     TEXT   NOT NULL,  -- JSON object of those that matter, never a secret
    hash        BLOB   NOT NULL,  -- of account and body
    same_as     BIGINT,           -- the arrival that holds the same bytes; else the body is here
    size        BIGINT NOT NULL,
    body        BLOB,
    state       BIGINT NOT NULL,  -- 0 pending, 1 digested, 2 quarantined
    note        TEXT,             -- why something in it can't be read
    facts       BLOB   NOT NULL,  -- the fingerprints it was counted for, 16 bytes each
    package     BIGINT            -- the first package it told of
);
-- By package first: hashes alone would touch a page of their own each.
CREATE INDEX arrivals_first ON arrivals (package, hash) WHERE same_as IS NULL;
CREATE INDEX arrivals_unread ON arrivals (state, id) WHERE state <> 1;

-- Calls with a wrong or missing secret, the newest of each account.
CREATE TABLE refused (
    id          INTEGER PRIMARY KEY,
    account     TEXT   NOT NULL,
    received_at BIGINT NOT NULL,
    remote      TEXT   NOT NULL,
    why         TEXT   NOT NULL,
    headers     TEXT   NOT NULL,
    size        BIGINT NOT NULL,
    body        BLOB   NOT NULL
);

-- The log, the truth: one row per fact.
CREATE TABLE facts (
    package     BIGINT NOT NULL,
    fingerprint BLOB   NOT NULL,
    kind        TEXT   NOT NULL,
    detail      TEXT,
    who         TEXT,
    name        TEXT   NOT NULL,  -- the provider's word as sent
    happened_at BIGINT,
    received_at BIGINT NOT NULL,
    deliveries  BIGINT NOT NULL,
    origin      TEXT   NOT NULL,
    arrival     BIGINT,
    answer      TEXT,             -- what the API said, for answers
    PRIMARY KEY (package, fingerprint)
) WITHOUT ROWID;

-- The projection, a cache of the log: `signboard rebuild` makes it again.
CREATE TABLE packages (
    id              INTEGER PRIMARY KEY,
    account         TEXT   NOT NULL,
    package         TEXT   NOT NULL,
    seq             BIGINT NOT NULL,
    shelf           TEXT   NOT NULL,  -- template | trashed | a status
    ready           BIGINT NOT NULL,
    attention_until BIGINT,
    sender          TEXT,
    updated         BIGINT NOT NULL,
    created         BIGINT NOT NULL,
    due             BIGINT NOT NULL,
    name            TEXT   NOT NULL,  -- folded, for sorting
    search          TEXT   NOT NULL,  -- folded, for searching
    state           TEXT   NOT NULL,  -- the package, as JSON
    facts           BIGINT NOT NULL,
    check_by        BIGINT,           -- when to ask the API; NULL: no need
    tries           BIGINT NOT NULL,  -- how often asking has failed since it last went well
    not_ours        BIGINT NOT NULL,  -- the API says that it is not ours to see
    UNIQUE (account, package)
);
CREATE INDEX packages_updated ON packages (updated, id);
CREATE INDEX packages_shelf ON packages (shelf, updated, id);
CREATE INDEX packages_attention ON packages (attention_until) WHERE attention_until IS NOT NULL;
CREATE INDEX packages_sender ON packages (sender) WHERE sender IS NOT NULL;
CREATE INDEX packages_check ON packages (check_by) WHERE check_by IS NOT NULL;

-- What changed, in the order of the live stream; the newest ones.
CREATE TABLE changes (
    seq     INTEGER PRIMARY KEY,
    package BIGINT NOT NULL
);

-- Counters that are kept, not counted.
CREATE TABLE tallies (
    account TEXT   NOT NULL,
    word    TEXT   NOT NULL,
    n       BIGINT NOT NULL,
    PRIMARY KEY (account, word)
) WITHOUT ROWID;

-- When each secret of an account was last used.
CREATE TABLE slots (
    account TEXT   NOT NULL,
    slot    TEXT   NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (account, slot)
) WITHOUT ROWID;

-- What a command beside a running board asks it to do.
CREATE TABLE jobs (
    id         INTEGER PRIMARY KEY,
    kind       TEXT   NOT NULL,  -- replay | rebuild
    created_at BIGINT NOT NULL,
    done_at    BIGINT,
    result     TEXT
);
CREATE INDEX jobs_open ON jobs (id) WHERE done_at IS NULL;
