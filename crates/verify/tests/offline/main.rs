//! The verifier against a log made by the tests, true and tampered with.

mod files;
mod inputs;
mod keys;
mod tamper;
mod verdicts;
mod world;
