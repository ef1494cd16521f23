//! `erasure-ordered` and `erased`: the service says that it is about to destroy content, on whose
//! decision, and that it has.
//!
//! Both stay readable afterwards: they are sealed under the case's key, not under the submission's.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    error::{FieldProblem, PayloadError},
    fields::{Digest, MatterId, SubmissionId, Timestamp, count},
    kind::StatementKind,
    statement::RecordBody,
    summary::Summary,
};
use crate::cose::Subject;

/// Most files of a submission that one order names.
pub const MAX_FILES_ERASED: usize = 500;

/// An order that nothing stops any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasureOrdered {
    /// The submission; equals the subject of the statement's header.
    pub subject: SubmissionId,
    /// The case in which it was decided.
    pub case: MatterId,
    /// What is destroyed.
    pub scope: ErasureScope,
    /// Leaf hash of the decision.
    pub decision: Digest,
    /// Leaf hash of another officer's agreement.
    pub approval: Digest,
    /// When, by the service's clock.
    pub ordered_at: Timestamp,
}

/// What of a submission is destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ErasureScope {
    /// Its key, and with it every file, list of files and statement of its contractor.
    Everything,
    /// These files, by their SHA-256, in ascending order, each once; the rest stays.
    Files(Vec<Digest>),
}

/// Destruction, done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// The submission; equals the subject of the statement's header.
    pub subject: SubmissionId,
    /// The case in which it was decided.
    pub case: MatterId,
    /// Leaf hash of the order.
    pub order: Digest,
    /// Keys that were destroyed: of the submission, and of files.
    pub keys_destroyed: u64,
    /// Sealed objects that were deleted.
    pub objects_deleted: u64,
    /// Payloads of statements that were deleted.
    pub payloads_deleted: u64,
    /// Number of the key-encryption key that survivors moved to; every one before it is destroyed.
    pub key_epoch: u32,
    /// When it was done, by the service's clock.
    pub erased_at: Timestamp,
    /// From when on no backup of keys that is kept by the rules can bring them back.
    pub beyond_backups_from: Timestamp,
}

impl RecordBody for ErasureOrdered {
    const KIND: StatementKind = StatementKind::ErasureOrdered;

    fn subject(&self) -> Subject {
        Subject::Submission(self.subject.0)
    }

    fn validate(&self) -> Result<(), PayloadError> {
        if self.decision == self.approval {
            return Err(PayloadError::field("body.approval", FieldProblem::Repeated));
        }
        let ErasureScope::Files(files) = &self.scope else { return Ok(()) };
        count("body.scope.files", files.len(), 1, MAX_FILES_ERASED)?;
        match files.is_sorted_by(|a, b| a < b) {
            true => Ok(()),
            false => Err(PayloadError::field("body.scope.files", FieldProblem::Unsorted)),
        }
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Submission", self.subject);
        summary.add("Case", self.case);
        summary.add("To be erased", &self.scope);
        if let ErasureScope::Files(files) = &self.scope {
            summary.add_each("File SHA-256", files);
        }
        summary.add("Decided by the statement", self.decision);
        summary.add("Approved by the statement", self.approval);
        summary.add("Ordered at", self.ordered_at);
    }
}

impl RecordBody for Erased {
    const KIND: StatementKind = StatementKind::Erased;

    fn subject(&self) -> Subject {
        Subject::Submission(self.subject.0)
    }

    fn validate(&self) -> Result<(), PayloadError> {
        if self.beyond_backups_from < self.erased_at {
            let field = "body.beyond_backups_from";
            return Err(PayloadError::field(field, FieldProblem::Contradiction));
        }
        Ok(())
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Submission", self.subject);
        summary.add("Case", self.case);
        summary.add("Ordered by the statement", self.order);
        summary.add("Keys destroyed", self.keys_destroyed);
        summary.add("Objects deleted", self.objects_deleted);
        summary.add("Payloads deleted", self.payloads_deleted);
        summary.add("Key epoch", self.key_epoch);
        summary.add("Erased at", self.erased_at);
        summary.add("Beyond backups from", self.beyond_backups_from);
    }
}

impl fmt::Display for ErasureScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Files(files) => write!(f, "{} files", files.len()),
        }
    }
}
