-- What came, by hour of arrival and account: counted by the writer with what it keeps, never counted up from rows.
CREATE TABLE traffic (
    hour      BIGINT NOT NULL,  -- since 1970, UTC
    account   TEXT   NOT NULL,
    callbacks BIGINT NOT NULL,  -- with the right secret, whatever was in them
    fresh     BIGINT NOT NULL,  -- facts that nobody had told
    checkable BIGINT NOT NULL,  -- of these, such as polling could have found missing
    repeats   BIGINT NOT NULL,  -- callbacks that told nothing but what was known
    set_aside BIGINT NOT NULL,  -- callbacks in which something could not be read
    refused   BIGINT NOT NULL,  -- calls with a wrong or missing secret
    -- Fresh facts by how long they were on their way, in classes: up to 50, 100, 200, 400, 700 ms, 1, 2, 4, 7, 15, 30 s,
    -- 1, 2, 4, 7, 15, 30 min, 1, 2, 6, 12 h, 1, 3, 7 days, and longer.
    d00 BIGINT NOT NULL, d01 BIGINT NOT NULL, d02 BIGINT NOT NULL, d03 BIGINT NOT NULL, d04 BIGINT NOT NULL,
    d05 BIGINT NOT NULL, d06 BIGINT NOT NULL, d07 BIGINT NOT NULL, d08 BIGINT NOT NULL, d09 BIGINT NOT NULL,
    d10 BIGINT NOT NULL, d11 BIGINT NOT NULL, d12 BIGINT NOT NULL, d13 BIGINT NOT NULL, d14 BIGINT NOT NULL,
    d15 BIGINT NOT NULL, d16 BIGINT NOT NULL, d17 BIGINT NOT NULL, d18 BIGINT NOT NULL, d19 BIGINT NOT NULL,
    d20 BIGINT NOT NULL, d21 BIGINT NOT NULL, d22 BIGINT NOT NULL, d23 BIGINT NOT NULL, d24 BIGINT NOT NULL,
    -- By hour first: what is written now lies on one page, and what is too old in one row of pages.
    PRIMARY KEY (hour, account)
) WITHOUT ROWID;
