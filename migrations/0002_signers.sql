-- Facts that nothing vouches for.
ALTER TABLE facts ADD COLUMN unverified BIGINT NOT NULL DEFAULT 0;

-- Signers of whom a provider speaks without naming their package. Their facts stay in a log of their own; every
-- package that is known to hold the signer has a copy.
CREATE TABLE signers (
    id       INTEGER PRIMARY KEY,
    account  TEXT   NOT NULL,
    signer   TEXT   NOT NULL,
    facts    BIGINT NOT NULL,
    since    BIGINT,           -- when the first fact was received; NULL: only packages name the signer
    linked   BIGINT NOT NULL,  -- whether a package is known
    check_by BIGINT,           -- when to ask the API for the package; NULL: no need, or asked in vain too often
    tries    BIGINT NOT NULL,  -- how often the API didn't know
    UNIQUE (account, signer)
);
CREATE INDEX signers_alone ON signers (account, id) WHERE linked = 0;
CREATE INDEX signers_check ON signers (account, check_by) WHERE check_by IS NOT NULL;

-- The log under a signer: the columns of facts.
CREATE TABLE signer_facts (
    signer      BIGINT NOT NULL,
    fingerprint BLOB   NOT NULL,
    kind        TEXT   NOT NULL,
    detail      TEXT,
    who         TEXT,
    name        TEXT   NOT NULL,
    happened_at BIGINT,
    received_at BIGINT NOT NULL,
    deliveries  BIGINT NOT NULL,
    origin      TEXT   NOT NULL,
    arrival     BIGINT,
    answer      TEXT,
    unverified  BIGINT NOT NULL,
    PRIMARY KEY (signer, fingerprint)
) WITHOUT ROWID;

-- Which packages hold a signer: only ever more.
CREATE TABLE links (
    signer  BIGINT NOT NULL,
    package BIGINT NOT NULL,
    PRIMARY KEY (signer, package)
) WITHOUT ROWID;

-- The first signer of whom an arrival told that tells of no package.
ALTER TABLE arrivals ADD COLUMN signer BIGINT;

-- With which parts of the configuration the projection was made.
CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
