//! `review`: a reviewer countersigns the redaction of a submission, or sends it back.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    error::{FieldProblem, PayloadError},
    fields::{Digest, SubmissionId, count, distinct},
    kind::StatementKind,
    statement::{MAX_LIST, OfficialBody},
    summary::Summary,
    text::{Line, Passage},
    words::words,
};
use crate::cose::Subject;

/// Most statements that one review rests on.
pub const MAX_RESTS_ON: usize = 64;

/// A review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// The submission; equals the subject of the statement's header.
    pub subject: SubmissionId,
    /// What it came to.
    pub verdict: ReviewVerdict,
    /// Leaf hashes of the statements that the reviewer read, in the order of the log, each once.
    pub rests_on: Vec<Digest>,
    /// Whether the reviewer countersigns the redaction check; required where the review accepts.
    pub redaction_countersigned: bool,
    /// Findings of the scan that the reviewer leaves in place, beyond those that the contractor
    /// explained.
    pub accepted_findings: Vec<ReviewedFinding>,
    /// Why it is sent back; empty exactly where the review accepts.
    pub reasons: Vec<SendBackReason>,
}

words! {
    /// What a review came to.
    ReviewVerdict {
        /// The reviewer agrees.
        Accepted = "accepted",
        /// The contractor must change something.
        SentBack = "sent-back",
    }
}

/// A finding that a reviewer leaves in place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewedFinding {
    /// Identifier of the finding in the scan report, or where it is.
    pub finding: Line,
    /// Why it may stay.
    pub reason: Passage,
}

/// One thing that the contractor must change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendBackReason {
    /// Where it is.
    pub about: ReviewTopic,
    /// What kind of thing it is.
    pub code: SendBackCode,
    /// In the reviewer's words.
    pub text: Passage,
}

words! {
    /// What a reason for sending back is about: the files, or a statement by its kind.
    ReviewTopic {
        /// The files themselves.
        Files = "files",
        /// A list of files.
        Manifest = "manifest",
        /// The statement of authorship, rights and consent.
        OwnWork = "own-work",
        /// The statement about duties of confidence.
        NdaCheck = "nda-check",
        /// The statement about redaction.
        RedactionCheck = "redaction-check",
        /// The statement about who asked for the work.
        TaskAuthority = "task-authority",
        /// The statement about effort.
        Effort = "effort",
    }
}

impl ReviewTopic {
    /// The kind of statement meant; `None` for the files.
    #[must_use]
    pub fn kind(self) -> Option<StatementKind> {
        StatementKind::parse(self.as_str())
    }
}

words! {
    /// What kind of thing must change.
    SendBackCode {
        /// It is not there.
        Missing = "missing",
        /// It can be read in more than one way.
        Unclear = "unclear",
        /// It does not fit something else that is stated.
        Contradiction = "contradiction",
        /// Something that has to go is still there.
        NotRedacted = "not-redacted",
        /// These are not the files meant.
        WrongFiles = "wrong-files",
        /// Something else; the text says what.
        Other = "other",
    }
}

impl OfficialBody for Review {
    const KIND: StatementKind = StatementKind::Review;

    fn subject(&self) -> Subject {
        Subject::Submission(self.subject.0)
    }

    fn validate(&self) -> Result<(), PayloadError> {
        count("body.rests_on", self.rests_on.len(), 1, MAX_RESTS_ON)?;
        distinct("body.rests_on", &self.rests_on)?;
        count("body.accepted_findings", self.accepted_findings.len(), 0, MAX_LIST)?;
        let findings = self.accepted_findings.iter().map(|accepted| accepted.finding.as_str());
        distinct("body.accepted_findings", findings)?;
        let accepted = self.verdict == ReviewVerdict::Accepted;
        if accepted && !self.redaction_countersigned {
            let field = "body.redaction_countersigned";
            return Err(PayloadError::field(field, FieldProblem::NotAgreed));
        }
        match (accepted, self.reasons.is_empty()) {
            (true, false) => Err(PayloadError::field("body.reasons", FieldProblem::Unexpected)),
            (false, true) => Err(PayloadError::field("body.reasons", FieldProblem::Missing)),
            _ => count("body.reasons", self.reasons.len(), 0, MAX_LIST),
        }
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Submission", self.subject);
        summary.add("Verdict", self.verdict);
        summary.add_bool("Redaction check countersigned", self.redaction_countersigned);
        summary.add_each("Reason for sending back", &self.reasons);
        summary.add_each("Finding accepted by the reviewer", &self.accepted_findings);
        summary.add_each("Rests on the statement", &self.rests_on);
    }
}

impl fmt::Display for ReviewedFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.finding, self.reason)
    }
}

impl fmt::Display for SendBackReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: {}", self.about, self.code, self.text)
    }
}
