//! `key-approval`: an officer has seen who lost a key, and agrees to the key that replaces it.
//!
//! Sealed, unlike the other statements about keys: which documents somebody showed is about a
//! person.

use serde::{Deserialize, Serialize};

use super::{
    error::{FieldProblem, PayloadError},
    fields::{Date, KeyId, count, distinct},
    kind::StatementKind,
    statement::OfficialBody,
    summary::Summary,
    text::{Line, Name},
    words::words,
};
use crate::cose::Subject;

/// Most documents of one proof of identity.
pub const MAX_DOCUMENTS_SEEN: usize = 8;

/// An officer's agreement to a replacement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyApproval {
    /// The lost key; equals the subject of the statement's header.
    pub lost: KeyId,
    /// The key that replaces it.
    pub replacement: KeyId,
    /// The program of both.
    pub program: Name,
    /// How the holder showed who they are.
    pub identity_proof: IdentityProof,
    /// That the officer is another person than the holder; must be true.
    pub officer_is_another_person: bool,
}

/// How somebody showed who they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityProof {
    /// In which way.
    pub method: IdentityMethod,
    /// What was seen, without numbers of documents.
    pub documents_seen: Vec<Line>,
    /// On which day.
    pub date: Date,
}

words! {
    /// In which way somebody shows who they are.
    IdentityMethod {
        /// Face to face.
        InPerson = "in-person",
        /// By a call with picture.
        Video = "video",
        /// Before a notary, whose certificate was seen.
        Notary = "notary",
        /// By word of the organisation that the person works for.
        Organisation = "organisation",
    }
}

impl OfficialBody for KeyApproval {
    const KIND: StatementKind = StatementKind::KeyApproval;

    fn subject(&self) -> Subject {
        Subject::Key(self.lost.0)
    }

    fn validate(&self) -> Result<(), PayloadError> {
        if self.replacement == self.lost {
            return Err(PayloadError::field("body.replacement", FieldProblem::Repeated));
        }
        let field = "body.identity_proof.documents_seen";
        let documents = &self.identity_proof.documents_seen;
        count(field, documents.len(), 0, MAX_DOCUMENTS_SEEN)?;
        distinct(field, documents.iter().map(Line::as_str))?;
        if !self.officer_is_another_person {
            let field = "body.officer_is_another_person";
            return Err(PayloadError::field(field, FieldProblem::NotAgreed));
        }
        Ok(())
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Lost key", self.lost);
        summary.add("Replaced by the key", self.replacement);
        summary.add("Program", &self.program);
        summary.add("Identity shown", self.identity_proof.method);
        summary.add_each("Document seen", &self.identity_proof.documents_seen);
        summary.add("Identity shown on", self.identity_proof.date);
        summary.add_bool(
            "The officer is another person than the holder",
            self.officer_is_another_person,
        );
    }
}
