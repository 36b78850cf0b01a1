-- What each sender's packages are counted as: for people who see only what they sent. Kept, not counted; the update
-- that brings this table has every package folded again, which fills it.
CREATE TABLE sender_tallies (
    sender  TEXT   NOT NULL,  -- mail address or id, in lower case
    account TEXT   NOT NULL,
    word    TEXT   NOT NULL,
    n       BIGINT NOT NULL,
    PRIMARY KEY (sender, account, word)
) WITHOUT ROWID;

-- A sender's packages, the newest first.
DROP INDEX packages_sender;
CREATE INDEX packages_sender ON packages (sender, updated, id) WHERE sender IS NOT NULL;
