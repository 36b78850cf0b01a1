-- Callbacks that a person pasted, until the API confirms them or somebody admits them; then each is an arrival.
CREATE TABLE waiting (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,  -- an old page's button means nobody else
    account     TEXT   NOT NULL,
    package     TEXT   NOT NULL,
    fingerprint BLOB   NOT NULL,
    name        TEXT   NOT NULL,  -- the provider's word
    happened_at BIGINT,
    pasted_at   BIGINT NOT NULL,
    pasted_by   TEXT   NOT NULL,
    body        TEXT   NOT NULL,
    asked_at    BIGINT,           -- when the API was asked about it; NULL: it is to be asked
    said        TEXT,             -- otherwise | silent | unknown
    UNIQUE (account, fingerprint)
);
CREATE INDEX waiting_unasked ON waiting (account, id) WHERE asked_at IS NULL;

-- What a job is about, until it is done.
CREATE TABLE job_inputs (
    job   INTEGER PRIMARY KEY,
    input TEXT NOT NULL
);
CREATE TRIGGER job_inputs_done AFTER UPDATE OF done_at ON jobs WHEN NEW.done_at IS NOT NULL
BEGIN
    DELETE FROM job_inputs WHERE job = NEW.id;
END;
