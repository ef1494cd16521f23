-- Files of submissions: what is stored, where, and what is still arriving. Content is in the vault.

-- Only files that are complete and durable. A packed file lies inside another object.
CREATE TABLE files (
    subject     BLOB    NOT NULL CHECK (length(subject) = 16),
    sha256      BLOB    NOT NULL CHECK (length(sha256) = 32),
    size        INTEGER NOT NULL CHECK (size >= 0),
    object      BLOB    NOT NULL CHECK (length(object) = 16), -- names its key
    pack        BLOB    CHECK (length(pack) = 16),
    pack_offset INTEGER CHECK (pack_offset >= 0),
    PRIMARY KEY (subject, sha256),
    CHECK ((pack IS NULL) = (pack_offset IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
    subject   BLOB    NOT NULL CHECK (length(subject) = 16),
    sha256    BLOB    NOT NULL CHECK (length(sha256) = 32),
    size      INTEGER NOT NULL CHECK (size >= 0),
    object    BLOB    NOT NULL UNIQUE CHECK (length(object) = 16),
    received  INTEGER NOT NULL CHECK (received BETWEEN 0 AND size),
    next_part INTEGER NOT NULL CHECK (next_part > 0),
    PRIMARY KEY (subject, sha256)
) STRICT, WITHOUT ROWID;

-- Durable parts of objects, of uploads and of stored files alike. Numbers are never used twice.
CREATE TABLE parts (
    object      BLOB    NOT NULL CHECK (length(object) = 16),
    first_byte  INTEGER NOT NULL CHECK (first_byte >= 0),
    length      INTEGER NOT NULL CHECK (length > 0),
    part_number INTEGER NOT NULL CHECK (part_number > 0),
    PRIMARY KEY (object, first_byte),
    UNIQUE (object, part_number)
) STRICT, WITHOUT ROWID;
