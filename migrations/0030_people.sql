-- Who may use the board.
CREATE TABLE users (
    id          INTEGER PRIMARY KEY,
    email       TEXT   NOT NULL UNIQUE,  -- in lower case
    name        TEXT   NOT NULL,         -- as shown; empty: the mail address is
    role        TEXT   NOT NULL,         -- viewer | sender | admin
    accounts    TEXT,                    -- JSON array of the accounts that they see; NULL: all
    mine        BIGINT NOT NULL,         -- 1: they see only what they sent
    aliases     TEXT   NOT NULL,         -- JSON array of mail addresses, in lower case, under which they send, too
    password    TEXT,                    -- argon2id; NULL: none, they come by OpenID Connect or have yet to set one
    totp        TEXT,                    -- the secret of the second factor, base32; NULL: none
    totp_used   BIGINT NOT NULL DEFAULT 0, -- the last step that was used: no code counts twice
    subject     TEXT   UNIQUE,           -- issuer and subject at the OpenID Connect provider
    zone        TEXT,                    -- the zone in which they read times; NULL: the server's
    created_at  BIGINT NOT NULL,
    checked_at  BIGINT,                  -- when their OpenID Connect provider last vouched for them
    disabled_at BIGINT                   -- NULL: they may sign in
);

-- Who is signed in. The cookie holds a secret, and here is only its hash.
CREATE TABLE sessions (
    id         INTEGER PRIMARY KEY,
    hash       BLOB   NOT NULL UNIQUE,
    user       BIGINT NOT NULL,
    half       BIGINT NOT NULL,  -- 1: the second factor is still to come
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    remote     TEXT   NOT NULL,
    agent      TEXT   NOT NULL
);
CREATE INDEX sessions_user ON sessions (user);

-- Links that work once: for the first admin, an invitation, a new password.
CREATE TABLE once_links (
    hash       BLOB   PRIMARY KEY,
    kind       TEXT   NOT NULL,  -- first | invite | reset
    user       BIGINT,           -- NULL: whoever becomes the first admin
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;

-- What programs and wall screens show instead of a sign-in.
CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY,
    name       TEXT   NOT NULL,
    prefix     TEXT   NOT NULL,  -- how the token begins, to tell it apart
    hash       BLOB   NOT NULL UNIQUE,
    scope      TEXT   NOT NULL,  -- read | resync | screen
    accounts   TEXT,             -- JSON array; NULL: all
    senders    TEXT,             -- JSON array of mail addresses, in lower case; NULL: whoever sent it
    query      TEXT,             -- the one board that a screen shows, as in its address
    user       BIGINT,           -- whose it is, and with whom it ends; NULL: nobody's
    created_at BIGINT NOT NULL,
    used_at    BIGINT,
    expires_at BIGINT,
    ended_at   BIGINT
);

-- Who did what. Nothing is changed or taken away but what is older than its keeping.
CREATE TABLE audit (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at     BIGINT NOT NULL,
    who    TEXT   NOT NULL,  -- a mail address, a token's name, or how else it came
    kind   TEXT   NOT NULL,
    what   TEXT   NOT NULL,  -- a sentence's object: the package, the account, the person
    remote TEXT   NOT NULL
);
CREATE INDEX audit_kind ON audit (kind, id);
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN
    SELECT raise(ABORT, 'the audit is never changed');
END;
