//! `task-authority`: who asked for the work, and by what right the request is shared.

use serde::{Deserialize, Serialize};

use super::{
    envelope::Envelope,
    error::PayloadError,
    kind::StatementKind,
    shared::{Grant, Ownership},
    statement::AttestationBody,
    summary::Summary,
    text::{Line, Passage},
    words::words,
};

/// The task request and the right to share it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskAuthority {
    /// Who asked, seen from the signer.
    pub requester: Requester,
    /// The position of whoever asked.
    pub requester_role: Line,
    /// How the request came.
    pub channel: Channel,
    /// How close the submitted request is to what was said.
    pub wording: Wording,
    /// Who owns the text of the request.
    pub ownership: Ownership,
    /// By what right it is shared.
    pub right_to_share: ShareRight,
    /// Personal data in the request.
    pub personal_data: PersonalData,
}

words! {
    /// Who asked for the work.
    Requester {
        /// Somebody the signer reported to.
        Manager = "manager",
        /// A client.
        Client = "client",
        /// A colleague.
        Colleague = "colleague",
        /// The signer.
        Signer = "signer",
        /// Somebody else.
        Other = "other",
    }
}

words! {
    /// How a request came.
    Channel {
        /// E-mail.
        Email = "email",
        /// Chat message.
        Chat = "chat",
        /// Meeting or call.
        Spoken = "spoken",
        /// Ticket or task tracker.
        Ticket = "ticket",
        /// Document such as a brief or statement of work.
        Document = "document",
        /// Another way.
        Other = "other",
    }
}

words! {
    /// How close a text is to what was said.
    Wording {
        /// Word for word, but for redactions.
        Verbatim = "verbatim",
        /// In the signer's words.
        Paraphrased = "paraphrased",
    }
}

/// By what right the request is shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ShareRight {
    /// The signer wrote it.
    Author,
    /// Somebody who may allow it did.
    Permission(Grant),
    /// A licence or policy allows it: which.
    Licence(Line),
    /// Another ground: which.
    Other(Passage),
    /// The signer knows of none.
    NoneKnown,
}

/// Personal data in the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PersonalData {
    /// There never was any.
    None,
    /// It was removed.
    Removed,
    /// Some is left.
    Present {
        /// Whose, and what.
        what: Passage,
        /// On what legal basis.
        basis: Passage,
    },
}

impl AttestationBody for TaskAuthority {
    const KIND: StatementKind = StatementKind::TaskAuthority;

    fn validate(&self, _envelope: &Envelope) -> Result<(), PayloadError> {
        self.ownership.validate("body.ownership.name")
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Requested by", self.requester);
        summary.add("Requester's role", &self.requester_role);
        summary.add("Channel", self.channel);
        summary.add("Wording", self.wording);
        summary.add("Owner of the request", &self.ownership);
        match &self.right_to_share {
            ShareRight::Author => summary.add("Right to share", "author"),
            ShareRight::Permission(grant) => summary.add("Permission to share", grant),
            ShareRight::Licence(which) => summary.add("Licence to share", which),
            ShareRight::Other(ground) => summary.add("Other right to share", ground),
            ShareRight::NoneKnown => summary.add("Right to share", "none-known"),
        }
        match &self.personal_data {
            PersonalData::None => summary.add("Personal data", "none"),
            PersonalData::Removed => summary.add("Personal data", "removed"),
            PersonalData::Present { what, basis } => {
                summary.add("Personal data present", what);
                summary.add("Basis for personal data", basis);
            }
        }
    }
}
