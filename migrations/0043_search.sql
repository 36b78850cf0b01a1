-- What a search finds packages by: the words of `search`, each also by its first letters. The rows are not kept twice;
-- the triggers see to it that the words are always theirs, in the transaction that changes them.
CREATE VIRTUAL TABLE package_words USING fts5 (
    search, content = 'packages', content_rowid = 'id', columnsize = 0, tokenize = 'ascii', prefix = '1 2 3'
);
INSERT INTO package_words (package_words) VALUES ('rebuild');
CREATE TRIGGER package_words_put AFTER INSERT ON packages BEGIN
    INSERT INTO package_words (rowid, search) VALUES (NEW.id, NEW.search);
END;
CREATE TRIGGER package_words_changed AFTER UPDATE OF search ON packages WHEN NEW.search <> OLD.search BEGIN
    INSERT INTO package_words (package_words, rowid, search) VALUES ('delete', OLD.id, OLD.search);
    INSERT INTO package_words (rowid, search) VALUES (NEW.id, NEW.search);
END;
CREATE TRIGGER package_words_gone AFTER DELETE ON packages BEGIN
    INSERT INTO package_words (package_words, rowid, search) VALUES ('delete', OLD.id, OLD.search);
END;

-- Each order of a list: what stands on a shelf, in that order. A list of all is put together out of these. An index ends
-- with the row's id by itself; where that is named once more, a page can't begin in the middle of equals.
DROP INDEX packages_updated;
DROP INDEX packages_shelf;
DROP INDEX packages_sender;
CREATE INDEX packages_updated ON packages (shelf, updated);
CREATE INDEX packages_due ON packages (shelf, due);
CREATE INDEX packages_name ON packages (shelf, name);
CREATE INDEX packages_created ON packages (shelf, created);
CREATE INDEX packages_sender ON packages (sender, updated) WHERE sender IS NOT NULL;
-- Those of whom there are never many.
CREATE INDEX packages_ready ON packages (id) WHERE ready = 1;
-- With what is needed to count them for somebody, and to show the latest.
DROP INDEX packages_attention;
CREATE INDEX packages_attention ON packages (attention_until, updated, account, sender) WHERE attention_until IS NOT NULL;
