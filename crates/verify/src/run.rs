//! The command: gather, judge, settle, report.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read as _;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use attestry_proof::cose::key::{MAX_COSE_KEY_BYTES, MAX_KEY_SET_KEYS, parse_key_set};
use attestry_proof::cose::{ContentType, SignedStatement};
use attestry_proof::hash::Hash;
use attestry_proof::key::PublicKey;
use attestry_proof::log::trust::{MAX_POLICY_BYTES, TrustPolicy};
use attestry_proof::manifest::{MAX_OPENINGS_BYTES, Manifest};

use crate::arguments::{Arguments, InputError};
use crate::checkpoints::Judged;
use crate::consistency::ConsistencyProofs;
use crate::evidence::Evidence;
use crate::history::Histories;
use crate::input::{Inputs, OpeningsFile};
use crate::packs::PackReport;
use crate::pair::{Pairing, pair};
use crate::pool;
use crate::receipts::consistency_receipt;
use crate::report::{
    CheckpointReport, FilesReport, KeysFrom, OpeningsReport, Report, StatementReport, Unmatched,
    UnmatchedKind, places,
};
use crate::verdict::{Event, StatementVerdict};
use crate::verifier::Verifier;

/// Every statement is verified, and so is everything else that was given.
pub const EXIT_VERIFIED: u8 = 0;
/// Something is not verified.
pub const EXIT_NOT_VERIFIED: u8 = 1;
/// The input is unusable.
pub const EXIT_UNUSABLE: u8 = 2;

/// Beyond so many statements, what payloads say is not kept unless it is asked for.
const SUMMARIES_MAX: usize = 1000;

/// The exit code for an outcome.
#[must_use]
pub const fn exit_code(outcome: &Result<Report, InputError>) -> u8 {
    match outcome {
        Ok(report) => report.exit_code(),
        Err(_) => EXIT_UNUSABLE,
    }
}

/// Verifies all that the arguments name.
///
/// # Errors
/// See [`InputError`]: the input is unusable. What does not verify is in the report.
pub fn run(arguments: &Arguments) -> Result<Report, InputError> {
    let jobs = arguments.jobs.unwrap_or_else(pool::all_cores);
    let mut verifier = Verifier::new(read_policy(&arguments.trust)?);
    let vouched = arguments.keys.as_deref().map(read_keys).transpose()?;
    let mut inputs = Inputs::gather(&arguments.paths, jobs)?;
    if let Some(path) = &arguments.openings {
        inputs.openings.push(read_openings(path, arguments)?);
    }
    if inputs.statements.is_empty() {
        return Err(InputError::NoStatement);
    }
    verifier.add_keys(inputs.keys.iter().copied());
    let notes: Vec<_> = inputs
        .checkpoints
        .iter()
        .map(|item| (item.name.as_str(), verifier.checkpoints.judge(&item.bytes)))
        .collect();
    let summaries = arguments.all || inputs.statements.len() <= SUMMARIES_MAX;
    let pairing = pair(&inputs, summaries, jobs);
    let keys_from = introduce(&mut verifier, &pairing.evidence, vouched);
    let mut verdicts = pool::map(jobs, &pairing.evidence, |evidence| verifier.verify(evidence));
    let receipts = pairing.receipts_left.iter().filter_map(|item| consistency_receipt(&item.bytes));
    let paths = inputs.consistency.iter().map(|(_, path)| path.clone()).collect();
    let consistency = ConsistencyProofs::new(paths, receipts.collect());
    // Before the statements are settled: a receipt may show a second root for one size.
    let histories = Histories::of(&verifier, &consistency);
    let settled = verifier.settle_with(&mut verdicts, &consistency);

    let packs = judge_packs(&inputs, &verifier, &verdicts);
    let files = compare_files(&inputs.openings, jobs)?;
    let openings = inputs.openings.iter().map(|file| committed(file, &inputs, &verdicts)).collect();
    let unmatched = unmatched(&inputs, &pairing, &verdicts);
    let statements = inputs.statements.iter().zip(&verdicts);
    let mut report = Report {
        keys_from,
        statements: statements.map(|(item, v)| StatementReport::new(&item.name, v)).collect(),
        checkpoints: checkpoint_reports(&histories, &notes),
        forks: verifier.checkpoints.forks(),
        forked_entries: places(settled.forked_entries),
        unlinked: histories.unlinked(),
        openings,
        packs,
        unindexed: std::mem::take(&mut inputs.unindexed),
        files,
        unmatched,
        ignored: std::mem::take(&mut inputs.ignored),
        list_all: arguments.all,
        ..Report::new(verifier.policy())
    };
    report.sum_up(settled.events);
    Ok(report)
}

/// Holds each pack against its index and its statements.
fn judge_packs(
    inputs: &Inputs,
    verifier: &Verifier,
    verdicts: &[StatementVerdict],
) -> Vec<PackReport> {
    let verdicts: HashMap<&str, &StatementVerdict> =
        inputs.statements.iter().map(|item| item.name.as_str()).zip(verdicts).collect();
    inputs.packs.iter().map(|pack| pack.judge(verifier, &verdicts)).collect()
}

/// Learns the log's other keys: from genesis, or where none is given from the user.
fn introduce(
    verifier: &mut Verifier,
    evidence: &[Evidence<'_>],
    vouched: Option<Vec<PublicKey>>,
) -> KeysFrom {
    let origins: HashSet<String> =
        verifier.policy().logs().iter().map(|log| log.key().name().to_owned()).collect();
    let candidates = evidence.iter().filter(|evidence| is_genesis(evidence.statement, &origins));
    let (mut seen, mut adopted) = (false, false);
    for candidate in candidates {
        seen = true;
        adopted |= verifier.adopt_genesis(candidate).is_ok();
    }
    let vouches = vouched.is_some();
    for key in vouched.unwrap_or_default() {
        if seen {
            verifier.add_keys([key]);
        } else {
            verifier.vouch_for_keys([key]);
        }
    }
    match (adopted, seen, vouches) {
        (true, ..) => KeysFrom::Genesis,
        (false, true, _) => KeysFrom::GenesisNotProven,
        (false, false, true) => KeysFrom::User,
        (false, false, false) => KeysFrom::Nowhere,
    }
}

/// Whether a statement says of itself, in its signed header, that it introduces one of these logs.
fn is_genesis(statement: &[u8], origins: &HashSet<String>) -> bool {
    // A cheap look first: others may carry these bytes too, in a payload for one.
    let mark = ContentType::Genesis.as_str().as_bytes();
    if !statement.windows(mark.len()).any(|bytes| bytes == mark) {
        return false;
    }
    SignedStatement::parse(statement).is_ok_and(|(statement, _)| {
        let header = statement.header();
        header.content_type == ContentType::Genesis && origins.contains(&header.audience)
    })
}

fn compare_files(
    openings: &[OpeningsFile],
    jobs: NonZeroUsize,
) -> Result<Vec<FilesReport>, InputError> {
    let with_files = openings.iter().filter_map(|file| Some((file, file.files.as_deref()?)));
    with_files
        .map(|(file, directory)| {
            let comparison = crate::files::compare(&file.manifest, directory, jobs)?;
            Ok(FilesReport::new(directory, &file.name, comparison))
        })
        .collect()
}

/// Whether a statement that is in the log commits to the openings.
fn committed(
    file: &OpeningsFile,
    inputs: &Inputs,
    verdicts: &[StatementVerdict],
) -> OpeningsReport {
    let commits = |verdict: &&StatementVerdict| match &verdict.event {
        Some(Event::Manifest(manifest)) => {
            manifest.commitment.0 == file.manifest.commitment()
                && manifest.role == file.manifest.role()
                && manifest.count == file.manifest.count()
                && manifest.total_size == file.manifest.total_size()
        }
        _ => false,
    };
    let statements = inputs.statements.iter().zip(verdicts);
    let best = statements.filter(|(_, verdict)| commits(verdict)).min_by_key(|(_, v)| v.verdict());
    OpeningsReport::new(file, best.map(|(item, verdict)| (item.name.as_str(), verdict)))
}

/// Evidence that was given and belongs to nothing, or is none.
fn unmatched(
    inputs: &Inputs,
    pairing: &Pairing<'_>,
    verdicts: &[StatementVerdict],
) -> Vec<Unmatched> {
    let described = verdicts.iter().filter_map(|verdict| verdict.described.as_ref());
    let digests: HashSet<Hash> = described.map(|described| described.payload_digest).collect();
    let payloads = inputs.payload_files.iter().filter(|(_, digest)| !digests.contains(digest));
    let payloads = payloads.map(|(name, _)| (name.as_str(), UnmatchedKind::Payload));
    let proofs = pairing.proofs_left.iter().map(|name| (*name, UnmatchedKind::Proof));
    let receipts = pairing.receipts_left.iter();
    let receipts = receipts
        .filter(|item| consistency_receipt(&item.bytes).is_none())
        .map(|item| (item.name.as_str(), UnmatchedKind::Receipt));
    let malformed = inputs.malformed.iter().map(|name| (name.as_str(), UnmatchedKind::Malformed));
    let unpacked = inputs.unpacked.iter().map(|name| (name.as_str(), UnmatchedKind::Unpacked));
    let all = payloads.chain(proofs).chain(receipts).chain(malformed).chain(unpacked);
    all.map(|(name, kind)| Unmatched::new(name, kind)).collect()
}

fn checkpoint_reports(
    histories: &Histories,
    notes: &[(&str, Arc<Judged>)],
) -> Vec<CheckpointReport> {
    let Histories { trusted, continued_by } = histories;
    let mut reports: Vec<_> =
        trusted.iter().map(|checkpoint| CheckpointReport::trusted(checkpoint)).collect();
    for (older, continued_by) in trusted.iter().zip(continued_by) {
        for newer in continued_by {
            if let Some(report) = reports.get_mut(*newer) {
                report.continues(older.checkpoint().size());
            }
        }
    }
    let rest = notes.iter().filter_map(|(name, judged)| CheckpointReport::untrusted(name, judged));
    reports.extend(rest);
    reports
}

fn read_policy(path: &Path) -> Result<TrustPolicy, InputError> {
    let bytes = read_up_to(path, MAX_POLICY_BYTES)?;
    let policy = TrustPolicy::parse(&bytes)
        .map_err(|source| InputError::Trust { path: path.to_owned(), source })?;
    if policy.logs().is_empty() {
        return Err(InputError::TrustsNothing { path: path.to_owned() });
    }
    Ok(policy)
}

fn read_keys(path: &Path) -> Result<Vec<PublicKey>, InputError> {
    let bytes = read_up_to(path, MAX_KEY_SET_KEYS * MAX_COSE_KEY_BYTES)?;
    parse_key_set(&bytes).map_err(|source| InputError::Keys { path: path.to_owned(), source })
}

fn read_openings(path: &Path, arguments: &Arguments) -> Result<OpeningsFile, InputError> {
    let bytes = read_up_to(path, MAX_OPENINGS_BYTES)?;
    let manifest = Manifest::parse_openings(&bytes)
        .map_err(|source| InputError::Openings { path: path.to_owned(), source })?;
    let name = path.display().to_string();
    Ok(OpeningsFile { name, manifest, files: arguments.files.clone() })
}

/// Reads a file and one byte more than it may have, for its parser to refuse.
fn read_up_to(path: &Path, limit: usize) -> Result<Vec<u8>, InputError> {
    let error = |source| InputError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(error)?;
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(error)?;
    Ok(bytes)
}
