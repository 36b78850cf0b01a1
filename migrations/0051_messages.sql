-- Messages that were given up, to be shown and sent again.
CREATE INDEX tellings_to_send_again ON tellings (id) WHERE state = 2;
