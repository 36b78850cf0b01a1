-- Messages that were given up, to be shown and sent again.
CREATE INDEX tellings_given_up ON tellings (id) WHERE state = 2;
