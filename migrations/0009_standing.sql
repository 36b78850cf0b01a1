-- Whether a line of drift is a callback that was missed, comes late, is on its way, or was never asked for.
ALTER TABLE drift ADD COLUMN as_of       BIGINT;                    -- the provider's time of the answer that showed it
ALTER TABLE drift ADD COLUMN expected_by BIGINT NOT NULL DEFAULT 0; -- until then, by our clock, it may be on its way
CREATE INDEX drift_open ON drift (account, package) WHERE came_at IS NULL;
CREATE INDEX drift_figures ON drift (account, found_at, came_at, subscribed, expected_by);

-- What each provider was told to call us for, when it was last asked. No row: that isn't known.
CREATE TABLE registered (
    account TEXT PRIMARY KEY,
    words   TEXT   NOT NULL,  -- the provider's words for its callbacks, a JSON array
    read_at BIGINT NOT NULL
);
