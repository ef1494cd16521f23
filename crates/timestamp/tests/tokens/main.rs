//! Tokens of a real authority, OpenSSL's, and everything that must not pass for one.

#![forbid(unsafe_code)]

mod authority;
mod chains;
mod forged;
mod genuine;
