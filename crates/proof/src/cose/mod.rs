//! COSE signed statements, receipts and transparent statements.
