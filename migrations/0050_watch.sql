-- Alerts of whoever runs the board close only when their cause was away for a while, so that one that comes and goes is told once.
ALTER TABLE alerts ADD COLUMN away_since BIGINT;  -- the cause was not there any more; NULL: it stands, or it is of a package
CREATE INDEX alerts_operators ON alerts (id) WHERE package = '' AND resolved_at IS NULL;
CREATE INDEX alerts_inactive ON alerts (id) WHERE kind = 'inactive' AND resolved_at IS NULL;

-- What the look for such causes asks every half a minute is found without counting.
CREATE INDEX arrivals_quarantined ON arrivals (account) WHERE state = 2;
CREATE INDEX refused_last ON refused (account, last_at);
CREATE INDEX hook_deliveries_given_up ON hook_deliveries (hook, tried_at) WHERE state = 2;
CREATE INDEX forwards_given_up ON forwards (account, tried_at) WHERE state = 2;
CREATE INDEX tellings_given_up ON tellings (tried_at, channel) WHERE state = 2;
