-- By what the identity provider is asked whether somebody is still to come in.
CREATE TABLE vouchers (
    user     INTEGER PRIMARY KEY,
    refresh  BLOB   NOT NULL,  -- sealed, the key is in a file; empty: the provider gave nothing to ask with
    tried_at BIGINT NOT NULL   -- when it was last asked
);
CREATE TRIGGER voucher_gone AFTER DELETE ON users BEGIN DELETE FROM vouchers WHERE user = OLD.id; END;
