//! The append-only log: RFC 9162 tree and the C2SP formats around it.
