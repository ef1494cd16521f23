//! `status`: the only public word on a submission, without reasons.

use serde::{Deserialize, Serialize};

use super::{
    error::{FieldProblem, PayloadError},
    fields::{SubmissionId, Timestamp, count, distinct},
    kind::StatementKind,
    statement::PublicBody,
    summary::Summary,
    withdrawal::Purpose,
    words::words,
};

/// Where a submission stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// The submission; equals the subject of the statement's header.
    pub subject: SubmissionId,
    /// Where it stands now.
    pub status: SubmissionStatus,
    /// What it is cleared for; empty exactly when it is not cleared.
    pub purposes: Vec<Purpose>,
    /// Since when.
    pub effective_at: Timestamp,
}

words! {
    /// Public states of a submission.
    SubmissionStatus {
        /// May be used for the purposes named.
        Cleared = "cleared",
        /// May not be used, or no longer.
        Uncleared = "uncleared",
        /// Its contractor took consent back.
        Withdrawn = "withdrawn",
        /// Locked while something is looked into.
        Quarantined = "quarantined",
        /// Its content and keys are gone.
        Erased = "erased",
    }
}

impl PublicBody for Status {
    const KIND: StatementKind = StatementKind::Status;

    fn validate(&self) -> Result<(), PayloadError> {
        count("body.purposes", self.purposes.len(), 0, Purpose::ALL.len())?;
        distinct("body.purposes", &self.purposes)?;
        if (self.status == SubmissionStatus::Cleared) == self.purposes.is_empty() {
            return Err(PayloadError::field("body.purposes", FieldProblem::Contradiction));
        }
        Ok(())
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Submission", self.subject);
        summary.add("Status", self.status);
        summary.add_each("Cleared for", &self.purposes);
        summary.add("Effective at", self.effective_at);
    }
}
