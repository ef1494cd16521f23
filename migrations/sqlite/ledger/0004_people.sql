-- People, programs, and what the statements about a submission come to.

-- Data collections. Title and client are sealed under the program's own key.
CREATE TABLE programs (
    name             TEXT    PRIMARY KEY,
    id               BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    clearance_policy TEXT    NOT NULL,
    allowed_risk     TEXT    NOT NULL CHECK (allowed_risk IN ('none-known', 'low', 'medium', 'high')),
    profile          BLOB,
    opened_at        INTEGER NOT NULL -- Unix seconds
) STRICT, WITHOUT ROWID;

-- Two are there from the beginning: the one whose administrators run the service, and one to work in.
INSERT INTO programs VALUES ('operations', randomblob(16), 'standard', 'none-known', NULL, unixepoch());
INSERT INTO programs VALUES ('main', randomblob(16), 'standard', 'low', NULL, unixepoch());
INSERT OR IGNORE INTO programs
    SELECT DISTINCT program, randomblob(16), 'standard', 'low', NULL, unixepoch() FROM signing_keys;

-- Human beings. Name and address are sealed under a key of their own; erasing leaves the number.
CREATE TABLE persons (
    id      BLOB PRIMARY KEY CHECK (length(id) = 16),
    address BLOB UNIQUE CHECK (length(address) = 32), -- keyed fingerprint of the e-mail address
    profile BLOB
) STRICT, WITHOUT ROWID;

ALTER TABLE signing_keys ADD COLUMN person BLOB CHECK (length(person) = 16);
ALTER TABLE signing_keys ADD COLUMN replaces BLOB CHECK (length(replaces) = 32);
CREATE INDEX signing_keys_by_person ON signing_keys (person) WHERE person IS NOT NULL;
CREATE INDEX signing_keys_by_program ON signing_keys (program, enrolled_index);

ALTER TABLE invitations ADD COLUMN person BLOB CHECK (length(person) = 16);

-- Officers' approvals to replace a lost key.
CREATE TABLE key_approvals (
    leaf_index  INTEGER PRIMARY KEY,
    lost        BLOB NOT NULL CHECK (length(lost) = 32),
    replacement BLOB NOT NULL CHECK (length(replacement) = 32),
    officer     BLOB NOT NULL CHECK (length(officer) = 32)
) STRICT;
CREATE INDEX key_approvals_by_lost ON key_approvals (lost, leaf_index);

-- Bits of attested: 1 request manifest, 2 deliverable manifest, 4 own work, 8 NDA check, 16 redaction check,
-- 32 task authority, 64 effort. Bits of cleared and published_purposes: 1 training, 2 evaluation, 4 redistribution.
ALTER TABLE submissions ADD COLUMN program TEXT NOT NULL DEFAULT 'main';
ALTER TABLE submissions ADD COLUMN said_index INTEGER NOT NULL DEFAULT 0; -- last statement by a person
ALTER TABLE submissions ADD COLUMN attested INTEGER NOT NULL DEFAULT 0 CHECK (attested BETWEEN 0 AND 127);
ALTER TABLE submissions ADD COLUMN attested_index INTEGER;
ALTER TABLE submissions ADD COLUMN review_index INTEGER;
ALTER TABLE submissions ADD COLUMN review_accepted INTEGER CHECK (review_accepted IN (0, 1));
ALTER TABLE submissions ADD COLUMN reviewer BLOB CHECK (length(reviewer) = 32);
ALTER TABLE submissions ADD COLUMN cleared INTEGER NOT NULL DEFAULT 0 CHECK (cleared BETWEEN 0 AND 7);
ALTER TABLE submissions ADD COLUMN published TEXT;
ALTER TABLE submissions ADD COLUMN published_purposes INTEGER NOT NULL DEFAULT 0 CHECK (published_purposes BETWEEN 0 AND 7);
ALTER TABLE submissions ADD COLUMN decision_due INTEGER NOT NULL DEFAULT 0 CHECK (decision_due IN (0, 1));
UPDATE submissions SET
    program = coalesce((SELECT program FROM signing_keys WHERE thumbprint = owner), 'main'),
    said_index = coalesce((SELECT max(leaf_index) FROM entries WHERE subject = submissions.id), opened_index);

-- Policy files by content: every version that was in force stays readable.
CREATE TABLE policy_files (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    bytes  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Submissions that wait for a decision about clearance: after a review, or under new rules.
CREATE INDEX submissions_undecided ON submissions (opened_index) WHERE decision_due = 1;
CREATE INDEX submissions_by_program ON submissions (program, opened_index);
-- Submissions whose public word is still to be logged: none, but for moments.
CREATE INDEX submissions_due ON submissions (opened_index) WHERE
    (withdrawn = 1 AND coalesce(published, '') <> 'withdrawn') OR
    (withdrawn = 0 AND cleared <> 0 AND (coalesce(published, '') <> 'cleared' OR published_purposes <> cleared)) OR
    (withdrawn = 0 AND cleared = 0 AND coalesce(published, 'uncleared') <> 'uncleared');
