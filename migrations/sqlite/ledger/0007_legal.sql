-- Holds, takedown cases, erasure; and which payloads are under another key than their subject's.

-- Vault id whose key a payload is sealed under; NULL in rows from before: that of the entry's subject.
ALTER TABLE payloads ADD COLUMN sealed_under BLOB CHECK (length(sealed_under) = 16);

CREATE TABLE holds (
    id             BLOB    PRIMARY KEY CHECK (length(id) = 16),
    program        TEXT    NOT NULL,
    scope          TEXT    NOT NULL CHECK (scope IN ('submissions', 'contractor', 'program')),
    contractor     BLOB    CHECK (length(contractor) = 32), -- key that owns what is held; follows its successor
    placed_index   INTEGER NOT NULL,
    released_index INTEGER,
    CHECK ((scope = 'contractor') = (contractor IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX holds_in_place ON holds (program, scope, contractor) WHERE released_index IS NULL;

CREATE TABLE held_submissions (
    submission BLOB NOT NULL CHECK (length(submission) = 16),
    hold       BLOB NOT NULL CHECK (length(hold) = 16),
    PRIMARY KEY (submission, hold)
) STRICT, WITHOUT ROWID;

-- What was said in a case is in the log; here is where it stands. Text is sealed elsewhere.
CREATE TABLE cases (
    id           BLOB    PRIMARY KEY CHECK (length(id) = 16),
    program      TEXT    NOT NULL,
    ground       TEXT    NOT NULL,
    channel      TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    step_leaf    BLOB    NOT NULL CHECK (length(step_leaf) = 32), -- statement that brought it there
    step_index   INTEGER NOT NULL,
    opened_index INTEGER NOT NULL,
    concerned    BLOB    CHECK (length(concerned) = 32), -- SHA-256 of the list
    link         BLOB    UNIQUE CHECK (length(link) = 32) -- SHA-256 of the secret in the case link
) STRICT, WITHOUT ROWID;
CREATE INDEX cases_by_program ON cases (program, opened_index);
CREATE INDEX cases_open ON cases (opened_index) WHERE state <> 'closed';

CREATE TABLE case_submissions (
    submission BLOB    NOT NULL CHECK (length(submission) = 16),
    case_id    BLOB    NOT NULL CHECK (length(case_id) = 16),
    files      BLOB, -- SHA-256 after SHA-256; NULL for the whole submission
    locked     INTEGER NOT NULL CHECK (locked IN (0, 1)), -- in quarantine by this case
    PRIMARY KEY (submission, case_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_submissions_by_case ON case_submissions (case_id, submission);

-- When a case came to each state.
CREATE TABLE case_history (
    leaf_index INTEGER PRIMARY KEY,
    case_id    BLOB    NOT NULL CHECK (length(case_id) = 16),
    state      TEXT    NOT NULL,
    at         INTEGER NOT NULL -- Unix seconds, as the statement says
) STRICT;
CREATE INDEX case_history_by_case ON case_history (case_id, leaf_index);

CREATE TABLE case_approvals (
    leaf_index INTEGER PRIMARY KEY,
    case_id    BLOB NOT NULL CHECK (length(case_id) = 16),
    officer    BLOB NOT NULL CHECK (length(officer) = 32),
    approves   BLOB NOT NULL CHECK (length(approves) = 32), -- leaf hash of the decision
    leaf_hash  BLOB NOT NULL CHECK (length(leaf_hash) = 32)
) STRICT;
CREATE INDEX case_approvals_by_case ON case_approvals (case_id, leaf_index);

-- One row for each order, from the order to the end of it.
CREATE TABLE erasures (
    ordered_index INTEGER PRIMARY KEY,
    order_leaf    BLOB    NOT NULL CHECK (length(order_leaf) = 32),
    submission    BLOB    NOT NULL CHECK (length(submission) = 16),
    case_id       BLOB    NOT NULL CHECK (length(case_id) = 16),
    files         BLOB,   -- SHA-256 after SHA-256; NULL for everything
    journalled    INTEGER NOT NULL DEFAULT 0 CHECK (journalled IN (0, 1)),
    keys          INTEGER, -- counted before anything is destroyed
    objects       INTEGER,
    payloads      INTEGER,
    erased_index  INTEGER
) STRICT;
CREATE INDEX erasures_pending ON erasures (ordered_index) WHERE erased_index IS NULL;
CREATE INDEX erasures_by_submission ON erasures (submission);
CREATE INDEX erasures_by_case ON erasures (case_id);

-- Keyed fingerprints of files that were erased: the same bytes are refused when they come back.
CREATE TABLE refused_files (
    fingerprint BLOB PRIMARY KEY CHECK (length(fingerprint) = 32)
) STRICT, WITHOUT ROWID;

ALTER TABLE submissions ADD COLUMN quarantined INTEGER NOT NULL DEFAULT 0; -- cases that lock it
ALTER TABLE submissions ADD COLUMN ordered_index INTEGER; -- order to erase everything
ALTER TABLE submissions ADD COLUMN erased_index INTEGER;

DROP INDEX submissions_due;
CREATE INDEX submissions_due ON submissions (opened_index) WHERE published IS NOT CASE
    WHEN erased_index IS NOT NULL THEN 'erased'
    WHEN withdrawn = 1 THEN 'withdrawn'
    WHEN published IS NULL AND cleared = 0 THEN NULL
    WHEN quarantined > 0 THEN 'quarantined'
    WHEN cleared <> 0 THEN 'cleared'
    ELSE 'uncleared' END
  OR (published = 'cleared' AND published_purposes <> cleared);

-- Asked each second: which of them has no case yet.
CREATE INDEX submissions_withdrawn ON submissions (opened_index) WHERE withdrawn = 1;

-- Nothing is searched that is to be destroyed.
DROP INDEX submissions_unscanned;
CREATE INDEX submissions_unscanned ON submissions (opened_index) WHERE
    attested = 127 AND withdrawn = 0 AND ordered_index IS NULL AND coalesce(scan_index, -1) < attested_index;
