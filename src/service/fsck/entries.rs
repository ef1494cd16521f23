//! The entries in order: form, columns, leaf hash, signature and payload of each.
//!
//! A page goes through two stages on all cores. The first needs no keys: it parses and hashes. Then
//! the page is walked in order, so that each entry is judged by the keys enrolled before it. The
//! second stage verifies signatures and opens sealed payloads.

use std::{collections::HashMap, sync::Arc};

use attestry_proof::{
    cose::{ContentType, SignedStatement, Subject as StatementSubject},
    hash::{Hash, leaf_hash},
    key::{PublicKey, Thumbprint},
    payload::Payload,
};
use uuid::Uuid;

use super::{Check, Progress, entitled::Unentitled, facts::Facts};
use crate::{
    log::fsck::{Extent, Leaf, PAGE_LEAVES, TreeCheck},
    service::sealing::{sealed_under, sealing_id},
    store::{
        audit::{Place, RawEntry, RawPayload},
        ledger::StoreError,
    },
    vault::{KeysError, SubmissionKey, open_payload},
};

/// Rows at one position.
struct Row {
    index: u64,
    entry: Option<RawEntry>,
    payload: Option<RawPayload>,
}

/// What the first stage makes of a row.
struct Examined {
    index: u64,
    leaf: Leaf,
    statement: Option<SignedStatement>,
    /// The payload, if it is public and fits.
    public: Option<Payload>,
    /// The payload row, if it is sealed.
    sealed: Option<RawPayload>,
    /// Whether there is no payload row.
    missing: bool,
    problems: Vec<(Place, String)>,
}

/// What the second stage needs and gives.
struct Judged {
    index: u64,
    statement: SignedStatement,
    key: Option<PublicKey>,
    sealed: Option<(RawPayload, Sealing)>,
    payload: Option<Payload>,
    verified: bool,
    problems: Vec<(Place, String)>,
}

/// What a payload is sealed under.
pub(super) struct Sealing {
    /// Whose key.
    pub under: Uuid,
    /// The key.
    pub key: SubmissionKey,
}

impl Check<'_> {
    /// Walks all entries, growing `tree` along; `tree` is taken away if its tables cannot be read.
    pub(super) async fn entries(
        &mut self,
        extent: Extent,
        facts: &mut Facts,
        tree: &mut Option<TreeCheck<'_>>,
    ) -> Result<(), StoreError> {
        let origin: Option<Arc<str>> = self.subject.origin.map(Into::into);
        let mut first = 0;
        let read = self.rows(first, extent.entries_end).await;
        let mut next = self.take_rows(first, extent.entries_end, read).await?;
        while !next.is_empty() {
            let rows = std::mem::take(&mut next);
            let count = rows.len() as u64;
            let following = first + count;
            // The next page is read while this one is computed.
            let examining = in_parallel(rows, {
                let origin = origin.clone();
                move |row| examine(row, origin.as_deref())
            });
            let (examined, read) =
                tokio::join!(examining, self.rows(following, extent.entries_end));
            next = self.take_rows(following, extent.entries_end, read).await?;
            let leaves: Vec<Leaf> = examined.iter().map(|one| one.leaf).collect();
            self.grow(tree, first, &leaves).await;
            self.judge(examined, facts).await;
            self.checked.entries +=
                leaves.iter().filter(|leaf| leaf.entry.is_some()).count() as u64;
            first = following;
            let total = Some(extent.entries_end);
            (self.progress)(Progress { step: "entries", done: first, total });
        }
        for (index, subject) in std::mem::take(&mut facts.missing) {
            if !facts.is_erased(index, subject) {
                let problem = "is missing, and nothing erased it";
                self.findings.report(Place::row("payloads", index), problem);
            }
        }
        let end = i64::try_from(extent.entries_end).unwrap_or(i64::MAX);
        for index in self.subject.ledger.payloads_outside(0, end, super::ROWS_PER_PAGE).await? {
            self.findings
                .report(Place::row("payloads", index), "there is no entry with this position");
        }
        Ok(())
    }

    async fn grow(&mut self, tree: &mut Option<TreeCheck<'_>>, first: u64, leaves: &[Leaf]) {
        let Some(growing) = tree.as_mut() else { return };
        if let Err(error) = growing.page(first, leaves, self.findings).await {
            let problem =
                format!("cannot be read: {error}; the tree is not checked from entry {first} on");
            self.findings.report(Place::whole("tiles"), problem);
            *tree = None;
        }
    }

    /// The rows at the page of positions that begins with `from`.
    async fn rows(&self, from: u64, end: u64) -> Result<Vec<Row>, StoreError> {
        let to = end.min(from + PAGE_LEAVES);
        let (low, high) = (number(from), number(to));
        let entries = self.subject.ledger.entries(low, high).await?;
        let payloads = self.subject.ledger.payloads(low, high).await?;
        let mut entries: HashMap<i64, RawEntry> =
            entries.into_iter().map(|row| (row.index, row)).collect();
        let mut payloads: HashMap<i64, RawPayload> =
            payloads.into_iter().map(|row| (row.index, row)).collect();
        let row = |index| Row {
            index,
            entry: entries.remove(&number(index)),
            payload: payloads.remove(&number(index)),
        };
        Ok((from..to).map(row).collect())
    }

    /// The page as it was read, or row by row if the page as a whole cannot be read.
    async fn take_rows(
        &mut self,
        from: u64,
        end: u64,
        read: Result<Vec<Row>, StoreError>,
    ) -> Result<Vec<Row>, StoreError> {
        let error = match read {
            Ok(rows) => return Ok(rows),
            Err(error) => error,
        };
        let mut rows = Vec::new();
        let mut readable = 0;
        for index in from..end.min(from + PAGE_LEAVES) {
            let (low, high) = (number(index), number(index) + 1);
            let entry = self.subject.ledger.entries(low, high).await;
            let payload = self.subject.ledger.payloads(low, high).await;
            readable += u32::from(entry.is_ok() || payload.is_ok());
            let entry = self.findings.read(|| Place::row("entries", index), entry);
            let payload = self.findings.read(|| Place::row("payloads", index), payload);
            rows.push(Row {
                index,
                entry: entry.and_then(|rows| rows.into_iter().next()),
                payload: payload.and_then(|rows| rows.into_iter().next()),
            });
        }
        // Nothing on the whole page: the file is lost, and naming every row helps nobody.
        if readable == 0 { Err(error) } else { Ok(rows) }
    }

    /// Everything about a page that depends on order or on keys.
    async fn judge(&mut self, examined: Vec<Examined>, facts: &mut Facts) {
        let mut keys: HashMap<Uuid, Option<SubmissionKey>> = HashMap::new();
        let mut owners: HashMap<Uuid, Option<Thumbprint>> = HashMap::new();
        let mut judging = Vec::with_capacity(examined.len());
        for one in examined {
            let Examined { index, statement, public, sealed, missing, problems, .. } = one;
            for (place, problem) in problems {
                self.findings.report(place, problem);
            }
            let Some(statement) = statement else { continue };
            let place = || Place::row("entries", index);
            require_place(index, statement.header().content_type, self.findings);
            facts.learn(index, &statement, public.as_ref());
            if missing {
                facts.missing.push((index, statement.header().subject));
            }
            if let Err(unauthorized) = facts.authorize(index, &statement) {
                self.findings.report(place(), unauthorized);
            }
            let issuer = statement.header().issuer;
            let key = self.public_key(facts, issuer).await;
            if key.is_none() {
                self.findings.report(
                    place(),
                    format_args!("the key {issuer} is unknown, so its signature is not checked"),
                );
            }
            let sealed = match sealed {
                Some(row) => {
                    let subject = statement.header().subject;
                    let sealing = self.sealing(&mut keys, subject, &row).await;
                    self.checked.payloads_sealed += u64::from(sealing.is_none());
                    sealing.map(|sealing| (row, sealing))
                }
                None => None,
            };
            self.checked.payloads += u64::from(public.is_some());
            judging.push(Judged {
                index,
                statement,
                key,
                sealed,
                payload: None,
                verified: false,
                problems: vec![],
            });
        }
        for judged in in_parallel(judging, open_and_verify).await {
            self.checked.signatures += u64::from(judged.verified);
            self.checked.payloads += u64::from(judged.payload.is_some());
            for (place, problem) in judged.problems {
                self.findings.report(place, problem);
            }
            if let Some(payload) = &judged.payload {
                let place = Place::row("entries", judged.index);
                facts.learn_sealed(judged.index, payload);
                let said = (judged.index, &judged.statement, payload);
                let entitled = self.entitle(said, facts, &mut owners).await;
                if let Some(Err(problem)) = self.findings.read(|| place.clone(), entitled) {
                    self.findings.report(place, problem);
                }
                let compared = self.compare_with_manifests(&judged.statement, payload).await;
                self.settle("submissions", compared);
            }
        }
    }

    /// Whether what was opened is its issuer's to say.
    async fn entitle(
        &self,
        (index, statement, payload): (u64, &SignedStatement, &Payload),
        facts: &mut Facts,
        owners: &mut HashMap<Uuid, Option<Thumbprint>>,
    ) -> Result<Result<(), Unentitled>, StoreError> {
        if let Payload::KeyApproval(said) = payload
            && let Some(approval) = facts.approvals.get_mut(&index)
        {
            approval.replacement = Some(said.body().replacement.0);
        }
        let opened_by = match statement.header().subject {
            StatementSubject::Key(_) => None,
            StatementSubject::Submission(submission) => match owners.get(&submission) {
                Some(owner) => *owner,
                None => {
                    let issuer = self.subject.ledger.opened_by(submission).await?;
                    let owner = issuer.and_then(|bytes| Hash::from_slice(&bytes)).map(Thumbprint);
                    owners.insert(submission, owner);
                    owner
                }
            },
        };
        Ok(facts.entitle(statement, payload, opened_by))
    }

    /// The key of a thumbprint, from entries or, since the thumbprint vouches for it, from the
    /// table.
    async fn public_key(&mut self, facts: &Facts, thumbprint: Thumbprint) -> Option<PublicKey> {
        if let Some(key) = facts.public_key(thumbprint) {
            return Some(key);
        }
        let stored = self.subject.ledger.key_bytes(thumbprint).await;
        let bytes = self.findings.read(|| Place::row("signing_keys", thumbprint), stored)??;
        PublicKey::from_bytes(&bytes).ok().filter(|key| key.thumbprint() == thumbprint)
    }

    /// The key of a submission; a lost one is reported once a page.
    pub(super) async fn submission_key(
        &mut self,
        keys: &mut HashMap<Uuid, Option<SubmissionKey>>,
        submission: Uuid,
    ) -> Option<SubmissionKey> {
        let vault = self.subject.vault?;
        if let Some(key) = keys.get(&submission) {
            return key.clone();
        }
        let key = match vault.existing_key(submission).await {
            Ok(key) => Some(key),
            Err(error) => {
                self.findings.report(Place::row("submission_keys", submission), error);
                None
            }
        };
        keys.insert(submission, key.clone());
        key
    }

    /// What a payload is sealed under. One about a key goes with what is known of its holder, so that
    /// key may be destroyed without more.
    pub(super) async fn sealing(
        &mut self,
        keys: &mut HashMap<Uuid, Option<SubmissionKey>>,
        subject: StatementSubject,
        row: &RawPayload,
    ) -> Option<Sealing> {
        let under = match &row.sealed_under {
            None => sealed_under(subject),
            Some(bytes) => match Uuid::from_slice(bytes) {
                Ok(id) => id,
                Err(_) => {
                    let place = Place::row("payloads", row.index);
                    self.findings.report(place, "sealed_under is not 16 bytes");
                    return None;
                }
            },
        };
        if let StatementSubject::Key(_) = subject {
            let found = self.subject.vault?.existing_key(under).await;
            if matches!(found, Err(KeysError::Destroyed { .. })) {
                return None;
            }
        }
        let key = self.submission_key(keys, under).await?;
        Some(Sealing { under, key })
    }

    /// What a sealed statement says of manifests.
    async fn compare_with_manifests(
        &mut self,
        statement: &SignedStatement,
        payload: &Payload,
    ) -> Result<(), StoreError> {
        let StatementSubject::Submission(submission) = statement.header().subject else {
            return Ok(());
        };
        let Payload::Manifest(stated) = payload else { return Ok(()) };
        let stated = stated.body();
        let commitment = stated.commitment.0;
        let place = || Place::pair("manifests", submission.as_bytes(), commitment.as_bytes());
        match self.subject.ledger.manifest(submission, commitment).await? {
            None => self.findings.report(place(), "is missing, but a statement commits to it"),
            Some(row) => {
                let same = row.role == stated.role.as_str()
                    && u64::try_from(row.files) == Ok(stated.count)
                    && u64::try_from(row.bytes) == Ok(stated.total_size);
                if !same {
                    let problem =
                        "role, count or size differ from the statement that commits to it";
                    self.findings.report(place(), problem);
                }
            }
        }
        Ok(())
    }
}

fn number(index: u64) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

/// Genesis comes first and once.
fn require_place(index: u64, found: ContentType, findings: &mut crate::log::fsck::Findings) {
    if (index == 0) != (found == ContentType::Genesis) {
        let problem = format!(
            "a statement of type {} cannot be here: genesis is entry 0 alone",
            found.as_str()
        );
        findings.report(Place::row("entries", index), problem);
    }
}

/// First stage: form, columns, hash, and the payload as far as it opens without a key.
fn examine(row: Row, origin: Option<&str>) -> Examined {
    let Row { index, entry, payload } = row;
    let mut examined = Examined {
        index,
        leaf: Leaf::default(),
        statement: None,
        public: None,
        sealed: None,
        missing: false,
        problems: Vec::new(),
    };
    let Some(entry) = entry else {
        if payload.is_some() {
            examined.problems.push((
                Place::row("payloads", index),
                "there is no entry with this position".into(),
            ));
        }
        return examined;
    };
    examined.leaf =
        Leaf { entry: Some(leaf_hash(&entry.entry)), row: Hash::from_slice(&entry.leaf_hash) };
    let place = || Place::row("entries", index);
    match SignedStatement::parse_entry(&entry.entry) {
        Ok(statement) => {
            let problems = columns(&entry, &statement, origin);
            examined.problems.extend(problems.into_iter().map(|problem| (place(), problem)));
            examined.statement = Some(statement);
        }
        Err(error) => examined.problems.push((place(), format!("its bytes are no entry: {error}"))),
    }
    examine_payload(&mut examined, payload);
    examined
}

fn columns(row: &RawEntry, statement: &SignedStatement, origin: Option<&str>) -> Vec<String> {
    let header = statement.header();
    let mut problems = Vec::new();
    if statement.entry_bytes() != row.entry {
        problems.push("its bytes are not in the one form that entries have".into());
    }
    if let Some(origin) = origin.filter(|origin| *origin != header.audience) {
        problems.push(format!("it is for the log {:?}, this is {origin:?}", header.audience));
    }
    if row.issued_at != header.issued_at {
        problems
            .push(format!("issued_at is {}, the entry says {}", row.issued_at, header.issued_at));
    }
    let subject: &[u8] = match &header.subject {
        StatementSubject::Submission(id) => id.as_bytes(),
        StatementSubject::Key(thumbprint) => thumbprint.0.as_bytes(),
    };
    if row.subject != subject {
        problems.push(format!(
            "subject is {}, the entry says {}",
            hex::encode(&row.subject),
            header.subject.uri()
        ));
    }
    if row.issuer != header.issuer.0.as_bytes() {
        problems.push(format!(
            "issuer is {}, the entry says {}",
            hex::encode(&row.issuer),
            header.issuer
        ));
    }
    if row.content_type != header.content_type.as_str() {
        let (found, said) = (&row.content_type, header.content_type.as_str());
        problems.push(format!("content_type is {found:?}, the entry says {said:?}"));
    }
    problems
}

fn examine_payload(examined: &mut Examined, payload: Option<RawPayload>) {
    let place = Place::row("payloads", examined.index);
    let Some(statement) = &examined.statement else { return };
    let Some(row) = payload else {
        examined.missing = true;
        return;
    };
    let sealed = statement.header().content_type.is_sealed();
    if row.sealed != sealed {
        let kind = if sealed { "sealed" } else { "published" };
        examined
            .problems
            .push((place, format!("it is marked wrongly: payloads of this type are {kind}")));
        return;
    }
    let digest = statement.payload_digest();
    if row.digest != digest.as_bytes() {
        let problem =
            format!("digest is {}, the entry commits to {digest}", hex::encode(&row.digest));
        examined.problems.push((place.clone(), problem));
    }
    if sealed {
        examined.sealed = Some(row);
        return;
    }
    match fitting(statement, &row.body, false) {
        Ok(payload) => examined.public = Some(payload),
        Err(problem) => examined.problems.push((place, problem)),
    }
}

/// The payload, if its bytes are those that the statement commits to and say what it may say.
pub(super) fn fitting(
    statement: &SignedStatement,
    bytes: &[u8],
    sealed: bool,
) -> Result<Payload, String> {
    let (found, required) = (Hash::of(bytes), statement.payload_digest());
    if found != required {
        return Err(format!("its bytes have SHA-256 {found}, the entry commits to {required}"));
    }
    let payload =
        Payload::parse(bytes, sealed).map_err(|error| format!("it is no payload: {error}"))?;
    payload
        .check(statement.header())
        .map_err(|error| format!("it does not fit its entry: {error}"))?;
    Ok(payload)
}

/// Second stage: the signature, and the payload under its key.
fn open_and_verify(mut judged: Judged) -> Judged {
    if let Some(key) = &judged.key {
        match judged.statement.verify(key) {
            Ok(()) => judged.verified = true,
            Err(error) => {
                judged.problems.push((Place::row("entries", judged.index), error.to_string()))
            }
        }
    }
    if let Some((row, sealing)) = judged.sealed.take() {
        match open(&judged.statement, &sealing, &row.body) {
            Ok(payload) => judged.payload = Some(payload),
            Err(problem) => judged.problems.push((Place::row("payloads", judged.index), problem)),
        }
    }
    judged
}

/// A sealed payload, if it opens and is what its entry commits to.
pub(super) fn open(
    statement: &SignedStatement,
    Sealing { under, key }: &Sealing,
    body: &[u8],
) -> Result<Payload, String> {
    let bytes = open_payload(key, *under, &statement.payload_digest(), body);
    let payload = fitting(statement, &bytes.map_err(|error| error.to_string())?, true)?;
    let required = sealing_id(statement.header().subject, &payload);
    match *under == required || *under == sealed_under(statement.header().subject) {
        true => Ok(payload),
        false => Err(format!("it is sealed under the key of {under}, not of {required}")),
    }
}

/// Runs `work` on every item, on all cores, and gives the results in order.
async fn in_parallel<T, R>(
    mut items: Vec<T>,
    work: impl Fn(T) -> R + Clone + Send + 'static,
) -> Vec<R>
where
    T: Send + 'static,
    R: Send + 'static,
{
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(cores).max(1);
    let mut tasks = Vec::with_capacity(cores);
    while !items.is_empty() {
        let rest = items.split_off(items.len().min(share));
        let (mine, work) = (std::mem::replace(&mut items, rest), work.clone());
        tasks.push(tokio::task::spawn_blocking(move || {
            mine.into_iter().map(work).collect::<Vec<R>>()
        }));
    }
    let mut results = Vec::new();
    for task in tasks {
        match task.await {
            Ok(part) => results.extend(part),
            Err(failed) => {
                if let Ok(reason) = failed.try_into_panic() {
                    std::panic::resume_unwind(reason);
                }
            }
        }
    }
    results
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn results_come_in_order() {
        for count in [0_usize, 1, 2, 3, 255, 256, 257] {
            let doubled = in_parallel((0..count).collect(), |number| number * 2).await;
            assert_eq!(doubled, (0..count).map(|number| number * 2).collect::<Vec<_>>());
        }
    }
}
