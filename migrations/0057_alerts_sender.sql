-- Whose package an alert is of, as the package's row says it, so that who sees some senders' packages alone finds and counts
-- theirs without going through everybody's. Triggers keep it, in the transaction that changes either.
ALTER TABLE alerts ADD COLUMN sender TEXT;  -- NULL: nobody is known, or it is of no package
UPDATE alerts SET sender = (SELECT p.sender FROM packages p WHERE p.account = alerts.account AND p.package = alerts.package)
    WHERE package <> '';
CREATE INDEX alerts_sender ON alerts (sender, id, account, kind, taken_at, snoozed_until)
    WHERE sender IS NOT NULL AND resolved_at IS NULL;
CREATE INDEX alerts_sender_resolved ON alerts (sender, id) WHERE sender IS NOT NULL AND resolved_at IS NOT NULL;

CREATE TRIGGER alerts_put AFTER INSERT ON alerts WHEN NEW.package <> ''
BEGIN
    UPDATE alerts SET sender = (SELECT p.sender FROM packages p WHERE p.account = NEW.account AND p.package = NEW.package)
        WHERE id = NEW.id;
END;
CREATE TRIGGER alerts_sender_changed AFTER UPDATE OF sender ON packages WHEN NEW.sender IS NOT OLD.sender
BEGIN
    UPDATE alerts SET sender = NEW.sender WHERE account = NEW.account AND package = NEW.package;
END;
