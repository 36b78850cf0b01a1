-- What the firm's own logic is told: a row in the transaction of its cause, for each hook that asks for it, and the row
-- says how that went. What was taken or given up is kept up to a number; what waits, as long as its package.
CREATE TABLE hook_deliveries (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    hook     TEXT   NOT NULL,
    account  TEXT   NOT NULL,
    package  TEXT   NOT NULL,
    event    TEXT   NOT NULL,
    subject  TEXT   NOT NULL,            -- whom or what in the package it is about; empty: the package
    turn     BIGINT NOT NULL,            -- the how manieth time it happened
    made_at  BIGINT NOT NULL,            -- when the board learned of it
    body     TEXT   NOT NULL,            -- what is sent: as it was then
    state    BIGINT NOT NULL DEFAULT 0,  -- 0 waits, 1 taken, 2 given up
    due      BIGINT NOT NULL DEFAULT 0,  -- not before
    tries    BIGINT NOT NULL DEFAULT 0,
    tried_at BIGINT,                     -- last
    ms       BIGINT,                     -- how long that took
    status   BIGINT,                     -- what the receiver answered; NULL: nothing
    error    TEXT,                       -- why it isn't taken
    answer   TEXT,                       -- how the answer begins
    UNIQUE (hook, account, package, event, subject, turn)
);
-- In each package the first that waits is the next.
CREATE INDEX hook_deliveries_waiting ON hook_deliveries (hook, account, package, id) WHERE state = 0;
CREATE INDEX hook_deliveries_state ON hook_deliveries (hook, state, id);
CREATE INDEX hook_deliveries_tried ON hook_deliveries (hook, tried_at) WHERE tried_at IS NOT NULL;
CREATE TRIGGER hook_deliveries_gone AFTER DELETE ON packages
BEGIN
    DELETE FROM hook_deliveries WHERE account = OLD.account AND package = OLD.package;
END;

-- Hooks that rest until somebody lets them go on.
CREATE TABLE hook_pauses (
    hook TEXT   PRIMARY KEY,
    at   BIGINT NOT NULL,
    why  TEXT   NOT NULL
) WITHOUT ROWID;
