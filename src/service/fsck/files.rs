//! Files, uploads, manifests, the keyring, and what lies in the object store.

use attestry_proof::{
    hash::Hash,
    manifest::{MAX_OPENINGS_BYTES, Manifest},
};
use futures_util::StreamExt as _;
use uuid::Uuid;

use super::{Check, Progress, ROWS_PER_PAGE};
use crate::{
    store::{
        audit::{OBJECTS_PER_QUESTION, Place, RawFile, RawManifest, RawUpload},
        files::ObjectId,
        ledger::StoreError,
    },
    vault::{KeysError, StoredPart, Vault, VaultError},
};

/// Digests asked about at a time.
const DIGESTS_PER_QUESTION: usize = 8192;

/// Orphans that are named one by one.
const ORPHANS_NAMED_MAX: usize = 100;

impl Check<'_> {
    /// Compares records, keys and objects with each other.
    pub(super) async fn stored(&mut self) {
        let lost = self.parts_of_nothing().await;
        self.settle("parts", lost);
        let Some(vault) = self.subject.vault else { return };
        let keys = self.keyring(vault).await;
        self.settle("submission_keys", keys);
        let files = self.files(vault).await;
        self.settle("files", files);
        let uploads = self.uploads(vault).await;
        self.settle("uploads", uploads);
        let manifests = self.manifests(vault).await;
        self.settle("manifests", manifests);
        let orphans = self.orphans(vault).await;
        self.settle("objects", orphans);
    }

    async fn parts_of_nothing(&mut self) -> Result<(), StoreError> {
        for object in self.subject.ledger.parts_of_nothing(ROWS_PER_PAGE).await? {
            let problem = "its parts are on record, but no file or upload has it";
            self.findings.report(Place::bytes("parts", &object), problem);
        }
        Ok(())
    }

    /// Every submission key opens; object keys of nothing are orphans.
    async fn keyring(&mut self, vault: &Vault) -> Result<(), StoreError> {
        let Some(keyring) = self.subject.keyring else { return Ok(()) };
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = keyring.submission_keys(after.as_deref(), ROWS_PER_PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            for subject in &page {
                let place = || Place::bytes("submission_keys", subject);
                match Uuid::from_slice(subject) {
                    Err(_) => self.findings.report(place(), "its id is malformed"),
                    Ok(id) => {
                        match vault.existing_key(id).await {
                            // What was erased, or left without a statement. Where something is on
                            // record that it sealed, it is missed there.
                            Ok(_) | Err(KeysError::Destroyed { .. }) => {}
                            Err(error) => self.findings.report(place(), error),
                        }
                    }
                }
            }
        }
        let mut after: Option<Vec<u8>> = None;
        let mut orphans = Orphans::new("object_keys", "the key of no file or upload");
        loop {
            let page = keyring.object_keys(after.as_deref(), OBJECTS_PER_QUESTION as u32).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.object.clone());
            let ids: Vec<ObjectId> = page
                .iter()
                .filter_map(|row| Uuid::from_slice(&row.object).ok())
                .map(ObjectId)
                .collect();
            for object in self.subject.ledger.unknown_objects(&ids).await? {
                orphans.add(self, Place::row("object_keys", object));
            }
        }
        orphans.finish(self);
        Ok(())
    }

    async fn files(&mut self, vault: &Vault) -> Result<(), StoreError> {
        let mut after: Option<(Vec<u8>, Vec<u8>)> = None;
        loop {
            let from =
                after.as_ref().map(|(subject, sha256)| (subject.as_slice(), sha256.as_slice()));
            let page = self.subject.ledger.files(from, ROWS_PER_PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some((last.subject.clone(), last.sha256.clone()));
            for row in &page {
                self.file(vault, row).await?;
            }
            (self.progress)(Progress { step: "files", done: self.checked.files, total: None });
        }
    }

    async fn file(&mut self, vault: &Vault, row: &RawFile) -> Result<(), StoreError> {
        let place = || Place::pair("files", &row.subject, &row.sha256);
        let (Ok(subject), Some(sha256), Ok(object)) = (
            Uuid::from_slice(&row.subject),
            Hash::from_slice(&row.sha256),
            Uuid::from_slice(&row.object),
        ) else {
            self.findings.report(place(), "a column is malformed");
            return Ok(());
        };
        self.checked.files += 1;
        self.object_key(&row.subject, ObjectId(object)).await?;
        let checked = match vault.file_record(subject, sha256).await {
            Ok(Some(file)) => vault.check_file(subject, sha256, &file).await,
            Ok(None) => return Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = checked {
            self.broken(place(), &error);
            return Ok(());
        }
        if self.subject.open_files {
            match vault.hash_file(subject, sha256).await {
                Ok(found) if found == sha256 => self.checked.files_opened += 1,
                Ok(found) => {
                    self.findings.report(place(), format_args!("its content has SHA-256 {found}"))
                }
                Err(error) => self.broken(place(), &error),
            }
        }
        Ok(())
    }

    /// The key of an object is erased with its submission, so it must be filed under it.
    async fn object_key(&mut self, subject: &[u8], object: ObjectId) -> Result<(), StoreError> {
        let Some(keyring) = self.subject.keyring else { return Ok(()) };
        if let Some(found) = keyring.object_subject(object).await?.filter(|found| found != subject)
        {
            let place = Place::row("object_keys", object);
            let (found, required) =
                (Place::bytes("submission", &found), Place::bytes("submission", subject));
            self.findings.report(
                place,
                format_args!("it is filed under {found}, its file belongs to {required}"),
            );
        }
        Ok(())
    }

    /// A file that cannot be read, at the place of the file; the error names object and part.
    fn broken(&mut self, file: Place, error: &VaultError) {
        self.findings.report(file, error);
        if let Some((object, part)) = error.object() {
            let place = match (part, error) {
                (Some(part), _) => Place::object(object, part),
                (None, VaultError::ObjectKey { .. } | VaultError::ObjectKeyGone { .. }) => {
                    Place::row("object_keys", object)
                }
                (None, _) => Place::row("parts", object),
            };
            self.findings.report(place, error);
        }
    }

    async fn uploads(&mut self, vault: &Vault) -> Result<(), StoreError> {
        let mut after: Option<(Vec<u8>, Vec<u8>)> = None;
        loop {
            let from =
                after.as_ref().map(|(subject, sha256)| (subject.as_slice(), sha256.as_slice()));
            let page = self.subject.ledger.uploads(from, ROWS_PER_PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some((last.subject.clone(), last.sha256.clone()));
            for row in &page {
                self.upload(vault, row).await?;
            }
        }
    }

    async fn upload(&mut self, vault: &Vault, row: &RawUpload) -> Result<(), StoreError> {
        let place = || Place::pair("uploads", &row.subject, &row.sha256);
        let (Ok(subject), Some(sha256), Ok(object)) = (
            Uuid::from_slice(&row.subject),
            Hash::from_slice(&row.sha256),
            Uuid::from_slice(&row.object),
        ) else {
            self.findings.report(place(), "a column is malformed");
            return Ok(());
        };
        self.object_key(&row.subject, ObjectId(object)).await?;
        match vault.check_upload(subject, sha256, ObjectId(object)).await {
            Ok(received) if i64::try_from(received) == Ok(row.received) => {}
            Ok(received) => {
                let problem =
                    format!("received is {}, its parts have {received} bytes", row.received);
                self.findings.report(place(), problem);
            }
            Err(error) => self.broken(place(), &error),
        }
        Ok(())
    }

    async fn manifests(&mut self, vault: &Vault) -> Result<(), StoreError> {
        let mut after: Option<(Vec<u8>, Vec<u8>)> = None;
        loop {
            let from = after.as_ref().map(|(first, second)| (first.as_slice(), second.as_slice()));
            let page = self.subject.ledger.manifests(from, ROWS_PER_PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some((last.submission.clone(), last.commitment.clone()));
            for row in &page {
                let place = || Place::pair("manifests", &row.submission, &row.commitment);
                match self.manifest(vault, row).await {
                    Ok(missing) if missing.is_empty() => {}
                    Ok(missing) => self.missing(row, &missing).await?,
                    Err(problem) => self.findings.report(place(), problem),
                }
            }
        }
    }

    /// Files that a manifest lists and that are not stored: a loss, unless they were to be erased.
    async fn missing(&mut self, row: &RawManifest, missing: &[Hash]) -> Result<(), StoreError> {
        let Ok(submission) = Uuid::from_slice(&row.submission) else { return Ok(()) };
        let erased = self.erased_files(submission).await?;
        for file in missing.iter().filter(|file| !erased.contains(file)) {
            let place = Place::pair("manifests", &row.submission, &row.commitment);
            let problem = format_args!("it lists the file {file}, which is not stored");
            self.findings.report(place, problem);
        }
        Ok(())
    }

    /// Files that it lists and that are not stored.
    async fn manifest(&self, vault: &Vault, row: &RawManifest) -> Result<Vec<Hash>, String> {
        let malformed = || "a column is malformed".to_owned();
        let submission = Uuid::from_slice(&row.submission).map_err(|_| malformed())?;
        let openings = Hash::from_slice(&row.openings).ok_or_else(malformed)?;
        let file =
            vault.file_record(submission, openings).await.map_err(|error| error.to_string())?;
        let file =
            file.ok_or_else(|| format!("its openings, the file {openings}, are not stored"))?;
        if !self.subject.open_files {
            return Ok(Vec::new());
        }
        if file.size > MAX_OPENINGS_BYTES as u64 {
            return Err(format!("its openings have {} bytes", file.size));
        }
        let stream =
            vault.open_file(submission, openings, None).await.map_err(|error| error.to_string())?;
        let bytes = stream.into_bytes().await.map_err(|error| error.to_string())?;
        let manifest =
            Manifest::parse_openings(&bytes).map_err(|error| format!("its openings: {error}"))?;
        let same = manifest.commitment().as_bytes().as_slice() == row.commitment
            && manifest.role().as_str() == row.role
            && i64::try_from(manifest.count()) == Ok(row.files)
            && i64::try_from(manifest.total_size()) == Ok(row.bytes);
        if !same {
            return Err("commitment, role, count or size differ from its openings".into());
        }
        let mut missing = Vec::new();
        for files in manifest.files().chunks(DIGESTS_PER_QUESTION) {
            let digests: Vec<Hash> = files.iter().map(|file| file.sha256).collect();
            let stored =
                vault.stored(submission, &digests).await.map_err(|error| error.to_string())?;
            let stored: std::collections::HashSet<Hash> = stored.into_iter().collect();
            missing.extend(digests.into_iter().filter(|digest| !stored.contains(digest)));
        }
        Ok(missing)
    }

    /// Objects that no record names: left by a crash between writing and recording.
    async fn orphans(&mut self, vault: &Vault) -> Result<(), StoreError> {
        let mut orphans = Orphans::new("objects", "no record names it; a crash may have left it");
        let mut listed = vault.stored_parts().chunks(OBJECTS_PER_QUESTION);
        while let Some(parts) = listed.next().await {
            let mut objects = Vec::with_capacity(parts.len());
            for part in parts {
                match part {
                    Ok(StoredPart::Part { object, .. }) => objects.push(object),
                    Ok(StoredPart::Foreign { path }) => {
                        orphans.add(self, Place::row("objects", path))
                    }
                    Err(error) => {
                        self.findings.report(
                            Place::whole("objects"),
                            format_args!("cannot be listed: {error}"),
                        );
                    }
                }
            }
            objects.sort_unstable();
            objects.dedup();
            for object in self.subject.ledger.unknown_objects(&objects).await? {
                orphans.add(self, Place::row("objects", object));
            }
        }
        orphans.finish(self);
        Ok(())
    }
}

/// Names the first orphans of a kind and counts the rest.
struct Orphans {
    kind: &'static str,
    remark: &'static str,
    count: usize,
}

impl Orphans {
    const fn new(kind: &'static str, remark: &'static str) -> Self {
        Self { kind, remark, count: 0 }
    }

    fn add(&mut self, check: &mut Check<'_>, place: Place) {
        self.count += 1;
        if self.count <= ORPHANS_NAMED_MAX {
            check.findings.note(place, self.remark);
        }
    }

    fn finish(self, check: &mut Check<'_>) {
        if let Some(more) = self.count.checked_sub(ORPHANS_NAMED_MAX).filter(|more| *more > 0) {
            check.findings.note(
                Place::whole(self.kind),
                format_args!("and {more} more that no record names"),
            );
        }
    }
}
