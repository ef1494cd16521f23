//! What everybody says who speaks in an office, besides the matter itself: in which capacity, when,
//! under which clauses.

use serde::{Deserialize, Serialize};

use super::{
    envelope::{ClauseAnswer, ClauseReference, ElectronicSignature, Tool, validate_answers},
    error::{FieldProblem, PayloadError},
    fields::Timestamp,
    key_event::MemberRole,
    kind::StatementKind,
    summary::Summary,
};

/// The shared part of statements by reviewers, legal officers and administrators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficialEnvelope {
    /// When the signer says so, by the signer's clock.
    pub stated_at: Timestamp,
    /// In which role of the program the signer speaks; one that makes this kind of statement.
    pub capacity: MemberRole,
    /// The exact clause text that was shown.
    pub clauses: ClauseReference,
    /// One answer per clause of that text.
    pub answers: Vec<ClauseAnswer>,
    /// Consent to sign and receive records electronically.
    pub electronic_signature: ElectronicSignature,
    /// The program that rendered and signed the payload.
    pub tool: Tool,
}

impl OfficialEnvelope {
    pub(super) fn validate(&self, kind: StatementKind) -> Result<(), PayloadError> {
        if !kind.speaker().roles().contains(&self.capacity) {
            return Err(PayloadError::field("envelope.capacity", FieldProblem::Contradiction));
        }
        validate_answers(&self.answers)?;
        self.electronic_signature.validate()
    }

    pub(super) fn summarize(&self, summary: &mut Summary) {
        summary.add("Stated at", self.stated_at);
        summary.add("Signer's capacity", self.capacity);
        self.electronic_signature.summarize(summary);
        summary.add("Clauses shown", &self.clauses);
        summary.add_each("Clause", &self.answers);
        summary.add("Signed with", &self.tool);
    }
}
