//! `access`: the service shows somebody what is sealed, and says so.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    error::PayloadError,
    fields::{Digest, KeyId, SubmissionId, Timestamp},
    kind::StatementKind,
    statement::RecordBody,
    summary::Summary,
    text::Line,
    words::words,
};
use crate::cose::Subject;

/// One access to sealed content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// The submission; equals the subject of the statement's header.
    pub subject: SubmissionId,
    /// The key of whoever was given access.
    pub by: KeyId,
    /// What they did.
    pub act: AccessAct,
    /// To what.
    pub object: AccessObject,
    /// For which purpose, as they said.
    pub purpose: AccessPurpose,
    /// In their words.
    pub note: Option<Line>,
    /// When, by the service's clock.
    pub accessed_at: Timestamp,
    /// How the service knew them.
    pub session: SessionMethod,
}

words! {
    /// What somebody does with sealed content.
    AccessAct {
        /// Reads it on a page.
        View = "view",
        /// Takes a copy.
        Download = "download",
        /// Takes it along with proofs, for somebody else.
        Export = "export",
    }
}

/// What is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum AccessObject {
    /// A file, by its SHA-256.
    File(Digest),
    /// The payload of a statement, by the position of its entry.
    Statement(u64),
    /// Everything that is said about the submission.
    Record,
}

words! {
    /// For which purpose sealed content is opened.
    AccessPurpose {
        /// Countersigning.
        Review = "review",
        /// Legal work outside a case.
        Legal = "legal",
        /// Checking the program.
        Audit = "audit",
        /// Helping the contractor.
        Support = "support",
        /// A case.
        Case = "case",
    }
}

words! {
    /// How the service knew who asked.
    SessionMethod {
        /// A token signed for this one request.
        Token = "token",
        /// A session that began with the key's signature.
        Session = "session",
        /// A session that began at an organisation's identity provider.
        Oidc = "oidc",
    }
}

impl RecordBody for Access {
    const KIND: StatementKind = StatementKind::Access;

    fn subject(&self) -> Subject {
        Subject::Submission(self.subject.0)
    }

    fn validate(&self) -> Result<(), PayloadError> {
        Ok(())
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Submission", self.subject);
        summary.add("Access by the key", self.by);
        summary.add("Act", self.act);
        summary.add("Object", self.object);
        summary.add("Purpose", self.purpose);
        summary.add_some("Note", self.note.as_ref());
        summary.add("Accessed at", self.accessed_at);
        summary.add("Signed in by", self.session);
    }
}

impl fmt::Display for AccessObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(digest) => write!(f, "file with SHA-256 {digest}"),
            Self::Statement(index) => write!(f, "statement at entry {index}"),
            Self::Record => f.write_str("record"),
        }
    }
}
