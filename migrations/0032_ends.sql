-- Somebody's end takes effect at once, whoever wrote it down: the board, or a command beside it. This number grows with
-- each, and the board looks at it.
CREATE TABLE ends (n BIGINT NOT NULL);
INSERT INTO ends (n) VALUES (0);
CREATE TRIGGER session_ended AFTER DELETE ON sessions BEGIN UPDATE ends SET n = n + 1; END;
CREATE TRIGGER user_changed AFTER UPDATE OF role, accounts, mine, aliases, disabled_at ON users
WHEN OLD.role IS NOT NEW.role OR OLD.accounts IS NOT NEW.accounts OR OLD.mine IS NOT NEW.mine
    OR OLD.aliases IS NOT NEW.aliases OR OLD.disabled_at IS NOT NEW.disabled_at
BEGIN UPDATE ends SET n = n + 1; END;
CREATE TRIGGER user_gone AFTER DELETE ON users BEGIN UPDATE ends SET n = n + 1; END;
CREATE TRIGGER token_ended AFTER UPDATE OF ended_at ON tokens WHEN OLD.ended_at IS NOT NEW.ended_at
BEGIN UPDATE ends SET n = n + 1; END;
CREATE TRIGGER token_gone AFTER DELETE ON tokens BEGIN UPDATE ends SET n = n + 1; END;

-- When somebody last used the board: their sessions are forgotten, this is not.
ALTER TABLE users ADD COLUMN seen_at BIGINT;
CREATE TRIGGER session_begun AFTER INSERT ON sessions WHEN NEW.half = 0
BEGIN UPDATE users SET seen_at = NEW.seen_at WHERE id = NEW.user; END;
CREATE TRIGGER session_used AFTER UPDATE OF seen_at ON sessions WHEN NEW.half = 0
BEGIN UPDATE users SET seen_at = NEW.seen_at WHERE id = NEW.user; END;
