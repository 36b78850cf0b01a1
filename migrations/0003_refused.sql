-- A call that comes again and again has one row; bodies lie apart, so that the rows stay small.
CREATE TABLE refused_bodies (
    id   INTEGER PRIMARY KEY REFERENCES refused (id) ON DELETE CASCADE,
    body BLOB    NOT NULL
);
INSERT INTO refused_bodies (id, body) SELECT id, body FROM refused;
ALTER TABLE refused DROP COLUMN body;
ALTER TABLE refused ADD COLUMN hash    BLOB;  -- of account, reason and body; NULL in rows of earlier versions
ALTER TABLE refused ADD COLUMN times   BIGINT NOT NULL DEFAULT 1;
ALTER TABLE refused ADD COLUMN last_at BIGINT NOT NULL DEFAULT 0;
UPDATE refused SET last_at = received_at;
CREATE UNIQUE INDEX refused_same ON refused (hash) WHERE hash IS NOT NULL;
