//! The verifier against a log made by the tests, true and tampered with.

mod acts;
mod entitlement;
mod events;
mod files;
mod histories;
mod inputs;
mod keys;
mod tamper;
mod verdicts;
mod world;
