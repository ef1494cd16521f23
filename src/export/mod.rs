//! What is handed over: from statements that were gathered to files that a stranger reads.
//!
//! The same dossier gives the same bytes. Nothing here reads a store, a clock or a file.

pub mod archive;
mod certificate;
pub mod page;
mod pdf;
mod readers;
mod readme;
mod report;
#[cfg(test)]
mod samples;
pub mod timeline;
pub mod verifier;

use std::collections::BTreeMap;

use attestry_proof::{
    custody::{CustodyRecord, to_csv},
    hash::Hash,
    manifest::Manifest,
    pack::{self, Evidence, PackFault, PackFile, PackIndex},
    payload::fields::{Digest, Timestamp},
    size::TreeSize,
};

pub use self::pdf::TypesetError;
pub use self::readers::{shows, shows_file_lists};

/// Everything that a pack is made of.
#[derive(Debug)]
pub struct Dossier {
    /// Log, position, subject and reader; the files are filled in when they are written.
    pub index: PackIndex,
    /// When the last of the entries was logged, by the service's clock.
    pub as_of: Timestamp,
    /// The newest checkpoint, then that of the first statement.
    pub checkpoints: [Vec<u8>; 2],
    /// Proof that the newest one continues the first one.
    pub consistency: Vec<Hash>,
    /// Transparent statements by position.
    pub statements: BTreeMap<u64, Vec<u8>>,
    /// Payloads by position, exactly as they were signed.
    pub payloads: BTreeMap<u64, Vec<u8>>,
    /// File lists, exactly as they were committed to.
    pub openings: Vec<(Manifest, Vec<u8>)>,
    /// Policy files by path under the bundle's digest.
    pub policies: BTreeMap<String, Vec<u8>>,
    /// The statements, read.
    pub evidence: Evidence,
    /// The events that they are.
    pub custody: CustodyRecord,
}

/// A file of a submission that goes into a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Native {
    /// Where it goes.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256.
    pub sha256: Hash,
}

impl Dossier {
    /// The files of the submission, in the order of their paths; none unless the pack has them.
    #[must_use]
    pub fn natives(&self) -> Vec<Native> {
        if !self.index.natives {
            return Vec::new();
        }
        let mut natives: Vec<Native> = Vec::new();
        for (manifest, _) in &self.openings {
            let side = manifest.role().as_str();
            let kept = |sha256| self.index.erased_files.binary_search(&Digest(sha256)).is_err();
            let files = manifest.files().iter().filter(|file| kept(file.sha256));
            natives.extend(files.map(|file| Native {
                path: pack::native_path(side, &file.path),
                size: file.size,
                sha256: file.sha256,
            }));
        }
        natives.sort_by(|a, b| a.path.cmp(&b.path));
        natives
    }

    /// Every file but the natives, the load file, the index and its signature, by path.
    ///
    /// # Errors
    /// [`TypesetError`].
    pub fn files(&self) -> Result<BTreeMap<String, Vec<u8>>, TypesetError> {
        let mut files = BTreeMap::new();
        let mut add = |path: String, bytes: Vec<u8>| drop(files.insert(path, bytes));
        let [newest, first] = &self.checkpoints;
        add(pack::README.into(), readme::readme(self).into_bytes());
        add(pack::VERIFIER.into(), verifier::page().as_bytes().to_vec());
        add(pack::CHECKPOINT.into(), newest.clone());
        add(pack::FIRST_CHECKPOINT.into(), first.clone());
        add(pack::CONSISTENCY.into(), self.consistency_json());
        add(pack::CUSTODY_JSON.into(), self.custody.to_json());
        add(pack::CUSTODY_CSV.into(), to_csv(&self.custody));
        add(pack::KEYS.into(), self.evidence.key_history().to_json());
        for (index, statement) in &self.statements {
            add(pack::statement_path(*index), statement.clone());
        }
        for payload in self.payloads.values() {
            add(format!("{}{}.json", pack::PAYLOADS, Hash::of(payload)), payload.clone());
        }
        for (manifest, openings) in &self.openings {
            let side = manifest.role().as_str();
            add(format!("{}{side}.json", pack::OPENINGS), openings.clone());
        }
        for (path, bytes) in &self.policies {
            add(format!("{}{path}", pack::POLICIES), bytes.clone());
        }
        add(pack::REPORT.into(), report::report(self)?);
        add(pack::CERTIFICATE.into(), certificate::certificate(self)?);
        Ok(files)
    }

    /// The load file, given the MD5 of each native.
    #[must_use]
    pub fn load_file(&mut self, md5: BTreeMap<Hash, [u8; 16]>) -> Vec<u8> {
        self.evidence.md5 = md5;
        self.evidence.load_file_of(&self.index, &self.custody)
    }

    /// Holds what is derived against the statements, as whoever receives the pack will.
    ///
    /// # Errors
    /// The first [`PackFault`]: then nothing may be handed over.
    pub fn check(&mut self) -> Result<(), PackFault> {
        self.evidence.custody_json = self.custody.to_json();
        self.evidence.custody_csv = to_csv(&self.custody);
        self.evidence.keys_json = self.evidence.key_history().to_json();
        // The files are not read yet, so what is said of them is not checked here.
        let listed = |native: Native| PackFile {
            path: native.path,
            size: native.size,
            sha256: Digest(native.sha256),
        };
        self.index.files = self.natives().into_iter().map(listed).collect();
        self.evidence.load_file = self.evidence.load_file_of(&self.index, &self.custody);
        self.evidence.check(&self.index).map(drop)
    }

    /// Number of entries looked through.
    #[must_use]
    pub const fn size(&self) -> TreeSize {
        TreeSize(self.index.size)
    }

    fn consistency_json(&self) -> Vec<u8> {
        let path: Vec<String> = self.consistency.iter().map(|hash| hash.to_hex()).collect();
        let proof = serde_json::json!({
            "from": self.index.first_size,
            "to": self.index.size,
            "path": path,
        });
        format!("{proof:#}\n").into_bytes()
    }
}
