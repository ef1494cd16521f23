//! The program as people run it: what it prints, how it exits, and what it leaves on disk.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

mod browser;
mod folder;
mod proxy;
mod scene;
mod scrub;
mod support;

mod demo;
mod docs;
mod export;
mod help;
mod interruption;
mod keys;
mod mail;
mod members;
mod page;
mod page_attacked;
mod pins;
mod policy;
mod programs;
mod reload;
mod replay;
mod review;
mod serve;
mod shown;
mod submit;
mod takedown;
mod takeover;
mod tls;
mod trust;
mod typeset;
mod verify;
