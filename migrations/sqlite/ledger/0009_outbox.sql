-- Messages to people: written with the step that causes them, sent afterwards.

CREATE TABLE outbox (
    id         BLOB    PRIMARY KEY CHECK (length(id) = 16), -- also what its Message-ID is made of
    about      BLOB    NOT NULL CHECK (length(about) = 16), -- case or hold; sealed under its key
    step_index INTEGER NOT NULL, -- statement of the step that causes it
    occasion   TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('due', 'sent', 'failed')),
    sealed     BLOB,   -- recipient, subject and text, until it is sent or given up
    queued_at  INTEGER NOT NULL, -- Unix seconds, as all times here
    next_try   INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    problem    TEXT,   -- what the last attempt met, without names
    settled_at INTEGER,
    CHECK ((state = 'due') = (sealed IS NOT NULL)),
    CHECK ((state = 'due') = (settled_at IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (next_try) WHERE state = 'due';
CREATE INDEX outbox_about ON outbox (about, step_index);

-- The case link, sealed under the case's key, until the case is closed: letters repeat it.
CREATE TABLE case_links (
    case_id BLOB PRIMARY KEY CHECK (length(case_id) = 16),
    sealed  BLOB NOT NULL
) STRICT, WITHOUT ROWID;
