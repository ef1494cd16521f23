//! `hold` and `hold-release`: a legal officer locks content against destruction, and unlocks it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    error::PayloadError,
    fields::{KeyId, MatterId, SubmissionId, count, distinct},
    kind::StatementKind,
    statement::OfficialBody,
    summary::Summary,
    text::{Line, Name, Passage},
};
use crate::cose::Subject;

/// Most submissions that one hold names; a hold on more is on their contractor or program.
pub const MAX_HELD: usize = 1_000;
/// Most keys of people who are told of a hold.
pub const MAX_CUSTODIANS: usize = 50;

/// A lock on content: while it is in place nobody destroys what it covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The hold; equals the subject of the statement's header.
    pub hold: MatterId,
    /// The program whose content it is on.
    pub program: Name,
    /// What it covers.
    pub scope: HoldScope,
    /// The dispute or request that it serves.
    pub matter: Line,
    /// By which authority it is placed, and where this is written.
    pub authority: Passage,
    /// Keys of those who must keep what they have, and are asked to acknowledge.
    pub custodians: Vec<KeyId>,
}

/// What a hold covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum HoldScope {
    /// These submissions, each once, at least one.
    Submissions(Vec<SubmissionId>),
    /// Whatever the key owns, now and later.
    Contractor(KeyId),
    /// Whatever is in the program, now and later.
    Program,
    /// What a search found when the hold was placed: the search in words, and what it found.
    Query(HeldByQuery),
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldByQuery {
    /// What was looked for.
    pub query: Passage,
    /// What was found, each once, at least one.
    pub submissions: Vec<SubmissionId>,
}

/// The end of a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldRelease {
    /// The hold; equals the subject of the statement's header.
    pub hold: MatterId,
    /// Why content need not be kept any longer.
    pub reason: Passage,
}

impl HoldScope {
    /// The submissions it names; none where it covers whatever somebody has.
    #[must_use]
    pub fn submissions(&self) -> &[SubmissionId] {
        match self {
            Self::Submissions(submissions) => submissions,
            Self::Query(found) => &found.submissions,
            Self::Contractor(_) | Self::Program => &[],
        }
    }
}

impl OfficialBody for Hold {
    const KIND: StatementKind = StatementKind::Hold;

    fn subject(&self) -> Subject {
        Subject::Submission(self.hold.0)
    }

    fn validate(&self) -> Result<(), PayloadError> {
        if let HoldScope::Submissions(named)
        | HoldScope::Query(HeldByQuery { submissions: named, .. }) = &self.scope
        {
            count("body.scope.submissions", named.len(), 1, MAX_HELD)?;
            distinct("body.scope.submissions", named.iter().map(|id| id.0))?;
        }
        count("body.custodians", self.custodians.len(), 0, MAX_CUSTODIANS)?;
        distinct("body.custodians", self.custodians.iter().map(|key| key.0))
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Hold", self.hold);
        summary.add("Program", &self.program);
        summary.add("Covers", &self.scope);
        summary.add_each("Held submission", self.scope.submissions());
        summary.add("Matter", &self.matter);
        summary.add("Authority", &self.authority);
        summary.add_each("Custodian", &self.custodians);
    }
}

impl OfficialBody for HoldRelease {
    const KIND: StatementKind = StatementKind::HoldRelease;

    fn subject(&self) -> Subject {
        Subject::Submission(self.hold.0)
    }

    fn validate(&self) -> Result<(), PayloadError> {
        Ok(())
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Hold", self.hold);
        summary.add("Reason for the release", &self.reason);
    }
}

impl fmt::Display for HoldScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Submissions(_) => f.write_str("the submissions named"),
            Self::Contractor(key) => write!(f, "what the key {key} owns"),
            Self::Program => f.write_str("the program"),
            Self::Query(found) => write!(f, "what was found by: {}", found.query),
        }
    }
}
