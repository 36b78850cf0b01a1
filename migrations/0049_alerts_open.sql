-- Alerts that stand: few among all that ever were. The page lists them and counts them by this alone.
CREATE INDEX alerts_open ON alerts (id, account, kind, taken_at, snoozed_until) WHERE resolved_at IS NULL;
