-- Who is signed in, and whom an identity provider means.

-- A session is known by the digest of its secret. What it may do is read from its key, never from here.
CREATE TABLE sessions (
    secret_digest BLOB    PRIMARY KEY CHECK (length(secret_digest) = 32),
    id            BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    thumbprint    BLOB    NOT NULL CHECK (length(thumbprint) = 32),
    method        TEXT    NOT NULL CHECK (method IN ('key', 'oidc')),
    created_at    INTEGER NOT NULL, -- Unix seconds
    last_used_at  INTEGER NOT NULL, -- Unix seconds, to within a minute
    expires_at    INTEGER NOT NULL  -- Unix seconds
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_key ON sessions (thumbprint, created_at);
CREATE INDEX sessions_by_use ON sessions (last_used_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Sessions end in the transaction that ends their key, whichever way it ends.
CREATE TRIGGER sessions_end_with_their_key
AFTER UPDATE OF revoked_index ON signing_keys WHEN NEW.revoked_index IS NOT NULL
BEGIN
    DELETE FROM sessions WHERE thumbprint = NEW.thumbprint;
END;

-- Provider and its name for somebody, as one keyed fingerprint.
CREATE TABLE identities (
    fingerprint BLOB PRIMARY KEY CHECK (length(fingerprint) = 32),
    person      BLOB NOT NULL CHECK (length(person) = 16)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_by_person ON identities (person);

-- What links a human being to the log goes together.
CREATE TRIGGER identities_end_with_their_person
AFTER UPDATE OF address ON persons WHEN NEW.address IS NULL
BEGIN
    DELETE FROM identities WHERE person = NEW.id;
    DELETE FROM invitations WHERE person = NEW.id AND inviter IS NULL AND used_by IS NULL;
END;
CREATE TRIGGER identities_end_without_their_person AFTER DELETE ON persons
BEGIN
    DELETE FROM identities WHERE person = OLD.id;
END;
