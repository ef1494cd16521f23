//! What is said in a takedown case, under the case's own key: so that the record of why something
//! was erased outlives what was erased.

mod approval;
mod moved;
mod opened;
mod step;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::{
    approval::CaseApproval,
    moved::{CaseMoved, MovedBecause},
    opened::{CaseChannel, CaseOpened},
    step::CaseStep,
};
use super::{
    error::{FieldProblem, PayloadError},
    fields::Digest,
    words::words,
};

words! {
    /// Where a case stands.
    CaseState {
        /// A notice came in.
        Received = "received",
        /// Whoever sent it was told so.
        Acknowledged = "acknowledged",
        /// Something is missing from the notice, and was asked for.
        NeedsInfo = "needs-info",
        /// It is clear what is objected to, and on which ground.
        Triaged = "triaged",
        /// What is objected to is locked.
        Quarantined = "quarantined",
        /// It is being decided.
        Reviewing = "reviewing",
        /// The objection is right.
        Upheld = "upheld",
        /// It is right for a part.
        PartlyUpheld = "partly-upheld",
        /// It is not right.
        Rejected = "rejected",
        /// What follows is being done here.
        Remediating = "remediating",
        /// What follows is being done by whoever received a copy.
        Propagating = "propagating",
        /// Nothing is left to do.
        Closed = "closed",
        /// Whoever submitted the content objects to the objection.
        Countered = "countered",
        /// The content is back.
        Restored = "restored",
        /// A closed case is looked at again.
        Reopened = "reopened",
    }
}

/// A list of submissions, or of some of their files, by its digest: up to thousands of them, so the
/// list itself is kept beside the case.
///
/// One line for each, in ascending order of bytes, each ended by a line feed: the submission, or
/// submission, space and SHA-256 of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concerned {
    /// How many lines the list has.
    pub count: u64,
    /// SHA-256 of the list.
    pub sha256: Digest,
}

impl Concerned {
    fn validate(&self, field: &'static str) -> Result<(), PayloadError> {
        match self.count {
            0 => Err(PayloadError::field(field, FieldProblem::Missing)),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Concerned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in the list with SHA-256 {}", self.count, self.sha256)
    }
}
