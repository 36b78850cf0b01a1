-- Each deed's digest is made over the one before and its own words, so that none can be changed or taken out unseen by
-- whoever kept a later one. What was noted before this column has none.
ALTER TABLE audit ADD COLUMN chain BLOB;
DROP INDEX audit_kind;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_kind ON audit (kind, at);
CREATE INDEX audit_who ON audit (who, at);

-- Retention takes away what lies before the first deed that it keeps, and nothing else does; the digest of the last one that
-- went is where the chain begins then. And how far the deeds were told elsewhere.
CREATE TABLE audit_ends (
    kept_from BIGINT NOT NULL,  -- the number of the first deed that is kept
    chain     BLOB,             -- the digest of the last that went
    told      BIGINT NOT NULL   -- the number of the last deed that the file has
);
INSERT INTO audit_ends (kept_from, chain, told) VALUES (0, NULL, 0);
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit WHEN OLD.id >= (SELECT kept_from FROM audit_ends) BEGIN
    SELECT raise(ABORT, 'the audit is kept; only what is older than its keeping goes');
END;
CREATE TRIGGER audit_end_stays BEFORE DELETE ON audit_ends BEGIN
    SELECT raise(ABORT, 'the audit is kept');
END;
