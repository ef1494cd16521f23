-- What admission rests on besides keys: who invited, and which submissions are being prepared.

-- Who made the open invitations so far is not known, so they cannot end with their maker's key.
DELETE FROM invitations WHERE used_by IS NULL;

-- Key that made the invitation; NULL for the one that opens a new log, made by whoever runs it.
ALTER TABLE invitations ADD COLUMN inviter BLOB CHECK (length(inviter) = 32);

-- Submissions that have files or payloads, until their first statement.
CREATE TABLE drafts (
    submission BLOB    PRIMARY KEY CHECK (length(submission) = 16),
    owner      BLOB    NOT NULL CHECK (length(owner) = 32), -- key that began it
    touched_at INTEGER NOT NULL, -- Unix seconds, to within a day
    state      TEXT    NOT NULL CHECK (state IN ('open', 'retiring', 'retired'))
) STRICT, WITHOUT ROWID;
CREATE INDEX drafts_by_owner ON drafts (owner) WHERE state = 'open';
CREATE INDEX drafts_by_age ON drafts (touched_at) WHERE state <> 'retired';

-- When an open upload was last seen to move, and where it was then.
ALTER TABLE uploads ADD COLUMN seen_at INTEGER; -- Unix seconds
ALTER TABLE uploads ADD COLUMN seen_received INTEGER;

-- Request tokens are kept in a file of their own now.
DROP TABLE token_ids;
