//! `scan`: the service searches the files it received and holds what it finds against what the
//! contractor says of their own search.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    envelope::{MAX_MANIFESTS, ManifestCommitment, Tool},
    error::{FieldProblem, PayloadError},
    fields::{Digest, SubmissionId, Timestamp, count, distinct},
    kind::StatementKind,
    redaction_check::ResidualRisk,
    statement::RecordBody,
    summary::Summary,
    text::Line,
    words::words,
};
use crate::cose::Subject;

/// Most findings that a payload names; the count says how many there are.
pub const MAX_UNACCEPTED: usize = 100;

/// One search of all files of a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// The submission; equals the subject of the statement's header.
    pub subject: SubmissionId,
    /// The sides whose files were searched.
    pub manifests: Vec<ManifestCommitment>,
    /// The program that searched.
    pub tool: Tool,
    /// What read the text in pictures; `None` if nothing could.
    pub picture_reader: Option<Line>,
    /// SHA-256 of the rules it searched by.
    pub rules_sha256: Digest,
    /// SHA-256 of its report, which is stored like a file of the submission.
    pub report_sha256: Digest,
    /// Leaf hash of the `redaction-check` that the report was held against.
    pub compared_with: Digest,
    /// How the contractor's report compares.
    pub comparison: ReportComparison,
    /// How much was found.
    pub found: FindingCounts,
    /// Files, or parts of one, that could not be read.
    pub not_read: u64,
    /// What has to be removed or accepted with a reason, and was not: how many.
    pub unaccepted_count: u64,
    /// Their identifiers in the report, the first ones, in order, each once.
    pub unaccepted: Vec<Line>,
    /// What may still be in the files, as the service judges it.
    pub residual_risk: ResidualRisk,
    /// When the search ended, by the service's clock.
    pub scanned_at: Timestamp,
}

words! {
    /// How the contractor's report compares with the service's.
    ReportComparison {
        /// It is the same, byte for byte.
        Same = "same",
        /// It is another one, although program, rules and reader of pictures are the same: it was
        /// made of other files, or is not what the program wrote.
        Differs = "differs",
        /// It was made by another version, other rules or with another reader of pictures.
        OtherMeans = "other-means",
        /// There is none: the files were searched by reading.
        None = "none",
    }
}

/// Findings of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingCounts {
    /// To be removed.
    pub critical: u64,
    /// To be removed unless there is a reason.
    pub high: u64,
    /// To be looked at.
    pub medium: u64,
    /// Worth knowing.
    pub low: u64,
}

impl RecordBody for Scan {
    const KIND: StatementKind = StatementKind::Scan;

    fn subject(&self) -> Subject {
        Subject::Submission(self.subject.0)
    }

    fn validate(&self) -> Result<(), PayloadError> {
        count("body.manifests", self.manifests.len(), 1, MAX_MANIFESTS)?;
        distinct("body.manifests", self.manifests.iter().map(|side| side.role.as_str()))?;
        count("body.unaccepted", self.unaccepted.len(), 0, MAX_UNACCEPTED)?;
        if !self.unaccepted.is_sorted_by(|a, b| a.as_str() < b.as_str()) {
            return Err(PayloadError::field("body.unaccepted", FieldProblem::Unsorted));
        }
        let named = self.unaccepted.len() as u64;
        if named != self.unaccepted_count.min(MAX_UNACCEPTED as u64) {
            return Err(PayloadError::field("body.unaccepted_count", FieldProblem::Contradiction));
        }
        let doubtful = self.unaccepted_count > 0 || self.comparison == ReportComparison::Differs;
        if doubtful && self.residual_risk != ResidualRisk::High {
            return Err(PayloadError::field("body.residual_risk", FieldProblem::Contradiction));
        }
        Ok(())
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Submission", self.subject);
        summary.add_each("Manifest", &self.manifests);
        summary.add("Scanned with", &self.tool);
        summary.add_some("Pictures read by", self.picture_reader.as_ref());
        summary.add("Scan rules SHA-256", self.rules_sha256);
        summary.add("Scan report SHA-256", self.report_sha256);
        summary.add("Compared with entry", self.compared_with);
        summary.add("Contractor's report", self.comparison);
        summary.add("Found", self.found);
        summary.add("Not read", self.not_read);
        summary.add("Neither removed nor accepted", self.unaccepted_count);
        summary.add_each("Unaccepted finding", &self.unaccepted);
        summary.add("Residual risk", self.residual_risk);
        summary.add("Scanned at", self.scanned_at);
    }
}

impl fmt::Display for FindingCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { critical, high, medium, low } = self;
        write!(f, "{critical} critical, {high} high, {medium} medium, {low} low")
    }
}
