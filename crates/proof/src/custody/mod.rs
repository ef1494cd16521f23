//! Custody: what happened to a submission, event by event, in the fields that a chain of custody has.
//!
//! An event is derived from one statement: header, and payload where it can be read. So whoever has
//! the statements derives the same record, and a record that was handed over can be checked.
//!
//! Not here: whether the statements are genuine, and in which log.

mod derive;
mod table;

use serde::{Deserialize, Serialize};

pub use table::{COLUMNS, to_csv};

use crate::{
    hash::Hash,
    payload::fields::{Digest, Timestamp},
};

/// Schema of a written custody record.
pub const CUSTODY_SCHEMA: &str = "attestry/custody/v1";
/// What an event is called whose payload nobody can read.
pub const UNREADABLE: &str = "unreadable";

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodyEvent {
    /// Position in the log.
    pub index: u64,
    /// Leaf hash of the statement.
    pub leaf: Digest,
    /// What it is about: the submission, or a hold or case that concerns it.
    pub subject: String,
    /// Leaf hash of the event before it about the same subject.
    pub previous: Option<Digest>,
    /// Kind of statement; [`UNREADABLE`] without its payload.
    pub event: String,
    /// Whether the payload is there.
    pub payload: PayloadState,
    /// SHA-256 of the payload.
    pub payload_sha256: Digest,
    /// Who acted.
    pub signed_by: Party,
    /// Who received something, where something was handed over.
    pub received_by: Option<Party>,
    /// What for.
    pub purpose: Option<String>,
    /// On which ground or by which rules.
    pub authority: Option<String>,
    /// What was there before, by digest.
    pub before: Vec<Content>,
    /// What is there afterwards, by digest.
    pub after: Vec<Content>,
    /// The log in which it is recorded.
    pub location: String,
    /// Program and version that made it, where that is stated.
    pub tool: Option<String>,
    /// SHA-256 of the rules that it was made by.
    pub configuration: Option<Digest>,
    /// When, by the signer's clock.
    pub signed_at: Timestamp,
    /// When it was logged, by the service's clock; nothing in the log proves it.
    pub logged_at: Timestamp,
    /// Holds that it places or ends.
    pub holds: Vec<String>,
    /// Condition, exception or outcome, in a line.
    pub note: Option<String>,
    /// How something was destroyed, and who agreed.
    pub disposal: Option<Disposal>,
}

/// Whether the payload of a statement can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PayloadState {
    /// It is there.
    Readable,
    /// It exists and is not shown to this reader.
    Withheld,
    /// It was destroyed.
    Erased,
}

/// Somebody, as far as the log knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Thumbprint of the key.
    pub key: String,
    /// In which role or capacity, where that is stated.
    pub role: Option<String>,
    /// How the service knew them: their signature, or a session.
    pub authentication: String,
}

/// Something by its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// What it is.
    pub what: String,
    /// Commitment or SHA-256.
    pub sha256: Digest,
}

/// A destruction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disposal {
    /// How.
    pub method: String,
    /// Leaf hashes of the statements that order it.
    pub authorised_by: Vec<Digest>,
}

/// A written record: the events of a submission and of what concerns it, by position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodyRecord {
    /// [`CUSTODY_SCHEMA`].
    pub schema: String,
    /// The submission.
    pub subject: String,
    /// Number of log entries that were looked through.
    pub size: u64,
    /// The events, in ascending order.
    pub events: Vec<CustodyEvent>,
}

impl CustodyRecord {
    /// A record of these events.
    #[must_use]
    pub fn new(subject: String, size: u64, events: Vec<CustodyEvent>) -> Self {
        Self { schema: CUSTODY_SCHEMA.to_owned(), subject, size, events }
    }

    /// Positions of events that are not linked to the one before them about the same subject.
    #[must_use]
    pub fn gaps(&self) -> Vec<u64> {
        let mut last: Vec<(&str, Hash)> = Vec::new();
        let mut gaps = Vec::new();
        for event in &self.events {
            let known = last.iter_mut().find(|(subject, _)| *subject == event.subject);
            let previous = known.as_ref().map(|(_, leaf)| *leaf);
            if event.previous.map(|leaf| leaf.0) != previous {
                gaps.push(event.index);
            }
            match known {
                Some(known) => known.1 = event.leaf.0,
                None => last.push((&event.subject, event.leaf.0)),
            }
        }
        gaps
    }

    /// JSON as it is written into a pack: the same record, the same bytes.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Serialising fails for maps with keys that are not strings; there are no maps.
        let mut bytes = serde_json::to_vec_pretty(self).expect("a record holds no maps");
        bytes.push(b'\n');
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(index: u64, subject: &str, previous: Option<u64>) -> CustodyEvent {
        let leaf = |index: u64| Digest(Hash::of(&index.to_be_bytes()));
        CustodyEvent {
            index,
            leaf: leaf(index),
            subject: subject.to_owned(),
            previous: previous.map(leaf),
            event: "manifest".to_owned(),
            payload: PayloadState::Readable,
            payload_sha256: leaf(0),
            signed_by: Party {
                key: "-key".to_owned(),
                role: Some("contractor".to_owned()),
                authentication: "signature".to_owned(),
            },
            received_by: None,
            purpose: None,
            authority: None,
            before: Vec::new(),
            after: vec![Content { what: "file".to_owned(), sha256: leaf(9) }],
            location: "log.example".to_owned(),
            tool: None,
            configuration: None,
            signed_at: "2026-01-02T03:04:05Z".parse().unwrap(),
            logged_at: "2026-01-02T03:04:06Z".parse().unwrap(),
            holds: Vec::new(),
            note: Some("=HYPERLINK(\"x\"), said\r\nsomebody".to_owned()),
            disposal: None,
        }
    }

    #[test]
    fn each_subject_has_a_chain_of_its_own_and_gaps_are_found() {
        let whole = vec![
            event(1, "a", None),
            event(2, "b", None),
            event(3, "a", Some(1)),
            event(4, "b", Some(2)),
        ];
        let record = |events| CustodyRecord::new("a".to_owned(), 5, events);
        assert_eq!(record(whole.clone()).gaps(), Vec::<u64>::new());
        let mut left_out = whole.clone();
        left_out.remove(0);
        assert_eq!(record(left_out).gaps(), [3]);
        let mut crossed = whole;
        crossed[3].previous = crossed[2].previous;
        assert_eq!(record(crossed).gaps(), [4]);
    }

    #[test]
    fn words_are_no_formulas_in_a_table_and_keys_stay_as_they_are() {
        let record = CustodyRecord::new("a".to_owned(), 2, vec![event(1, "a", None)]);
        let table = to_csv(&record);
        let mut reader = csv::Reader::from_reader(table.as_slice());
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), COLUMNS);
        let row = reader.records().next().unwrap().unwrap();
        let cell = |name: &str| &row[COLUMNS.iter().position(|column| *column == name).unwrap()];
        assert_eq!(cell("note"), "'=HYPERLINK(\"x\"), said\r\nsomebody");
        assert_eq!(cell("signed_by_key"), "-key");
        assert_eq!(cell("payload"), "readable");
    }
}
