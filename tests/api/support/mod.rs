//! What the API tests share: a service in this process, callers with keys, statements to send.
//!
//! Requests, tokens and statements are made by hand from the formats, not by the code that the
//! commands use, so that a mistake in one is not repeated in the other.

mod call;
mod cases;
mod dossier;
mod member;
mod office;
mod payload;
mod people;
mod post;
mod server;
mod statement;
mod token;

pub use call::{Answer, Call};
pub use cases::{Step, case_approval, case_step, hold, hold_on, hold_release};
pub use dossier::Work;
pub use member::Member;
pub use office::{approval, review};
pub use payload::{effort, manifest, withdrawal};
pub use post::{MailServer, courier, courier_with};
pub use server::{ORIGIN, Server, findings, fsck, stopped};
pub use statement::{Draft, Message, cbor};
pub use token::Token;

use attestry::{
    cli::submit::Searched,
    entropy::{OsEntropy, random_bytes, random_uuid},
};
use attestry_proof::payload::redaction_check::Scan;
use uuid::Uuid;

/// A problem as a table of refusals states it: status, last part of `type`, title.
pub type Refusal = (u16, &'static str, &'static str);

pub fn new_id() -> Uuid {
    random_uuid(&OsEntropy)
}

/// As if the files had been searched by reading.
pub fn by_reading() -> Searched {
    let how = Scan::Manual("Read from end to end.".parse().unwrap());
    Searched::new(how, Vec::new(), [])
}

pub fn random<const N: usize>() -> [u8; N] {
    random_bytes(&OsEntropy)
}
