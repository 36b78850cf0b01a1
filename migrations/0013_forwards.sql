-- Callbacks that are passed on to another listener of their account, a row for each arrival. Those that were taken or
-- given up are kept up to a number; those that wait, as long as their arrivals.
CREATE TABLE forwards (
    arrival  INTEGER PRIMARY KEY,
    account  TEXT   NOT NULL,
    raw      BIGINT NOT NULL,            -- the user name and password came as they are, not in base64
    state    BIGINT NOT NULL DEFAULT 0,  -- 0 in line, 1 taken, 2 given up, 3 waits aside, and others pass it
    due      BIGINT NOT NULL DEFAULT 0,  -- not before
    tries    BIGINT NOT NULL DEFAULT 0,
    first_at BIGINT,                     -- when it was tried first
    tried_at BIGINT,                     -- and last
    ms       BIGINT,                     -- how long that took
    status   BIGINT,                     -- what the listener answered; NULL: nothing
    error    TEXT                        -- why it isn't taken
);
CREATE INDEX forwards_state ON forwards (account, state, arrival);
CREATE INDEX forwards_tried ON forwards (account, tried_at) WHERE tried_at IS NOT NULL;
CREATE TRIGGER forwards_gone AFTER DELETE ON arrivals
BEGIN
    DELETE FROM forwards WHERE arrival = OLD.id;
END;
