-- What is worth telling somebody. A row is raised and cleared in the transaction of the fact that does it; who was told,
-- who took it on and when it closed is said beside.
CREATE TABLE alerts (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    account       TEXT   NOT NULL,
    package       TEXT   NOT NULL,            -- empty: it is the operator's, of the account or of the board
    kind          TEXT   NOT NULL,
    signer        TEXT   NOT NULL,            -- whom it befell; empty: nobody in particular
    began         BIGINT NOT NULL,            -- by the provider's clock
    raised_at     BIGINT NOT NULL,            -- by ours
    late          BIGINT NOT NULL,            -- 1: it was old when the board learned of it; it is shown, and nobody is told
    route_at      BIGINT,                     -- whom to tell is looked up then; NULL: that was done, or is not to be
    taken_at      BIGINT,                     -- somebody said that they see to it
    taken_by      TEXT,
    taken_why     TEXT,
    snoozed_until BIGINT,
    snoozed_by    TEXT,
    resolved_at   BIGINT,                     -- NULL: it stands
    resolution    TEXT                        -- cleared: a fact did it; noted: an end that somebody took note of; aged
);
CREATE UNIQUE INDEX alerts_standing ON alerts (account, package, kind, signer) WHERE resolved_at IS NULL;
CREATE INDEX alerts_package ON alerts (account, package, id);
CREATE INDEX alerts_route ON alerts (route_at) WHERE route_at IS NOT NULL;
CREATE INDEX alerts_resolved ON alerts (resolved_at, id) WHERE resolved_at IS NOT NULL;

-- Who is told of an alert, how, and what came of it: a row before anything is sent, so that none is forgotten, and one for
-- each alert, occasion and address, so that none is told twice.
CREATE TABLE tellings (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    alert    BIGINT NOT NULL,
    occasion TEXT   NOT NULL,            -- raised | reminder <n> | resolved
    channel  TEXT   NOT NULL,            -- mail | a channel's name in the configuration
    address  TEXT   NOT NULL,            -- a mail address in lower case; empty for a channel, which is its own
    because  TEXT   NOT NULL,            -- follower | sender | stand_in | rule | fallback
    state    BIGINT NOT NULL DEFAULT 0,  -- 0 waits, 1 told, 2 given up, 3 not wanted any more
    due      BIGINT NOT NULL,            -- not before
    tries    BIGINT NOT NULL DEFAULT 0,
    first_at BIGINT,
    tried_at BIGINT,
    error    TEXT,
    message  TEXT,                       -- the number of the message that it went with
    UNIQUE (alert, occasion, channel, address)
);
CREATE INDEX tellings_due ON tellings (due) WHERE state = 0;
CREATE INDEX tellings_to ON tellings (channel, address, state, due);

-- Who wants to hear of a package that they did not send.
CREATE TABLE followers (
    user    BIGINT NOT NULL,
    account TEXT   NOT NULL,
    package TEXT   NOT NULL,
    since   BIGINT NOT NULL,
    PRIMARY KEY (user, account, package)
) WITHOUT ROWID;
CREATE INDEX followers_package ON followers (account, package);

-- What a person wants to hear of, how and when; who has no row hears of everything by mail.
CREATE TABLE wishes (
    user   BIGINT PRIMARY KEY,
    wishes TEXT NOT NULL                 -- JSON; see model::wishes
);
