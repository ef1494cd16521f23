-- The ledger: what was appended, in order, and the state that judgements rest on.

-- One row: the tree head. Every append locks it first.
CREATE TABLE head (
    only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
    size      INTEGER NOT NULL CHECK (size >= 0),
    root      BLOB    NOT NULL CHECK (length(root) = 32)
) STRICT;

-- One row per committed batch; the key makes two roots for one size impossible.
CREATE TABLE batches (
    size         INTEGER PRIMARY KEY,
    first_index  INTEGER NOT NULL,
    root         BLOB    NOT NULL CHECK (length(root) = 32),
    batch_id     BLOB    NOT NULL CHECK (length(batch_id) = 16),
    committed_at INTEGER NOT NULL -- Unix milliseconds
) STRICT;

CREATE TABLE entries (
    leaf_index   INTEGER PRIMARY KEY,
    issued_at    INTEGER NOT NULL, -- Unix seconds, as claimed by the signer
    leaf_hash    BLOB    NOT NULL CHECK (length(leaf_hash) = 32),
    subject      BLOB    NOT NULL CHECK (length(subject) IN (16, 32)), -- submission id or key thumbprint
    issuer       BLOB    NOT NULL CHECK (length(issuer) = 32),
    content_type TEXT    NOT NULL,
    entry        BLOB    NOT NULL
) STRICT;

-- Led by time, so that it grows at its right edge instead of everywhere.
CREATE UNIQUE INDEX entries_by_statement ON entries (issued_at, leaf_hash);
CREATE INDEX entries_by_subject ON entries (subject, leaf_index);

-- What entries commit to. Sealed bodies are unreadable without the keyring; a row leaves when it is erased.
CREATE TABLE payloads (
    leaf_index INTEGER PRIMARY KEY,
    digest     BLOB    NOT NULL CHECK (length(digest) = 32),
    sealed     INTEGER NOT NULL CHECK (sealed IN (0, 1)),
    body       BLOB    NOT NULL
) STRICT;
CREATE INDEX payloads_published ON payloads (digest) WHERE sealed = 0;

-- Payloads sent ahead of their statement.
CREATE TABLE staged_payloads (
    subject   BLOB    NOT NULL CHECK (length(subject) = 16),
    digest    BLOB    NOT NULL CHECK (length(digest) = 32),
    body      BLOB    NOT NULL,
    staged_at INTEGER NOT NULL, -- Unix seconds
    PRIMARY KEY (subject, digest)
) STRICT, WITHOUT ROWID;

-- Full hash tiles only; partial ones are cut from the level below.
CREATE TABLE tiles (
    level      INTEGER NOT NULL,
    tile_index INTEGER NOT NULL,
    hashes     BLOB    NOT NULL CHECK (length(hashes) = 8192),
    PRIMARY KEY (level, tile_index)
) STRICT, WITHOUT ROWID;

-- Keys that may sign. A change raises the version, which judgements in flight notice.
CREATE TABLE signing_keys (
    thumbprint     BLOB    PRIMARY KEY CHECK (length(thumbprint) = 32),
    public_key     BLOB    NOT NULL CHECK (length(public_key) = 32),
    roles          TEXT    NOT NULL, -- space separated
    program        TEXT    NOT NULL,
    enrolled_index INTEGER NOT NULL,
    revoked_index  INTEGER,
    version        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Submissions, each owned by the key that first spoke about it.
CREATE TABLE submissions (
    id           BLOB    PRIMARY KEY CHECK (length(id) = 16),
    owner        BLOB    NOT NULL CHECK (length(owner) = 32),
    opened_index INTEGER NOT NULL,
    withdrawn    INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX submissions_by_owner ON submissions (owner, opened_index);

-- Manifests whose every file is stored; a manifest statement is admitted only for one of these.
CREATE TABLE manifests (
    submission BLOB    NOT NULL CHECK (length(submission) = 16),
    commitment BLOB    NOT NULL CHECK (length(commitment) = 32),
    role       TEXT    NOT NULL CHECK (role IN ('request', 'deliverable')),
    files      INTEGER NOT NULL CHECK (files > 0),
    bytes      INTEGER NOT NULL CHECK (bytes >= 0),
    openings   BLOB    NOT NULL CHECK (length(openings) = 32), -- SHA-256 of the stored openings file
    PRIMARY KEY (submission, commitment)
) STRICT, WITHOUT ROWID;

-- One-time enrolment codes, known by their digest only.
CREATE TABLE invitations (
    code_digest BLOB    PRIMARY KEY CHECK (length(code_digest) = 32),
    roles       TEXT    NOT NULL,
    program     TEXT    NOT NULL,
    expires_at  INTEGER NOT NULL, -- Unix seconds
    used_by     BLOB
) STRICT, WITHOUT ROWID;

-- Request tokens seen, until they expire, so that none is accepted twice.
CREATE TABLE token_ids (
    token_id   BLOB    PRIMARY KEY,
    expires_at INTEGER NOT NULL -- Unix seconds
) STRICT, WITHOUT ROWID;
CREATE INDEX token_ids_by_expiry ON token_ids (expires_at);

-- Facts that belong to the log as a whole: the policy version in force.
CREATE TABLE policy_versions (
    leaf_index INTEGER PRIMARY KEY,
    digest     BLOB    NOT NULL CHECK (length(digest) = 32),
    version    INTEGER NOT NULL UNIQUE
) STRICT;
