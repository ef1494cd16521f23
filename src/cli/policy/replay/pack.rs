//! Deciding again what a verified pack says was decided, by nothing but what is in it.

use attestry_policy::bundle::bundle_digest;
use attestry_proof::{
    cose::Subject,
    hash::Hash,
    pack::{Evidence, PackIndex},
    payload::{Payload, clearance::Clearance},
};
use attestry_verify::{GivenPack, ReplayOutcome};

use super::compare::{Outcome, Record, Rules, Told, judge};

/// Makes every decision of a pack again. Its statements must be verified.
pub fn replay_pack(pack: &GivenPack) -> ReplayOutcome {
    let (Some(index), Some(evidence)) = (pack.index(), pack.evidence()) else {
        return ReplayOutcome::Unreadable;
    };
    let record = record_of(index, evidence);
    let mut worst = ReplayOutcome::NothingDecided;
    for (at, told) in &record.told {
        let Payload::Clearance(said) = &told.payload else { continue };
        let held_against_all = record.erased_facts(said.body()).is_empty();
        let outcome = match in_force_at(*at, evidence) == Some(said.body().policy_sha256.0) {
            true => decide(*at, said.body(), pack, &record),
            false => ReplayOutcome::Differs,
        };
        let outcome = match outcome {
            ReplayOutcome::Agrees if !held_against_all => ReplayOutcome::Unreadable,
            outcome => outcome,
        };
        worst = worse(worst, outcome);
    }
    match (worst, record.erased_by_service.is_empty()) {
        (ReplayOutcome::NothingDecided, false) => ReplayOutcome::Unreadable,
        (worst, _) => worst,
    }
}

fn decide(at: u64, clearance: &Clearance, pack: &GivenPack, record: &Record) -> ReplayOutcome {
    match judge((at, clearance), &rules_of(clearance.policy_sha256.0, pack), record) {
        Outcome::Agrees => ReplayOutcome::Agrees,
        Outcome::Differs(_) => ReplayOutcome::Differs,
        Outcome::NotReplayed(_) => ReplayOutcome::Unreadable,
    }
}

const fn worse(one: ReplayOutcome, other: ReplayOutcome) -> ReplayOutcome {
    use ReplayOutcome as R;
    match (one, other) {
        (R::Differs, _) | (_, R::Differs) => R::Differs,
        (R::Unreadable, _) | (_, R::Unreadable) => R::Unreadable,
        (R::NothingDecided, other) | (other, R::NothingDecided) => other,
        (one, _) => one,
    }
}

fn record_of(index: &PackIndex, evidence: &Evidence) -> Record {
    let mut record = Record::default();
    let service = match evidence.payloads.get(&0) {
        Some(Payload::Genesis(said)) => Some(said.body().service_key.thumbprint.0),
        _ => None,
    };
    let about = Subject::Submission(index.subject.0);
    for (at, statement) in &evidence.statements {
        let header = statement.header();
        if header.subject != about {
            continue;
        }
        match evidence.payloads.get(at) {
            Some(payload) => {
                let (leaf, issuer) = (statement.leaf_hash(), header.issuer);
                record.told.insert(*at, Told { leaf, issuer, payload: payload.clone() });
            }
            None if Some(header.issuer) == service => drop(record.erased_by_service.insert(*at)),
            None => drop(record.erased.insert(*at)),
        }
    }
    record
}

/// Digest of the bundle in force at a position, as the statements in the pack say.
fn in_force_at(at: u64, evidence: &Evidence) -> Option<Hash> {
    let earlier = evidence.payloads.range(..at).rev();
    let mut stated = earlier.filter_map(|(_, payload)| match payload {
        Payload::Policy(said) => Some(said.body().bundle_sha256.0),
        _ => None,
    });
    stated.next()
}

fn rules_of(bundle: Hash, pack: &GivenPack) -> Rules {
    let folder = format!("{bundle}/");
    let files: Vec<(String, Vec<u8>)> = pack
        .policies()
        .iter()
        .filter_map(|(path, bytes)| Some((path.strip_prefix(&folder)?.to_owned(), bytes.clone())))
        .collect();
    if files.is_empty() {
        return Rules::Missing(format!("the pack has no bundle {bundle}"));
    }
    let named: Vec<(&str, &[u8])> =
        files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    match bundle_digest(&named) {
        Ok(found) if Hash(found) == bundle => Rules::Archived(files),
        _ => Rules::Contradicted,
    }
}
