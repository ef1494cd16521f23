//! The facts of a `clearance`, in the JSON form that the policy engine writes and reads. Whoever
//! has the engine can decide on them again; whoever has not can still read them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    error::{FieldProblem, PayloadError},
    fields::KeyId,
    redaction_check::ResidualRisk,
    review::ReviewVerdict,
    summary::{Summary, yes_or_no},
    text::Line,
    withdrawal::Purpose,
};

/// All that was known about a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClearanceFacts {
    /// The purpose asked about.
    pub purpose: Purpose,
    /// Name of the program's clearance policy.
    pub clearance_policy: Recorded<Line>,
    /// Most risk that the program allows.
    pub allowed_risk: Recorded<ResidualRisk>,
    /// The newest statement of each kind that there is.
    pub attestations: Recorded<AttestationFacts>,
    /// Whether every consent was taken back.
    pub withdrawn: Recorded<bool>,
    /// The newest scan of the current files, if there is one.
    pub scan: Recorded<Option<ScanFact>>,
    /// The newest review, if there is one.
    pub review: Recorded<Option<ReviewFact>>,
    /// Number of holds, if it was known.
    pub holds: Recorded<Option<u32>>,
    /// Number of open cases, if it was known.
    pub open_cases: Recorded<Option<u32>>,
}

/// A fact, or the place where it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recorded<T> {
    /// As it was decided on.
    Known(T),
    /// Kept out of the record; nobody can decide on it again.
    Redacted,
}

/// Statements by the contractor, the newest of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AttestationFacts {
    /// The files of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_manifest: Option<AttestationFact>,
    /// The files of the deliverable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deliverable_manifest: Option<AttestationFact>,
    /// Authorship, rights and consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_work: Option<AttestationFact>,
    /// Duties of confidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nda_check: Option<AttestationFact>,
    /// Redaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redaction_check: Option<AttestationFact>,
    /// Who asked for the work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_authority: Option<AttestationFact>,
    /// Effort.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<AttestationFact>,
}

/// What was known about a statement by the contractor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestationFact {
    /// Position of its entry.
    pub position: u64,
    /// Whether it is about the files and clause texts that counted, and not superseded.
    pub current: bool,
    /// Whether it was taken back.
    pub withdrawn: bool,
    /// Whether its key was valid at its position.
    pub key_valid: bool,
    /// Purposes consented to and not taken back, in the order of [`Purpose::ALL`]; empty where the
    /// kind asks for none.
    pub purposes: Vec<Purpose>,
    /// Clauses that were answered no.
    pub refusals: u32,
    /// What the contractor says may still be in the files, where the kind says so.
    pub declared_risk: Option<ResidualRisk>,
}

/// What was known about the scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanFact {
    /// Position of the entry that states it.
    pub position: u64,
    /// What may still be in the files.
    pub residual_risk: ResidualRisk,
}

/// What was known about the review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewFact {
    /// Position of its entry.
    pub position: u64,
    /// The key that signed it.
    pub reviewer: KeyId,
    /// Whether reviewer and contractor are one person, or may be.
    pub same_person: bool,
    /// Whether it is about the statements that counted.
    pub current: bool,
    /// Whether its key was valid at its position.
    pub key_valid: bool,
    /// What it came to.
    pub verdict: ReviewVerdict,
}

impl AttestationFacts {
    /// The facts by kind, in the order of the declaration.
    #[must_use]
    pub const fn by_kind(&self) -> [(&'static str, Option<&AttestationFact>); 7] {
        [
            ("request-manifest", self.request_manifest.as_ref()),
            ("deliverable-manifest", self.deliverable_manifest.as_ref()),
            ("own-work", self.own_work.as_ref()),
            ("nda-check", self.nda_check.as_ref()),
            ("redaction-check", self.redaction_check.as_ref()),
            ("task-authority", self.task_authority.as_ref()),
            ("effort", self.effort.as_ref()),
        ]
    }
}

impl ClearanceFacts {
    pub(super) fn validate(&self) -> Result<(), PayloadError> {
        let Recorded::Known(attestations) = &self.attestations else { return Ok(()) };
        for (_, fact) in attestations.by_kind() {
            if fact.is_some_and(|fact| !fact.purposes.is_sorted_by(|a, b| a < b)) {
                let field = "body.facts.attestations.purposes";
                return Err(PayloadError::field(field, FieldProblem::Unsorted));
            }
        }
        Ok(())
    }

    pub(super) fn summarize(&self, summary: &mut Summary) {
        summary.add("Fact, purpose", self.purpose);
        summary.add("Fact, clearance policy", &self.clearance_policy);
        summary.add("Fact, most risk allowed", &self.allowed_risk);
        match &self.attestations {
            Recorded::Redacted => summary.add("Fact, statements", "redacted"),
            Recorded::Known(attestations) => {
                for (kind, fact) in attestations.by_kind() {
                    let text = fact.map_or_else(|| "none".to_owned(), ToString::to_string);
                    summary.add("Fact, statement", format_args!("{kind}: {text}"));
                }
            }
        }
        match self.withdrawn {
            Recorded::Known(withdrawn) => summary.add_bool("Fact, withdrawn", withdrawn),
            Recorded::Redacted => summary.add("Fact, withdrawn", "redacted"),
        }
        add_optional(summary, "Fact, scan", &self.scan, "none");
        add_optional(summary, "Fact, review", &self.review, "none");
        add_optional(summary, "Fact, holds", &self.holds, "not known");
        add_optional(summary, "Fact, open cases", &self.open_cases, "not known");
    }
}

/// Adds a fact that can be absent: `absent` says what that means.
fn add_optional<T: fmt::Display>(
    summary: &mut Summary,
    label: &'static str,
    fact: &Recorded<Option<T>>,
    absent: &'static str,
) {
    match fact {
        Recorded::Known(Some(value)) => summary.add(label, value),
        Recorded::Known(None) => summary.add(label, absent),
        Recorded::Redacted => summary.add(label, "redacted"),
    }
}

impl<T: fmt::Display> fmt::Display for Recorded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(fact) => fact.fmt(f),
            Self::Redacted => f.write_str("redacted"),
        }
    }
}

impl fmt::Display for AttestationFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, current, withdrawn, key_valid, purposes, refusals, declared_risk } =
            self;
        let (current, withdrawn) = (yes_or_no(*current), yes_or_no(*withdrawn));
        let valid = yes_or_no(*key_valid);
        write!(f, "entry {position}, current: {current}, withdrawn: {withdrawn}, ")?;
        write!(f, "key valid: {valid}, clauses answered no: {refusals}")?;
        if let Some(risk) = declared_risk {
            write!(f, ", risk declared: {risk}")?;
        }
        if purposes.is_empty() {
            return Ok(());
        }
        let purposes: Vec<_> = purposes.iter().map(|purpose| purpose.as_str()).collect();
        write!(f, ", consent to: {}", purposes.join(", "))
    }
}

impl fmt::Display for ScanFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}, residual risk: {}", self.position, self.residual_risk)
    }
}

impl fmt::Display for ReviewFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, reviewer, same_person, current, key_valid, verdict } = self;
        let (same, current) = (yes_or_no(*same_person), yes_or_no(*current));
        let valid = yes_or_no(*key_valid);
        write!(f, "entry {position}, {verdict}, by the key {reviewer}, ")?;
        write!(f, "one person with the contractor: {same}, current: {current}, key valid: {valid}")
    }
}
