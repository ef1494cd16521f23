//! `case-opened`: the service records that somebody objects.

use serde::{Deserialize, Serialize};

use super::Concerned;
use crate::{
    cose::Subject,
    payload::{
        error::{FieldProblem, PayloadError},
        fields::{Digest, MatterId, Timestamp},
        kind::StatementKind,
        statement::RecordBody,
        summary::Summary,
        text::Name,
        words::words,
    },
};

/// A case begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseOpened {
    /// The case; equals the subject of the statement's header.
    pub case: MatterId,
    /// The program that handles it.
    pub program: Name,
    /// On which ground, by its name in the takedown rules.
    pub ground: Name,
    /// How it came.
    pub channel: CaseChannel,
    /// SHA-256 of the notice, byte for byte as it came; `None` where a withdrawal opened the case.
    pub notice_sha256: Option<Digest>,
    /// What it is about, as far as that is known.
    pub concerned: Option<Concerned>,
    /// When it came, by the service's clock.
    pub received_at: Timestamp,
}

words! {
    /// How a case comes about.
    CaseChannel {
        /// Somebody sent a notice.
        Notice = "notice",
        /// A contractor withdrew every consent.
        Withdrawal = "withdrawal",
        /// An officer opened it, for somebody who wrote by other means.
        Officer = "officer",
        /// The time for which content is kept is over.
        Retention = "retention",
    }
}

impl RecordBody for CaseOpened {
    const KIND: StatementKind = StatementKind::CaseOpened;

    fn subject(&self) -> Subject {
        Subject::Submission(self.case.0)
    }

    fn validate(&self) -> Result<(), PayloadError> {
        if let Some(concerned) = &self.concerned {
            concerned.validate("body.concerned")?;
        }
        let told = matches!(self.channel, CaseChannel::Notice | CaseChannel::Officer);
        match (told, &self.notice_sha256) {
            (true, None) => Err(PayloadError::field("body.notice_sha256", FieldProblem::Missing)),
            (false, Some(_)) => {
                Err(PayloadError::field("body.notice_sha256", FieldProblem::Unexpected))
            }
            _ => Ok(()),
        }
    }

    fn summarize(&self, summary: &mut Summary) {
        summary.add("Case", self.case);
        summary.add("Program", &self.program);
        summary.add("Ground", &self.ground);
        summary.add("Came by", self.channel);
        summary.add_some("Notice SHA-256", self.notice_sha256.as_ref());
        summary.add_some("Concerns", self.concerned.as_ref());
        summary.add("Received at", self.received_at);
    }
}
