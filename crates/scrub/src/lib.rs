//! Finds what must not leave, visible and hidden, in the bytes of one file.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
