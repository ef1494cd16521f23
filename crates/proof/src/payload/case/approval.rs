//! `case-approval`: a second officer agrees that content is destroyed.

use serde::{Deserialize, Serialize};

use super::Concerned;
use crate::{
    cose::Subject,
    payload::{
        error::{FieldProblem, PayloadError},
        fields::{Digest, MatterId},
        kind::StatementKind,
        statement::OfficialBody,
        summary::Summary,
        text::Passage,
    },
};

/// An officer's agreement to what another decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseApproval {
    /// The case; equals the subject of the statement's header.
    pub case: MatterId,
    /// Leaf hash of the other officer's step that is agreed to.
    pub approves: Digest,
    /// What is to be destroyed.
    pub concerned: Concerned,
    /// In the officer's words.
    pub note: Option<Passage>,
    /// That the officer is another person than the one who decided; must be true.
    pub officer_is_another_person: bool,
}

impl OfficialBody for CaseApproval {
    const KIND: StatementKind = StatementKind::CaseApproval;

    fn subject(&self) -> Subject {
        Subject::Submission(self.case.0)
    }

    fn validate(&self) -> Result<(), PayloadError> {
        self.concerned.validate("body.concerned")?;
        if !self.officer_is_another_person {
            let field = "body.officer_is_another_person";
            return Err(PayloadError::field(field, FieldProblem::NotAgreed));
        }
        Ok(())
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Case", self.case);
        summary.add("Approves the statement", self.approves);
        summary.add("To be destroyed", self.concerned);
        summary.add_some("Note", self.note.as_ref());
        summary.add_bool(
            "The officer is another person than the one who decided",
            self.officer_is_another_person,
        );
    }
}
