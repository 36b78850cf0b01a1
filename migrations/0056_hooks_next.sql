-- What a hook is told next is found without going through all that waits: of each package the first that waits is marked,
-- and triggers move the mark in the transaction that adds a row or changes where one stands. A row that waits goes only
-- together with its package, so nothing moves then.
ALTER TABLE hook_deliveries ADD COLUMN head BIGINT NOT NULL DEFAULT 0;  -- 1: the first of its package that waits
UPDATE hook_deliveries SET head = 1
    WHERE id IN (SELECT min(id) FROM hook_deliveries WHERE state = 0 GROUP BY hook, account, package);
CREATE INDEX hook_deliveries_next ON hook_deliveries (hook, due) WHERE head = 1;
CREATE INDEX hook_deliveries_since ON hook_deliveries (hook, made_at) WHERE state = 0;
-- What waits and was tried in vain: that is little where much waits.
CREATE INDEX hook_deliveries_failed ON hook_deliveries (hook) WHERE state = 0 AND error IS NOT NULL;

-- The newest number: something of its package waits before it, or nothing does.
CREATE TRIGGER hook_deliveries_waits AFTER INSERT ON hook_deliveries WHEN NEW.state = 0
    AND NOT EXISTS (SELECT 1 FROM hook_deliveries INDEXED BY hook_deliveries_waiting
        WHERE hook = NEW.hook AND account = NEW.account AND package = NEW.package AND state = 0 AND id < NEW.id)
BEGIN
    UPDATE hook_deliveries SET head = 1 WHERE id = NEW.id;
END;
-- It is over: the next of its package is the first.
CREATE TRIGGER hook_deliveries_over AFTER UPDATE OF state ON hook_deliveries WHEN NEW.state <> 0 AND OLD.head = 1
BEGIN
    UPDATE hook_deliveries SET head = 0 WHERE id = NEW.id;
    UPDATE hook_deliveries SET head = 1 WHERE id = (SELECT min(id) FROM hook_deliveries INDEXED BY hook_deliveries_waiting
        WHERE hook = NEW.hook AND account = NEW.account AND package = NEW.package AND state = 0);
END;
-- It is told again: before whatever of its package came later.
CREATE TRIGGER hook_deliveries_again AFTER UPDATE OF state ON hook_deliveries WHEN NEW.state = 0 AND OLD.state <> 0
    AND NOT EXISTS (SELECT 1 FROM hook_deliveries INDEXED BY hook_deliveries_waiting
        WHERE hook = NEW.hook AND account = NEW.account AND package = NEW.package AND state = 0 AND id < NEW.id)
BEGIN
    UPDATE hook_deliveries SET head = 0 WHERE id = (SELECT min(id) FROM hook_deliveries INDEXED BY hook_deliveries_waiting
        WHERE hook = NEW.hook AND account = NEW.account AND package = NEW.package AND state = 0 AND id > NEW.id);
    UPDATE hook_deliveries SET head = 1 WHERE id = NEW.id;
END;
