//! `case-moved`: the service moves a case on where nobody decides anything.

use serde::{Deserialize, Serialize};

use super::CaseState;
use crate::{
    cose::Subject,
    payload::{
        error::{FieldProblem, PayloadError},
        fields::{Digest, MatterId, Timestamp},
        kind::StatementKind,
        statement::RecordBody,
        summary::Summary,
        words::words,
    },
};

/// A step that follows from what was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseMoved {
    /// The case; equals the subject of the statement's header.
    pub case: MatterId,
    /// Leaf hash of the statement that brought the case to where it was.
    pub after: Digest,
    /// Where it was.
    pub from: CaseState,
    /// Where it is.
    pub to: CaseState,
    /// Why.
    pub because: MovedBecause,
    /// When, by the service's clock.
    pub moved_at: Timestamp,
}

words! {
    /// What moves a case.
    MovedBecause {
        /// Whoever objects was told that the notice came.
        AcknowledgementSent = "acknowledgement-sent",
        /// What had to be erased is erased.
        Erased = "erased",
        /// Nobody has a copy that had to be told.
        NoRecipients = "no-recipients",
        /// Every recipient confirmed.
        RecipientsConfirmed = "recipients-confirmed",
        /// Whoever objects sent what was asked for.
        InformationReceived = "information-received",
        /// Whoever submitted the content objects.
        CounterNotice = "counter-notice",
    }
}

impl RecordBody for CaseMoved {
    const KIND: StatementKind = StatementKind::CaseMoved;

    fn subject(&self) -> Subject {
        Subject::Submission(self.case.0)
    }

    fn validate(&self) -> Result<(), PayloadError> {
        if self.from == self.to {
            return Err(PayloadError::field("body.to", FieldProblem::Repeated));
        }
        Ok(())
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Case", self.case);
        summary.add("After the statement", self.after);
        summary.add("From", self.from);
        summary.add("To", self.to);
        summary.add("Because", self.because);
        summary.add("Moved at", self.moved_at);
    }
}
