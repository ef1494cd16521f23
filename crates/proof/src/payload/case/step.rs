//! `case-step`: a legal officer moves a case on.

use serde::{Deserialize, Serialize};

use super::{CaseState, Concerned};
use crate::{
    cose::Subject,
    payload::{
        error::{FieldProblem, PayloadError},
        fields::{Digest, MatterId, count, distinct},
        kind::StatementKind,
        statement::{MAX_LIST, OfficialBody},
        summary::Summary,
        text::{Name, Passage},
    },
};

/// One step of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseStep {
    /// The case; equals the subject of the statement's header.
    pub case: MatterId,
    /// Leaf hash of the statement that brought the case to where it is: a step is signed about a
    /// state that its signer saw.
    pub after: Digest,
    /// Where the case is.
    pub from: CaseState,
    /// Where it goes.
    pub to: CaseState,
    /// On which ground, by its name in the takedown rules.
    pub ground: Name,
    /// Why, by a code of those rules.
    pub reason: Name,
    /// What is concerned from now on; `None` leaves it as it is.
    pub concerned: Option<Concerned>,
    /// SHA-256 of what the step rests on: letters, orders, reports, each once.
    pub evidence: Vec<Digest>,
    /// The statement of reasons, or what is asked for, for whoever is told of the step.
    pub statement: Option<Passage>,
}

impl OfficialBody for CaseStep {
    const KIND: StatementKind = StatementKind::CaseStep;

    fn subject(&self) -> Subject {
        Subject::Submission(self.case.0)
    }

    fn validate(&self) -> Result<(), PayloadError> {
        if self.from == self.to {
            return Err(PayloadError::field("body.to", FieldProblem::Repeated));
        }
        if let Some(concerned) = &self.concerned {
            concerned.validate("body.concerned")?;
        }
        count("body.evidence", self.evidence.len(), 0, MAX_LIST)?;
        distinct("body.evidence", &self.evidence)
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Case", self.case);
        summary.add("After the statement", self.after);
        summary.add("From", self.from);
        summary.add("To", self.to);
        summary.add("Ground", &self.ground);
        summary.add("Reason", &self.reason);
        summary.add_some("Concerns from now on", self.concerned.as_ref());
        summary.add_each("Evidence SHA-256", &self.evidence);
        summary.add_some("Statement", self.statement.as_ref());
    }
}
