//! `clearance`: the service says whether a submission may be used for a purpose, by which rules and
//! on which facts, so that anybody who has the rules can decide again.

use serde::{Deserialize, Serialize};

use super::{
    clearance_facts::ClearanceFacts,
    envelope::Tool,
    error::{FieldProblem, PayloadError},
    fields::{Digest, SubmissionId, Timestamp, count, distinct},
    kind::StatementKind,
    statement::RecordBody,
    summary::Summary,
    text::{Line, Name},
    withdrawal::Purpose,
};
use crate::cose::Subject;

/// Most rules that decide together.
pub const MAX_DECIDING: usize = 400;
/// Most words for what stands against clearance.
pub const MAX_MISSING: usize = 64;

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clearance {
    /// The submission; equals the subject of the statement's header.
    pub subject: SubmissionId,
    /// The purpose asked about.
    pub purpose: Purpose,
    /// Whether it may be used for that.
    pub granted: bool,
    /// Digest of the policy bundle whose rules decided.
    pub policy_sha256: Digest,
    /// The engine that evaluated them.
    pub engine: Tool,
    /// What was known.
    pub facts: ClearanceFacts,
    /// Identifiers of the rules that decided, sorted, each once.
    pub deciding: Vec<Line>,
    /// What stands against it, in words of the rules, each once; empty exactly if it is granted.
    pub missing: Vec<Name>,
    /// When it was decided, by the service's clock.
    pub decided_at: Timestamp,
}

impl RecordBody for Clearance {
    const KIND: StatementKind = StatementKind::Clearance;

    fn subject(&self) -> Subject {
        Subject::Submission(self.subject.0)
    }

    fn validate(&self) -> Result<(), PayloadError> {
        self.facts.validate()?;
        if self.facts.purpose != self.purpose {
            return Err(PayloadError::field("body.facts.purpose", FieldProblem::Contradiction));
        }
        count("body.deciding", self.deciding.len(), 1, MAX_DECIDING)?;
        if !self.deciding.is_sorted_by(|a, b| a.as_str() < b.as_str()) {
            return Err(PayloadError::field("body.deciding", FieldProblem::Unsorted));
        }
        count("body.missing", self.missing.len(), 0, MAX_MISSING)?;
        distinct("body.missing", &self.missing)?;
        if self.granted != self.missing.is_empty() {
            return Err(PayloadError::field("body.missing", FieldProblem::Contradiction));
        }
        Ok(())
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Submission", self.subject);
        summary.add("Purpose", self.purpose);
        summary.add_bool("Clearance granted", self.granted);
        summary.add_each("Missing", &self.missing);
        summary.add_each("Decided by the rule", &self.deciding);
        summary.add("Policy bundle SHA-256", self.policy_sha256);
        summary.add("Engine", &self.engine);
        self.facts.summarize(summary);
        summary.add("Decided at", self.decided_at);
    }
}
