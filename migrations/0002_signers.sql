-- Facts that nothing vouches for.
ALTER TABLE facts ADD COLUMN unverified BIGINT NOT NULL DEFAULT 0;
