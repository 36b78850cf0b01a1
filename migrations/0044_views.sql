-- Boards that are asked for again and again: a name, and what the board's address says.
CREATE TABLE views (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,  -- an old page's button means no other view
    user       BIGINT,                             -- whose; NULL: everybody's
    name       TEXT   NOT NULL,
    query      TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX views_name ON views (coalesce(user, 0), name);
CREATE TRIGGER views_go AFTER DELETE ON users BEGIN DELETE FROM views WHERE user = OLD.id; END;

-- The group that a package belongs to, as a filter. The update that brings this has every package folded again, which fills
-- it and the counters.
ALTER TABLE packages ADD COLUMN team TEXT;
CREATE INDEX packages_team ON packages (team, updated) WHERE team IS NOT NULL;

-- What each group's packages are counted as. Kept, not counted.
CREATE TABLE team_tallies (
    team    TEXT   NOT NULL,
    account TEXT   NOT NULL,
    word    TEXT   NOT NULL,
    n       BIGINT NOT NULL,
    PRIMARY KEY (team, account, word)
) WITHOUT ROWID;

-- Those with the most are found without looking at the others.
CREATE INDEX team_tallies_most ON team_tallies (account, word, n);
CREATE INDEX sender_tallies_most ON sender_tallies (account, word, n);
