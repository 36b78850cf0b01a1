-- No session gets the number of an earlier one: by its number a live stream is known, and a button that ends a session.
CREATE TABLE sessions_anew (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    hash       BLOB   NOT NULL UNIQUE,
    user       BIGINT NOT NULL,
    half       BIGINT NOT NULL,  -- 1: the second factor is still to come
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    remote     TEXT   NOT NULL,
    agent      TEXT   NOT NULL
);
INSERT INTO sessions_anew (id, hash, user, half, created_at, seen_at, remote, agent)
    SELECT id, hash, user, half, created_at, seen_at, remote, agent FROM sessions;
-- Its index and its triggers go with it.
DROP TABLE sessions;
ALTER TABLE sessions_anew RENAME TO sessions;
CREATE INDEX sessions_user ON sessions (user);
CREATE TRIGGER session_ended AFTER DELETE ON sessions BEGIN UPDATE ends SET n = n + 1; END;
CREATE TRIGGER session_begun AFTER INSERT ON sessions WHEN NEW.half = 0
BEGIN UPDATE users SET seen_at = NEW.seen_at WHERE id = NEW.user; END;
CREATE TRIGGER session_used AFTER UPDATE OF seen_at ON sessions WHEN NEW.half = 0
BEGIN UPDATE users SET seen_at = NEW.seen_at WHERE id = NEW.user; END;
