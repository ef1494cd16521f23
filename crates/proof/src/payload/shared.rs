//! Parts that the bodies of several attestations share.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    error::{FieldProblem, PayloadError},
    fields::{Date, Digest},
    text::Line,
    words::words,
};

/// A document that the signer relies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Document {
    /// The signer has a copy with this SHA-256.
    Sha256(Digest),
    /// The signer has a copy and keeps its digest back.
    HeldUndisclosed,
    /// The signer has no copy.
    NotHeld,
}

/// Who owns something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ownership {
    /// In which relation to the signer.
    pub owner: Owner,
    /// Name of the owner; absent exactly when the signer is the owner.
    pub name: Option<Line>,
}

words! {
    /// An owner, seen from the signer.
    Owner {
        /// The signer alone.
        Signer = "signer",
        /// The signer's employer, present or former.
        Employer = "employer",
        /// A client of the signer or of the employer.
        Client = "client",
        /// The signer together with others.
        Joint = "joint",
        /// Somebody else.
        Other = "other",
    }
}

/// Somebody allowed something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Who gave it.
    pub by: Line,
    /// By which position they could give it.
    pub position: Line,
    /// When.
    pub date: Date,
    /// The document that shows it.
    pub document: Document,
}

impl Ownership {
    pub(super) fn validate(&self, field: &'static str) -> Result<(), PayloadError> {
        match (self.owner, &self.name) {
            (Owner::Signer, Some(_)) => Err(PayloadError::field(field, FieldProblem::Unexpected)),
            (Owner::Signer, None) | (_, Some(_)) => Ok(()),
            (_, None) => Err(PayloadError::field(field, FieldProblem::Missing)),
        }
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(digest) => write!(f, "sha256 {digest}"),
            Self::HeldUndisclosed => f.write_str("held-undisclosed"),
            Self::NotHeld => f.write_str("not-held"),
        }
    }
}

impl fmt::Display for Ownership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.owner.fmt(f)?;
        self.name.as_ref().map_or(Ok(()), |name| write!(f, ": {name}"))
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { by, position, date, document } = self;
        write!(f, "by {by} ({position}) on {date}, document {document}")
    }
}
