//! `withdrawal`: a contractor takes consent back, in whole or for some purposes.

use serde::{Deserialize, Serialize};

use super::{
    envelope::Envelope,
    error::PayloadError,
    fields::{count, distinct},
    kind::StatementKind,
    statement::AttestationBody,
    summary::Summary,
    text::Passage,
    words::words,
};

/// Consent taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// What is withdrawn.
    pub scope: Scope,
    /// Why.
    pub reason: WithdrawalReason,
    /// In the signer's words.
    pub note: Option<Passage>,
    /// Whether the signer asks that the files be erased.
    pub erasure: Erasure,
}

/// What a withdrawal covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Scope {
    /// Every consent given for the submission.
    Everything,
    /// These purposes, at least one.
    Purposes(Vec<Purpose>),
}

words! {
    /// What a submission may be used for.
    Purpose {
        /// Training of models.
        Training = "training",
        /// Evaluation of models.
        Evaluation = "evaluation",
        /// Passing the files on to others.
        Redistribution = "redistribution",
    }
}

words! {
    /// Why consent is withdrawn.
    WithdrawalReason {
        /// The signer no longer consents; no reason is owed.
        ChangedMind = "changed-mind",
        /// Somebody else objects.
        ThirdPartyClaim = "third-party-claim",
        /// Something confidential was found in the files.
        ConfidentialContent = "confidential-content",
        /// Personal data was found in the files.
        PersonalData = "personal-data",
        /// Something attested turned out to be wrong.
        WrongStatement = "wrong-statement",
        /// Another reason; the note says which.
        Other = "other",
    }
}

words! {
    /// Whether erasure is asked for.
    Erasure {
        /// It is.
        Requested = "requested",
        /// It is not.
        NotRequested = "not-requested",
    }
}

impl AttestationBody for Withdrawal {
    const KIND: StatementKind = StatementKind::Withdrawal;

    fn validate(&self, _envelope: &Envelope) -> Result<(), PayloadError> {
        if let Scope::Purposes(purposes) = &self.scope {
            count("body.scope.purposes", purposes.len(), 1, Purpose::ALL.len())?;
            distinct("body.scope.purposes", purposes)?;
        }
        Ok(())
    }

    fn summarize(&self, summary: &mut Summary) {
        match &self.scope {
            Scope::Everything => summary.add("Withdrawn", "everything"),
            Scope::Purposes(purposes) => summary.add_each("Withdrawn purpose", purposes),
        }
        summary.add("Reason", self.reason);
        summary.add_some("Note", self.note.as_ref());
        summary.add("Erasure", self.erasure);
    }
}
