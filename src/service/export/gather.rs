//! What a pack is made of, read from the stores.

use std::collections::{BTreeMap, BTreeSet};

use attestry_proof::{
    cose::{Attachments, SignedStatement, Subject},
    custody::{CustodyEvent, CustodyRecord, PayloadState},
    hash::Hash,
    key::Thumbprint,
    manifest::{Manifest, Role},
    pack::{Evidence, MAX_PACK_FILES, PACK_SCHEMA, PackIndex},
    payload::{
        Payload,
        fields::{Digest, SubmissionId, Timestamp},
    },
    size::{LeafIndex, TreeSize},
};
use uuid::Uuid;

use super::{PackRequest, Service, ServiceError};
use crate::{
    export::{Dossier, shows, shows_file_lists},
    log::Snapshot,
    service::custody::{CUSTODY_EVENTS_MAX, EVENTS_PER_QUESTION, logged_at},
    store::{ledger::EntryRecord, people::PolicyRecord},
    vault::VaultError,
};

/// Digests asked about in one question to the file tables.
const DIGESTS_PER_QUESTION: usize = 8192;
/// Most files that go along: half of what a pack may name.
const NATIVES_MAX: usize = MAX_PACK_FILES / 2;

/// An entry that goes into the pack, with its payload if that is there and shown.
struct Gathered {
    entry: EntryRecord,
    statement: SignedStatement,
    payload: Result<(Vec<u8>, Payload), PayloadState>,
    logged_at: Timestamp,
}

/// What was found so far, by position.
type Found = BTreeMap<u64, Gathered>;

impl Service {
    /// The log as of a size; without one, as of now.
    pub(super) async fn position(&self, at: Option<TreeSize>) -> Result<Snapshot, ServiceError> {
        let newest = self.log.head().size;
        let size = at.unwrap_or(newest);
        if size > newest {
            return Err(ServiceError::NoSuchPosition { size });
        }
        match self.log.snapshot(size).await? {
            Some(snapshot) => Ok(snapshot),
            None => Err(ServiceError::NoSuchPosition { size }),
        }
    }

    pub(super) async fn gather(
        &self,
        submission: Uuid,
        request: PackRequest,
        snapshot: Snapshot,
    ) -> Result<Dossier, ServiceError> {
        let size = snapshot.head.size;
        let mut found = Found::new();
        self.add_about(submission, (size, request), &mut found).await?;
        let Some(first) = found.keys().next().copied() else {
            return Err(ServiceError::NoSuchPosition { size });
        };
        // What began and ended before there was anything about the submission was never on it.
        for matter in self.ledger.legal().matters_about(submission).await? {
            let hold = self.ledger.legal().hold(matter).await?;
            let released = hold.and_then(|hold| hold.released);
            if released.is_none_or(|released| released.0 > first) {
                self.add_about(matter, (size, request), &mut found).await?;
            }
        }
        let events: Vec<u64> = found.keys().copied().collect();
        self.add_keys(size, &mut found).await?;
        let policies = self.add_policies(&events, size, &mut found).await?;
        self.add_public(&[LeafIndex(0)], &mut found).await?;

        let first_size = self.log.size_with(LeafIndex(first)).await?;
        let earlier = self.log.snapshot(first_size).await?;
        let earlier = earlier.ok_or(ServiceError::NoSuchPosition { size: first_size })?;
        let openings = self.file_lists(submission, request, &found).await?;
        let as_of = self.logged_at(LeafIndex(size.0.saturating_sub(1))).await?;
        let index = PackIndex {
            schema: PACK_SCHEMA.to_owned(),
            origin: self.log.origin().to_owned(),
            subject: SubmissionId(submission),
            size: size.0,
            root: Digest(snapshot.head.root),
            first_size: first_size.0,
            reader: request.reader,
            natives: request.natives && !openings.is_empty(),
            erased_files: self.erased_files(submission, request, &openings).await?,
            files: Vec::new(),
        };
        let custody = custody_of(submission, size, &events, &found);
        let statements = self.transparent(&found, &snapshot).await?;
        let digests = policies.iter().map(|(path, bytes)| (path.clone(), Hash::of(bytes)));
        let mut evidence = Evidence { policies: digests.collect(), ..Evidence::default() };
        let mut payloads = BTreeMap::new();
        for (at, it) in found {
            evidence.statements.insert(at, it.statement);
            if let Ok((bytes, payload)) = it.payload {
                evidence.payloads.insert(at, payload);
                payloads.insert(at, bytes);
            }
        }
        evidence.manifests = openings.iter().map(|(manifest, _)| manifest.clone()).collect();
        Ok(Dossier {
            index,
            as_of,
            checkpoints: [snapshot.note, earlier.note],
            consistency: self.log.consistency(first_size, size).await?,
            statements,
            payloads,
            openings,
            policies,
            evidence,
            custody,
        })
    }

    /// Adds every statement about a submission, hold or case.
    async fn add_about(
        &self,
        id: Uuid,
        (size, request): (TreeSize, PackRequest),
        found: &mut Found,
    ) -> Result<(), ServiceError> {
        let mut from = LeafIndex(0);
        loop {
            let subject = Subject::Submission(id);
            let entries = self.ledger.entries_about(subject, from, CUSTODY_EVENTS_MAX).await?;
            let Some(last) = entries.last() else { return Ok(()) };
            from = LeafIndex(last.index.0 + 1);
            let entries: Vec<EntryRecord> =
                entries.into_iter().filter(|entry| entry.index.0 < size.0).collect();
            for page in entries.chunks(EVENTS_PER_QUESTION) {
                let indices: Vec<LeafIndex> = page.iter().map(|entry| entry.index).collect();
                let payloads = self.payloads_of(id, &indices).await?;
                let times = self.ledger.committed_at(&indices).await?;
                for ((entry, payload), time) in page.iter().zip(payloads).zip(times) {
                    let payload = match payload {
                        None => Err(PayloadState::Erased),
                        Some((bytes, sealed)) => {
                            let payload = Payload::parse(&bytes, sealed)?;
                            match shows(request.reader, payload.kind()) {
                                true => Ok((bytes, payload)),
                                false => Err(PayloadState::Withheld),
                            }
                        }
                    };
                    add((entry.clone(), logged_at(time)?), payload, found)?;
                }
            }
        }
    }

    /// Adds entries whose payloads are public.
    async fn add_public(
        &self,
        indices: &[LeafIndex],
        found: &mut Found,
    ) -> Result<(), ServiceError> {
        for index in indices {
            if found.contains_key(&index.0) {
                continue;
            }
            let entry = self.entry(*index).await?;
            let statement = SignedStatement::parse_entry(&entry.entry)?;
            let bytes = self.public_payload(statement.payload_digest()).await?;
            let payload = Payload::parse(&bytes, false)?;
            let logged_at = self.logged_at(entry.index).await?;
            add((entry, logged_at), Ok((bytes, payload)), found)?;
        }
        Ok(())
    }

    async fn logged_at(&self, index: LeafIndex) -> Result<Timestamp, ServiceError> {
        logged_at(self.ledger.committed_at(&[index]).await?.first().copied().flatten())
    }

    /// Adds how each key that spoke came into the log and left it, and the keys before it.
    async fn add_keys(&self, size: TreeSize, found: &mut Found) -> Result<(), ServiceError> {
        let service = self.log.signers().service.public_key().thumbprint();
        let mut due: BTreeSet<Thumbprint> =
            found.values().map(|it| it.statement.header().issuer).collect();
        let mut done = BTreeSet::from([service]);
        while let Some(key) = due.pop_first() {
            if !done.insert(key) {
                continue;
            }
            let record = self.key(key).await?;
            due.extend(record.replaces);
            let subject = Subject::Key(key);
            let about =
                self.ledger.entries_about(subject, LeafIndex(0), CUSTODY_EVENTS_MAX).await?;
            let mut indices: Vec<LeafIndex> = about.iter().map(|entry| entry.index).collect();
            indices.push(record.enrolled);
            // An approval of a lost key is about that key and sealed; it is no part of this.
            indices.retain(|index| index.0 < size.0);
            for index in indices {
                let entry = self.entry(index).await?;
                let statement = SignedStatement::parse_entry(&entry.entry)?;
                if statement.header().content_type.is_sealed() {
                    continue;
                }
                self.add_public(&[index], found).await?;
                // A key that came by rotation: the one before it is the subject.
                if let Subject::Key(before) = statement.header().subject {
                    due.insert(before);
                }
            }
        }
        Ok(())
    }

    /// Adds the bundles that were in force at these events, and their files.
    async fn add_policies(
        &self,
        events: &[u64],
        size: TreeSize,
        found: &mut Found,
    ) -> Result<BTreeMap<String, Vec<u8>>, ServiceError> {
        let mut versions = self.ledger.people().policies(u32::MAX).await?;
        versions.retain(|version| version.index.0 < size.0);
        versions.sort_by_key(|version| version.index);
        let statements: Vec<LeafIndex> = versions.iter().map(|version| version.index).collect();
        self.add_public(&statements, found).await?;
        let mut files = BTreeMap::new();
        let mut texts = BTreeSet::new();
        for version in in_force(&versions, events) {
            self.add_bundle(version, &mut files, &mut texts).await?;
        }
        // A text may be signed for a while after another one came into force.
        for text in named_texts(found) {
            for version in versions.iter().rev() {
                if texts.contains(&text) {
                    break;
                }
                self.add_bundle(version, &mut files, &mut texts).await?;
            }
        }
        Ok(files)
    }

    async fn add_bundle(
        &self,
        version: &PolicyRecord,
        files: &mut BTreeMap<String, Vec<u8>>,
        texts: &mut BTreeSet<Hash>,
    ) -> Result<(), ServiceError> {
        // A bundle that is not archived is missed by the check that follows, where it matters.
        let archived = self.archived_policies(version.digest).await?;
        for (path, bytes) in archived.into_iter().flatten() {
            texts.insert(Hash::of(&bytes));
            files.insert(format!("{}/{path}", version.digest), bytes);
        }
        Ok(())
    }

    /// The file lists that count: the newest of each side.
    async fn file_lists(
        &self,
        submission: Uuid,
        request: PackRequest,
        found: &Found,
    ) -> Result<Vec<(Manifest, Vec<u8>)>, ServiceError> {
        let mut lists = Vec::new();
        if !shows_file_lists(request.reader) {
            return Ok(lists);
        }
        let mut newest: BTreeMap<&str, Hash> = BTreeMap::new();
        for it in found.values() {
            if let Ok((_, Payload::Manifest(said))) = &it.payload {
                newest.insert(said.body().role.as_str(), said.body().commitment.0);
            }
        }
        for side in [Role::Deliverable, Role::Request] {
            let Some(commitment) = newest.get(side.as_str()) else { continue };
            let record = self.ledger.manifest(submission, *commitment).await?;
            let Some(record) = record else { continue };
            let file = self.vault.open_file(submission, record.openings, None).await?;
            let bytes = file.into_bytes().await.map_err(VaultError::from)?;
            let manifest = Manifest::parse_openings(&bytes)
                .map_err(|error| ServiceError::Openings { reason: error.to_string() })?;
            lists.push((manifest, bytes.to_vec()));
        }
        Ok(lists)
    }

    /// Files of the lists that were erased; asked for only where the files go along.
    async fn erased_files(
        &self,
        submission: Uuid,
        request: PackRequest,
        openings: &[(Manifest, Vec<u8>)],
    ) -> Result<Vec<Digest>, ServiceError> {
        if !request.natives {
            return Ok(Vec::new());
        }
        let listed = openings.iter().flat_map(|(manifest, _)| manifest.files());
        let mut gone: BTreeSet<Hash> = listed.map(|file| file.sha256).collect();
        if gone.len() > NATIVES_MAX {
            let (found, limit) = (gone.len() as u64, NATIVES_MAX as u64);
            return Err(ServiceError::TooLarge { what: "the number of files", found, limit });
        }
        let listed: Vec<Hash> = gone.iter().copied().collect();
        for some in listed.chunks(DIGESTS_PER_QUESTION) {
            for stored in self.vault.stored(submission, some).await? {
                gone.remove(&stored);
            }
        }
        Ok(gone.into_iter().map(Digest).collect())
    }

    /// Every statement with receipt, proof and key.
    async fn transparent(
        &self,
        found: &Found,
        snapshot: &Snapshot,
    ) -> Result<BTreeMap<u64, Vec<u8>>, ServiceError> {
        let service = self.log.signers().service.public_key();
        let mut statements = BTreeMap::new();
        for (at, it) in found {
            let index = it.entry.index;
            let path = self.log.inclusion(index, snapshot.head.size).await?;
            let issuer = it.statement.header().issuer;
            let issuer_key = match issuer == service.thumbprint() {
                true => service,
                false => self.key(issuer).await?.key,
            };
            let attachments = Attachments {
                receipts: vec![snapshot.receipt(index, &path)],
                issuer_key: Some(issuer_key),
                log_proof: Some(snapshot.proof_file(index, path)),
                payload: None,
            };
            statements.insert(*at, attachments.encode(&it.statement)?);
        }
        Ok(statements)
    }
}

fn add(
    (entry, logged_at): (EntryRecord, Timestamp),
    payload: Result<(Vec<u8>, Payload), PayloadState>,
    found: &mut Found,
) -> Result<(), ServiceError> {
    let statement = SignedStatement::parse_entry(&entry.entry)?;
    found.insert(entry.index.0, Gathered { entry, statement, payload, logged_at });
    Ok(())
}

/// The versions in force when these events came; both in ascending order.
fn in_force<'a>(versions: &'a [PolicyRecord], events: &[u64]) -> Vec<&'a PolicyRecord> {
    let mut wanted: BTreeMap<u64, &PolicyRecord> = BTreeMap::new();
    for event in events {
        let before = versions.partition_point(|version| version.index.0 < *event);
        if let Some(version) = before.checked_sub(1).and_then(|place| versions.get(place)) {
            wanted.insert(version.index.0, version);
        }
    }
    wanted.into_values().collect()
}

fn named_texts(found: &Found) -> BTreeSet<Hash> {
    let payloads = found.values().filter_map(|it| it.payload.as_ref().ok());
    payloads.filter_map(|(_, said)| Some(said.clauses()?.0.text_sha256.0)).collect()
}

fn custody_of(submission: Uuid, size: TreeSize, events: &[u64], found: &Found) -> CustodyRecord {
    let mut last: BTreeMap<String, Hash> = BTreeMap::new();
    let mut record = Vec::with_capacity(events.len());
    for it in events.iter().filter_map(|at| found.get(at)) {
        let subject = it.statement.header().subject.uri();
        let previous = last.insert(subject, it.statement.leaf_hash());
        let payload = it.payload.as_ref().map(|(_, payload)| payload).map_err(|state| *state);
        let (at, when) = (it.entry.index, it.logged_at);
        record.push(CustodyEvent::of(&it.statement, at, previous, when, payload));
    }
    CustodyRecord::new(Subject::Submission(submission).uri(), size.0, record)
}
