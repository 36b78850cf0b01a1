-- Sweeps that people ask for: they may wait for another one, be limited, be stopped, or change nothing.
ALTER TABLE runs ADD COLUMN until    BIGINT;                     -- what changed later is left alone; NULL: nothing is
ALTER TABLE runs ADD COLUMN asked_by TEXT;                       -- who asked for it; NULL: it was due
ALTER TABLE runs ADD COLUMN begun    BIGINT NOT NULL DEFAULT 1;  -- 0: it waits for its turn
ALTER TABLE runs ADD COLUMN total    BIGINT NOT NULL DEFAULT 0;  -- how many the list held when it was last read
ALTER TABLE runs ADD COLUMN unread   BIGINT NOT NULL DEFAULT 0;  -- what it could not compare: unreadable, or not ours
ALTER TABLE runs ADD COLUMN row      BIGINT NOT NULL DEFAULT 0;  -- behind which open packages are looked for
ALTER TABLE runs ADD COLUMN stop     BIGINT NOT NULL DEFAULT 0;  -- somebody wants it to end
ALTER TABLE runs ADD COLUMN dry      BIGINT NOT NULL DEFAULT 0;  -- it says what it would change, and changes nothing
DROP INDEX runs_open;
CREATE UNIQUE INDEX runs_open ON runs (account) WHERE ended_at IS NULL AND begun = 1;
CREATE INDEX runs_waiting ON runs (account, id) WHERE begun = 0;
