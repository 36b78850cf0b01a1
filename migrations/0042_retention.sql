-- Why the bytes of an arrival are not here any more: age | package | erased. NULL: they are, or lie with the arrival that
-- has the same ones.
ALTER TABLE arrivals ADD COLUMN gone TEXT;
-- Those that may go by age.
CREATE INDEX arrivals_kept ON arrivals (received_at) WHERE state = 1 AND body IS NOT NULL;

-- Packages, and signers who were in no other, that went because they had ended long ago. What is told of them later brings
-- none of them back without its past.
CREATE TABLE removed (
    account TEXT   NOT NULL,
    subject TEXT   NOT NULL,  -- package | signer
    id      TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (account, subject, id)
) WITHOUT ROWID;
CREATE INDEX links_package ON links (package);

-- Whom the board was told to forget: hashes, salted, of mail addresses, of names, and of the places that they have in
-- packages. What is told of them later is kept without them.
CREATE TABLE erased (
    hash   BLOB   NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,  -- which of those whom it was told to forget
    at     BIGINT NOT NULL
) WITHOUT ROWID;
