//! Whether the files of a pack are those that its index names, and whether what is derived from
//! statements is what they say.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    CUSTODY_CSV, CUSTODY_JSON, FILES, KEYS, KeyHistory, LOAD_FILE, LoadFile, PackFile, PackIndex,
    native_path,
};
use crate::{
    cose::{SignedStatement, Subject},
    custody::{CustodyEvent, CustodyRecord, PayloadState, to_csv},
    hash::Hash,
    manifest::Manifest,
    payload::{Payload, fields::Digest, policy_version::PolicyVersion},
    size::LeafIndex,
};

/// The first thing that is wrong with a pack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackFault {
    /// A file that the index names is not there.
    #[error("{path} is missing")]
    Missing {
        /// The file.
        path: String,
    },
    /// A file is there that the index does not name.
    #[error("{path} is not in the index")]
    Unlisted {
        /// The file.
        path: String,
    },
    /// A file is not the one that the index names.
    #[error("{path} is not the file that the index names: it has SHA-256 {found}")]
    Changed {
        /// The file.
        path: String,
        /// Its digest.
        found: Digest,
    },
    /// A statement stands under another position than it has.
    #[error("{path} is not the statement at its position")]
    Position {
        /// The file.
        path: String,
    },
    /// A file that a pack must have is no such thing.
    #[error("{path} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The custody record says something else than the statements.
    #[error("custody.json: the event at entry {index} is not what its statement says")]
    Custody {
        /// Position.
        index: u64,
    },
    /// A statement about the subject is no event of the custody record.
    #[error("custody.json leaves out the statement at entry {index}")]
    LeftOut {
        /// Position.
        index: u64,
    },
    /// An event does not name the one before it.
    #[error("custody.json: the event at entry {index} is not linked to the one before it")]
    Gap {
        /// Position.
        index: u64,
    },
    /// A file that is derived from others is not what follows from them.
    #[error("{path} is not what follows from the statements")]
    Derived {
        /// The file.
        path: &'static str,
    },
    /// Somebody who is shown everything is not shown this.
    #[error(
        "custody.json: the payload of entry {index} is withheld from a reader who is shown all"
    )]
    Withheld {
        /// Position.
        index: u64,
    },
    /// The first checkpoint does not cover the first statement, or the pack has none.
    #[error("first.checkpoint does not cover the first statement about the submission")]
    First,
    /// A list of files is not the newest that a statement commits to.
    #[error("openings/{side}.json is not what the newest manifest statement commits to")]
    Openings {
        /// Which side.
        side: &'static str,
    },
    /// A file is there that no list has, or one of a list is not.
    #[error("{path} is not the file that the lists of files name, or is missing")]
    Native {
        /// The file.
        path: String,
    },
    /// The rules of a decision are not there.
    #[error("the bundle {bundle} that the decision at entry {index} names is not in the pack")]
    Bundle {
        /// Position of the decision.
        index: u64,
        /// Digest of the bundle.
        bundle: Digest,
    },
    /// A policy file is not one that a policy statement names, or one is missing.
    #[error("{path} is not the file that the policy statement names, or is missing")]
    Policy {
        /// The file.
        path: String,
    },
    /// The clause text that a statement names is not there.
    #[error("the clause text that the statement at entry {index} names is not in the pack")]
    ClauseText {
        /// Position.
        index: u64,
    },
}

/// Compares the files of a pack with its index; both in ascending order of paths.
///
/// # Errors
/// [`PackFault::Missing`], [`PackFault::Unlisted`] or [`PackFault::Changed`]: the first in order.
pub fn check_files(index: &PackIndex, found: &[PackFile]) -> Result<(), PackFault> {
    let mut listed = index.files.iter().peekable();
    for file in found {
        let path = file.path.clone();
        match listed.next_if(|it| it.path <= file.path) {
            Some(it) if it == file => {}
            Some(it) if it.path == file.path => {
                return Err(PackFault::Changed { path, found: file.sha256 });
            }
            Some(it) => return Err(PackFault::Missing { path: it.path.clone() }),
            None => return Err(PackFault::Unlisted { path }),
        }
    }
    match listed.next() {
        Some(it) => Err(PackFault::Missing { path: it.path.clone() }),
        None => Ok(()),
    }
}

/// What a pack holds, read.
#[derive(Debug, Default)]
pub struct Evidence {
    /// Statements by position.
    pub statements: BTreeMap<u64, SignedStatement>,
    /// Payloads by position, of those statements whose payload is there.
    pub payloads: BTreeMap<u64, Payload>,
    /// File lists.
    pub manifests: Vec<Manifest>,
    /// SHA-256 of the policy files, by path under [`super::POLICIES`].
    pub policies: BTreeMap<String, Hash>,
    /// The custody record as it stands in the pack.
    pub custody_json: Vec<u8>,
    /// The table as it stands in the pack.
    pub custody_csv: Vec<u8>,
    /// The history of keys as it stands in the pack.
    pub keys_json: Vec<u8>,
    /// The load file as it stands in the pack.
    pub load_file: Vec<u8>,
    /// MD5 of the files in the pack, by SHA-256.
    pub md5: BTreeMap<Hash, [u8; 16]>,
}

impl Evidence {
    /// Derives from the statements what the pack says beside them, and compares.
    ///
    /// # Errors
    /// The first [`PackFault`].
    pub fn check(&self, index: &PackIndex) -> Result<CustodyRecord, PackFault> {
        let record = self.check_custody(index)?;
        self.check_openings(index)?;
        self.check_natives(index)?;
        let derived = [
            (CUSTODY_CSV, to_csv(&record), &self.custody_csv),
            (KEYS, self.key_history().to_json(), &self.keys_json),
            (LOAD_FILE, self.load_file_of(index, &record), &self.load_file),
        ];
        for (path, required, found) in derived {
            if required != *found {
                return Err(PackFault::Derived { path });
            }
        }
        self.check_policies()?;
        self.check_clauses()?;
        Ok(record)
    }

    /// How the keys came and went.
    #[must_use]
    pub fn key_history(&self) -> KeyHistory {
        KeyHistory::of(self.payloads.iter().map(|(index, said)| (LeafIndex(*index), said)))
    }

    /// The load file of these events and file lists.
    #[must_use]
    pub fn load_file_of(&self, index: &PackIndex, record: &CustodyRecord) -> Vec<u8> {
        let own = Subject::Submission(index.subject.0).uri();
        let first = record.events.iter().find(|event| event.subject == own);
        let file = LoadFile {
            subject: index.subject,
            custodian: first.map_or("", |event| &event.signed_by.key),
            manifests: self.manifests.iter().collect(),
            md5: index.natives.then_some(&self.md5),
        };
        file.to_bytes()
    }

    fn check_custody(&self, index: &PackIndex) -> Result<CustodyRecord, PackFault> {
        let record: CustodyRecord =
            serde_json::from_slice(&self.custody_json).map_err(|error| PackFault::Unreadable {
                path: CUSTODY_JSON.to_owned(),
                reason: error.to_string(),
            })?;
        let own = Subject::Submission(index.subject.0).uri();
        let mut last: BTreeMap<&str, Hash> = BTreeMap::new();
        let mut told = BTreeSet::new();
        for event in &record.events {
            let fault = PackFault::Custody { index: event.index };
            let statement = self.statements.get(&event.index).ok_or_else(|| fault.clone())?;
            let previous = last.insert(&event.subject, event.leaf.0);
            let payload = match (self.payloads.get(&event.index), event.payload) {
                (Some(payload), _) => Ok(payload),
                (None, PayloadState::Readable) => return Err(fault),
                (None, PayloadState::Withheld) if index.reader.is_shown_all() => {
                    return Err(PackFault::Withheld { index: event.index });
                }
                (None, state) => Err(state),
            };
            let at = LeafIndex(event.index);
            if CustodyEvent::of(statement, at, previous, event.logged_at, payload) != *event {
                return Err(fault);
            }
            told.insert(event.index);
        }
        if let Some(index) = record.gaps().first() {
            return Err(PackFault::Gap { index: *index });
        }
        for (at, statement) in &self.statements {
            let is_event = matches!(statement.header().subject, Subject::Submission(_));
            if is_event && !told.contains(at) {
                return Err(PackFault::LeftOut { index: *at });
            }
        }
        let first = record.events.iter().find(|event| event.subject == own);
        if first.is_none_or(|first| first.index >= index.first_size) {
            return Err(PackFault::First);
        }
        let again = CustodyRecord::new(own, index.size, record.events.clone());
        let sorted = record.events.is_sorted_by(|a, b| a.index < b.index);
        match sorted && again.to_json() == self.custody_json {
            true => Ok(record),
            false => Err(PackFault::Derived { path: CUSTODY_JSON }),
        }
    }

    /// Each list of files is the newest one that a statement in the pack commits to.
    fn check_openings(&self, index: &PackIndex) -> Result<(), PackFault> {
        let own = Subject::Submission(index.subject.0);
        for manifest in &self.manifests {
            let side = manifest.role().as_str();
            let newest = self.payloads.iter().rev().find_map(|(at, payload)| match payload {
                Payload::Manifest(said) if said.body().role == manifest.role() => {
                    let statement = self.statements.get(at)?;
                    (statement.header().subject == own).then_some(said.body().commitment.0)
                }
                _ => None,
            });
            let same_side = self.manifests.iter().filter(|it| it.role() == manifest.role());
            if newest != Some(manifest.commitment()) || same_side.count() != 1 {
                return Err(PackFault::Openings { side });
            }
        }
        Ok(())
    }

    /// The files in the pack are those of the lists, but for what was erased; none without being
    /// asked for.
    fn check_natives(&self, index: &PackIndex) -> Result<(), PackFault> {
        let mut required = BTreeMap::new();
        for manifest in self.manifests.iter().filter(|_| index.natives) {
            for file in manifest.files() {
                if index.erased_files.binary_search(&Digest(file.sha256)).is_err() {
                    let path = native_path(manifest.role().as_str(), &file.path);
                    required.insert(path, (file.size, file.sha256));
                }
            }
        }
        let files = index.files.iter().filter(|file| file.path.starts_with(FILES));
        let found: BTreeMap<String, (u64, Hash)> =
            files.map(|file| (file.path.clone(), (file.size, file.sha256.0))).collect();
        let all: BTreeSet<&String> = required.keys().chain(found.keys()).collect();
        match all.into_iter().find(|path| required.get(*path) != found.get(*path)) {
            Some(path) => Err(PackFault::Native { path: path.clone() }),
            None => Ok(()),
        }
    }

    fn stated_policies(&self) -> impl Iterator<Item = &PolicyVersion> {
        self.payloads.values().filter_map(|payload| match payload {
            Payload::Policy(said) => Some(said.body()),
            _ => None,
        })
    }

    /// Every bundle is whole, and every file is named by a statement.
    fn check_policies(&self) -> Result<(), PackFault> {
        let mut named = BTreeMap::new();
        let bundles: BTreeSet<&str> =
            self.policies.keys().filter_map(|path| Some(path.split_once('/')?.0)).collect();
        for stated in self.stated_policies() {
            let bundle = stated.bundle_sha256.to_string();
            // A bundle that nothing here was decided by need not be in the pack.
            if !bundles.contains(bundle.as_str()) {
                continue;
            }
            for file in &stated.files {
                named.insert(format!("{bundle}/{}", file.path), file.sha256.0);
            }
        }
        for (index, payload) in &self.payloads {
            if let Payload::Clearance(said) = payload
                && !bundles.contains(said.body().policy_sha256.to_string().as_str())
            {
                let bundle = said.body().policy_sha256;
                return Err(PackFault::Bundle { index: *index, bundle });
            }
        }
        let all: BTreeSet<&String> = named.keys().chain(self.policies.keys()).collect();
        for path in all {
            if named.get(path) != self.policies.get(path) {
                return Err(PackFault::Policy { path: format!("{}{path}", super::POLICIES) });
            }
        }
        Ok(())
    }

    fn check_clauses(&self) -> Result<(), PackFault> {
        let texts: BTreeSet<&Hash> = self.policies.values().collect();
        for (index, payload) in &self.payloads {
            if let Some((reference, _)) = payload.clauses()
                && !texts.contains(&reference.text_sha256.0)
            {
                return Err(PackFault::ClauseText { index: *index });
            }
        }
        Ok(())
    }
}
