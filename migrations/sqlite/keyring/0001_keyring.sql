-- The keyring: wrapped data keys, in a file of their own.

-- One row per submission that ever had a key. A destroyed key leaves its row, so that no new one is made.
-- Subjects are random: only their index grows everywhere, rows and epochs grow at their right edge.
CREATE TABLE submission_keys (
    subject BLOB    NOT NULL UNIQUE CHECK (length(subject) = 16),
    epoch   INTEGER CHECK (epoch > 0), -- key-encryption key that wraps it
    wrapped BLOB,
    CHECK ((epoch IS NULL) = (wrapped IS NULL))
) STRICT;
CREATE INDEX submission_keys_by_epoch ON submission_keys (epoch) WHERE epoch IS NOT NULL;

-- Keys of sealed objects, each wrapped under the key of its submission.
CREATE TABLE object_keys (
    object  BLOB PRIMARY KEY CHECK (length(object) = 16),
    subject BLOB NOT NULL CHECK (length(subject) = 16),
    wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX object_keys_by_subject ON object_keys (subject);
