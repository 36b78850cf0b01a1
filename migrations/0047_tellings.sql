-- When who was told of an alert is reminded, and how often that was done.
ALTER TABLE alerts ADD COLUMN nag_at BIGINT;  -- not before, and only while nobody sees to it; NULL: nobody is reminded
ALTER TABLE alerts ADD COLUMN nags BIGINT NOT NULL DEFAULT 0;
CREATE INDEX alerts_nag ON alerts (nag_at) WHERE nag_at IS NOT NULL AND resolved_at IS NULL AND taken_at IS NULL;

-- What waits for an address, and when it was last written to.
DROP INDEX tellings_to;
CREATE INDEX tellings_waiting ON tellings (channel, address, due) WHERE state = 0;
CREATE INDEX tellings_told ON tellings (channel, address, tried_at) WHERE state = 1;

-- What is forgotten is forgotten whole.
CREATE TRIGGER alerts_gone AFTER DELETE ON packages
BEGIN
    DELETE FROM tellings WHERE alert IN (SELECT id FROM alerts WHERE account = OLD.account AND package = OLD.package);
    DELETE FROM alerts WHERE account = OLD.account AND package = OLD.package;
    DELETE FROM followers WHERE account = OLD.account AND package = OLD.package;
END;
CREATE TRIGGER wishes_gone AFTER DELETE ON users
BEGIN
    DELETE FROM followers WHERE user = OLD.id;
    DELETE FROM wishes WHERE user = OLD.id;
END;
