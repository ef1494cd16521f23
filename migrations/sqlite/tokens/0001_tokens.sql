-- Request tokens seen, until they expire, so that none is accepted twice. A file of its own, so that
-- requests do not wait for batches, nor batches for requests.
CREATE TABLE token_ids (
    token_id   BLOB    PRIMARY KEY,
    expires_at INTEGER NOT NULL -- Unix seconds
) STRICT, WITHOUT ROWID;
CREATE INDEX token_ids_by_expiry ON token_ids (expires_at);
