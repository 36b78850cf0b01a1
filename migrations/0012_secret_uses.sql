-- When each secret of an account whose secrets are rotated came with a callback. A secret is known by when it was made.
CREATE TABLE secret_uses (
    account  TEXT   NOT NULL,
    made_at  BIGINT NOT NULL,  -- 0: it stands in the configuration
    first_at BIGINT NOT NULL,
    last_at  BIGINT NOT NULL,
    PRIMARY KEY (account, made_at)
) WITHOUT ROWID;
