//! Whether a logged decision is the one that the rules make of the logged facts, and whether the
//! facts are what the statements say.

use std::collections::{BTreeMap, BTreeSet};

use attestry_policy::clearance::{ClearanceDecision, RecordedFacts, Replay, replay};
use attestry_proof::{
    hash::Hash,
    key::Thumbprint,
    manifest::Role as Side,
    payload::{
        Payload, StatementKind,
        clearance::Clearance,
        clearance_facts::{AttestationFact, Recorded, ReviewFact, ScanFact},
        envelope::Answer,
        own_work::Consent,
        redaction_check::ResidualRisk,
        scan::Scan,
        withdrawal::{Purpose, Scope},
    },
};
use serde::Serialize;

/// A statement about the submission, verified, with its payload.
#[derive(Debug)]
pub struct Told {
    pub leaf: Hash,
    pub issuer: Thumbprint,
    pub payload: Payload,
}

/// What people stated about a submission, and what was decided, by position.
#[derive(Debug, Default)]
pub struct Record {
    /// What can be read.
    pub told: BTreeMap<u64, Told>,
    /// Statements by people whose payload was erased.
    pub erased: BTreeSet<u64>,
    /// Statements by the service whose payload was erased.
    pub erased_by_service: BTreeSet<u64>,
}

impl Record {
    /// What could be read before a position.
    fn before(&self, at: u64) -> impl DoubleEndedIterator<Item = (u64, &Told)> {
        self.told.range(..at).map(|(index, told)| (*index, told))
    }

    /// Positions of facts that can be held against no statement any more.
    pub fn erased_facts(&self, clearance: &Clearance) -> Vec<u64> {
        let attestations = match &clearance.facts.attestations {
            Recorded::Known(facts) => facts
                .by_kind()
                .into_iter()
                .filter_map(|(_, fact)| fact)
                .map(|fact| fact.position)
                .collect(),
            Recorded::Redacted => Vec::new(),
        };
        let review = match &clearance.facts.review {
            Recorded::Known(Some(fact)) => Some(fact.position),
            _ => None,
        };
        let scan = match &clearance.facts.scan {
            Recorded::Known(Some(fact)) => Some(fact.position),
            _ => None,
        };
        let scan = scan.filter(|position| self.erased_by_service.contains(position));
        let mut positions: Vec<u64> = attestations.into_iter().chain(review).collect();
        positions.retain(|position| self.erased.contains(position));
        positions.extend(scan);
        positions.sort_unstable();
        positions
    }
}

/// The rules that a decision names.
#[derive(Debug)]
pub enum Rules {
    /// Their files, which have the digest named.
    Archived(Vec<(String, Vec<u8>)>),
    /// The files that the log names do not make the bundle that the log names.
    Contradicted,
    /// They cannot be had; why.
    Missing(String),
}

/// Something that is not as it was logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What differs.
    pub what: String,
    /// As logged.
    pub logged: String,
    /// As found.
    pub found: String,
}

/// What deciding again came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The rules say the same, and the facts are what the statements say.
    Agrees,
    /// Something is not as it was logged.
    Differs(Vec<Difference>),
    /// There is no verdict; why.
    NotReplayed(String),
}

/// Holds one decision against the rules it names and the statements it rests on.
pub fn judge(decision: (u64, &Clearance), rules: &Rules, record: &Record) -> Outcome {
    let mut differences = check_facts(decision, record);
    match decide_again(decision.1, rules) {
        Ok(found) => differences.extend(found),
        // What is known to be wrong is said, even where the rules cannot be had.
        Err(reason) if differences.is_empty() => return Outcome::NotReplayed(reason),
        Err(_) => {}
    }
    if differences.is_empty() { Outcome::Agrees } else { Outcome::Differs(differences) }
}

fn difference(what: &str, logged: impl ToString, found: impl ToString) -> Difference {
    let (logged, found) = (logged.to_string(), found.to_string());
    Difference { what: what.to_owned(), logged, found }
}

/// What the rules say now and did not say then; or why they say nothing.
fn decide_again(clearance: &Clearance, rules: &Rules) -> Result<Vec<Difference>, String> {
    let files = match rules {
        Rules::Archived(files) => files,
        Rules::Missing(reason) => return Err(reason.clone()),
        Rules::Contradicted => {
            let found = "the files that the log names make another bundle";
            return Ok(vec![difference("policy bundle", clearance.policy_sha256, found)]);
        }
    };
    let named: Vec<(&str, &[u8])> =
        files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    let facts =
        restored(clearance).map_err(|error| format!("its facts are not readable: {error}"))?;
    let again = replay(&named, facts)
        .map_err(|error| format!("its rules are refused by the engine of this program: {error}"))?;
    match again {
        Replay::Decided(decision) => Ok(compare(clearance, &decision)),
        Replay::NotReplayed { gone } => {
            let gone: Vec<&str> = gone.iter().map(|fact| fact.as_str()).collect();
            Err(format!("facts are redacted: {}", gone.join(", ")))
        }
    }
}

/// The facts in the engine's own form: the same JSON.
fn restored(clearance: &Clearance) -> Result<RecordedFacts, serde_json::Error> {
    serde_json::from_value(serde_json::to_value(&clearance.facts)?)
}

fn compare(clearance: &Clearance, decision: &ClearanceDecision) -> Vec<Difference> {
    let logged_rules: Vec<&str> = clearance.deciding.iter().map(|rule| rule.as_str()).collect();
    let rules: Vec<&str> = decision.deciding.iter().map(|rule| rule.as_str()).collect();
    // The engine sorts these words in an order of its own.
    let logged_missing: BTreeSet<&str> =
        clearance.missing.iter().map(|word| word.as_str()).collect();
    let missing: BTreeSet<&str> = decision.missing.iter().map(|word| word.as_str()).collect();
    let word = |granted| if granted { "granted" } else { "not granted" };
    let mut differences = Vec::new();
    if clearance.granted != decision.cleared {
        let (logged, found) = (word(clearance.granted), word(decision.cleared));
        differences.push(difference("decision", logged, found));
    }
    if logged_rules != rules {
        differences.push(difference("deciding rules", logged_rules.join(", "), rules.join(", ")));
    }
    if logged_missing != missing {
        let list = |words: BTreeSet<&str>| words.into_iter().collect::<Vec<_>>().join(", ");
        differences.push(difference("missing", list(logged_missing), list(missing)));
    }
    differences
}

/// Holds the facts against the statements. What nobody but the service knows is not looked at: that
/// two keys are of two persons, that texts are current, holds and cases.
fn check_facts((at, clearance): (u64, &Clearance), record: &Record) -> Vec<Difference> {
    let facts = &clearance.facts;
    let mut differences = Vec::new();
    // An erased statement said something then, and nobody can read what.
    let whole = record.erased.range(..at).next().is_none();
    if let Recorded::Known(logged) = facts.withdrawn {
        let withdrawn = record.before(at).any(|(_, told)| {
            matches!(&told.payload, Payload::Withdrawal(said) if said.body().scope == Scope::Everything)
        });
        if logged != withdrawn && (withdrawn || whole) {
            differences.push(difference("facts, withdrawn", logged, withdrawn));
        }
    }
    if let Recorded::Known(attestations) = &facts.attestations {
        for (kind, fact) in attestations.by_kind() {
            let newest = record.before(at).rfind(|(_, told)| word_of(&told.payload) == Some(kind));
            let (logged, found) = (fact.map(|fact| fact.position), newest.map(|(index, _)| index));
            differences.extend(check_newest(kind, logged, found, record));
            if let (Some(fact), Some(newest)) = (fact, newest)
                && logged == found
            {
                differences.extend(check_answers(kind, fact, newest.1));
                differences.extend(check_consent(fact, newest, record, at));
            }
        }
    }
    if let Recorded::Known(fact) = &facts.scan {
        differences.extend(check_scan(fact.as_ref(), record, at, whole));
    }
    if let Recorded::Known(fact) = &facts.review {
        let is_review = |told: &Told| told.payload.kind() == StatementKind::Review;
        let newest = record.before(at).rfind(|(_, told)| is_review(told));
        let (logged, found) =
            (fact.as_ref().map(|fact| fact.position), newest.map(|(index, _)| index));
        differences.extend(check_newest("review", logged, found, record));
        if let (Some(fact), Some(newest)) = (fact, newest)
            && logged == found
        {
            differences.extend(check_review(fact, newest, record, at, whole));
        }
    }
    differences
}

/// The word for what a contractor states, as facts have it.
fn word_of(payload: &Payload) -> Option<&'static str> {
    match payload {
        Payload::Manifest(said) => Some(match said.body().role {
            Side::Request => "request-manifest",
            Side::Deliverable => "deliverable-manifest",
        }),
        Payload::Withdrawal(_) => None,
        other => other.kind().is_contractor().then(|| other.kind().as_str()),
    }
}

/// Whether the facts rest on the newest statement of a kind; one that was erased since may have
/// been it.
fn check_newest(
    kind: &str,
    logged: Option<u64>,
    found: Option<u64>,
    record: &Record,
) -> Option<Difference> {
    let erased = logged.is_some_and(|logged| {
        record.erased.contains(&logged) && found.is_none_or(|found| found < logged)
    });
    if logged == found || erased {
        return None;
    }
    let entry = |position: Option<u64>| {
        position.map_or_else(|| "none".to_owned(), |position| format!("entry {position}"))
    };
    Some(difference(&format!("facts, newest {kind}"), entry(logged), entry(found)))
}

/// Clauses that were answered no, and the risk that the contractor declared.
fn check_answers(kind: &str, fact: &AttestationFact, told: &Told) -> Vec<Difference> {
    let answers = told.payload.envelope().map_or(&[][..], |envelope| &envelope.answers);
    let refusals = answers.iter().filter(|said| said.answer == Answer::No).count();
    let declared = match &told.payload {
        Payload::RedactionCheck(said) => Some(said.body().residual_risk),
        _ => None,
    };
    let mut differences = Vec::new();
    if fact.refusals as usize != refusals {
        let what = format!("facts, clauses of {kind} answered no");
        differences.push(difference(&what, fact.refusals, refusals));
    }
    if fact.declared_risk != declared {
        let word = |risk: Option<ResidualRisk>| risk.map_or("none", ResidualRisk::as_str);
        let (logged, found) = (word(fact.declared_risk), word(declared));
        differences.push(difference("facts, risk declared", logged, found));
    }
    differences
}

/// The purposes of an own-work statement, less those taken back before the decision.
fn check_consent(
    fact: &AttestationFact,
    (index, told): (u64, &Told),
    record: &Record,
    at: u64,
) -> Option<Difference> {
    let Payload::OwnWork(said) = &told.payload else { return None };
    let consent = &said.body().consent;
    let mut purposes: Vec<Purpose> = [
        (Purpose::Training, consent.training),
        (Purpose::Evaluation, consent.evaluation),
        (Purpose::Redistribution, consent.redistribution),
    ]
    .into_iter()
    .filter_map(|(purpose, said)| (said == Consent::Granted).then_some(purpose))
    .collect();
    for (_, told) in record.before(at).filter(|(later, _)| *later > index) {
        let Payload::Withdrawal(said) = &told.payload else { continue };
        if let Scope::Purposes(back) = &said.body().scope {
            purposes.retain(|purpose| !back.contains(purpose));
        }
    }
    // What an erased withdrawal took back is missing among the facts, and not here.
    let erased = record.erased.range(index..at).next().is_some();
    let fits = if erased {
        fact.purposes.iter().all(|purpose| purposes.contains(purpose))
    } else {
        fact.purposes == purposes
    };
    let list = |purposes: &[Purpose]| {
        purposes.iter().map(|purpose| purpose.as_str()).collect::<Vec<_>>().join(", ")
    };
    (!fits).then(|| difference("facts, consent", list(&fact.purposes), list(&purposes)))
}

/// The risk that the newest scan found. One of other files counts for nothing, so that there may be
/// none in the facts although the log has one.
fn check_scan(fact: Option<&ScanFact>, record: &Record, at: u64, whole: bool) -> Vec<Difference> {
    let newest = record.before(at).rfind(|(_, told)| told.payload.kind() == StatementKind::Scan);
    let found = newest.and_then(|(index, told)| match &told.payload {
        Payload::Scan(said) => Some((index, said.body())),
        _ => None,
    });
    // Nobody can read any more whether an erased one was newer.
    if record.erased_by_service.range(..at).next().is_some() {
        return Vec::new();
    }
    let Some(fact) = fact else {
        let current = found.filter(|(_, said)| whole && is_about_newest(said, record, at));
        let entry = |(index, _)| difference("facts, newest scan", "none", format!("entry {index}"));
        return current.map(entry).into_iter().collect();
    };
    let mut differences = Vec::new();
    let position = found.map(|(index, _)| index);
    differences.extend(check_newest("scan", Some(fact.position), position, record));
    if let Some((index, said)) = found.filter(|(index, _)| *index == fact.position) {
        if fact.residual_risk != said.residual_risk {
            let (logged, found) = (fact.residual_risk, said.residual_risk);
            differences.push(difference("facts, risk that the scan found", logged, found));
        }
        if whole && !is_about_newest(said, record, index) {
            differences.push(difference("facts, scan of the current files", true, false));
        }
    }
    differences
}

/// Whether a scan was held against what was said last of the redaction, before a position.
fn is_about_newest(said: &Scan, record: &Record, at: u64) -> bool {
    let kind = StatementKind::RedactionCheck;
    let newest = record.before(at).rfind(|(_, told)| told.payload.kind() == kind);
    newest.is_some_and(|(_, told)| told.leaf == said.compared_with.0)
}

fn check_review(
    fact: &ReviewFact,
    (index, told): (u64, &Told),
    record: &Record,
    at: u64,
    whole: bool,
) -> Vec<Difference> {
    let Payload::Review(said) = &told.payload else { return Vec::new() };
    let mut differences = Vec::new();
    if fact.verdict != said.body().verdict {
        differences.push(difference("facts, verdict", fact.verdict, said.body().verdict));
    }
    if fact.reviewer.0 != told.issuer {
        differences.push(difference("facts, reviewer", fact.reviewer, told.issuer));
    }
    let newest: BTreeMap<&str, (u64, &Told)> = record
        .before(at)
        .filter_map(|(index, told)| Some((word_of(&told.payload)?, (index, told))))
        .collect();
    let read = |told: &Told| said.body().rests_on.iter().any(|leaf| leaf.0 == told.leaf);
    let current = newest.values().all(|(attested, told)| *attested < index && read(told));
    if fact.current && !current && whole {
        differences.push(difference("facts, review current", true, false));
    }
    if !fact.same_person && newest.values().any(|(_, own)| own.issuer == told.issuer) {
        differences.push(difference("facts, reviewer is the contractor", false, true));
    }
    differences
}

#[cfg(test)]
mod tests;
