//! What can be asked for. Each use case of the service is one of these.

use crate::words::words;

/// What an action is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    /// The log.
    Log,
    /// A program.
    Program,
    /// A key and its holder.
    Member,
    /// A submission.
    Submission,
}

impl ResourceKind {
    /// Name of its type in the schema.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Log => "Log",
            Self::Program => "Program",
            Self::Member => "Member",
            Self::Submission => "Submission",
        }
    }
}

words! {
    /// Something a caller asks for, named as in the schema.
    Action {
        /// Read checkpoints, tiles, proofs, receipts, published payloads, clause texts.
        ReadLog = "readLog",
        /// Read which keys are enrolled.
        ReadKeys = "readKeys",
        /// Read health and measurements.
        Probe = "probe",
        /// Enrol a key with a code.
        Enroll = "enroll",
        /// Start a session by proving possession of a key.
        SignIn = "signIn",
        /// Read statements in the log.
        ReadEntries = "readEntries",
        /// Open a new program.
        CreateProgram = "createProgram",
        /// Read what a program is about.
        ReadProgram = "readProgram",
        /// Invite a member into a program.
        Invite = "invite",
        /// List one's own submissions.
        ListOwnSubmissions = "listOwnSubmissions",
        /// List a program's submissions.
        ListSubmissions = "listSubmissions",
        /// Read who the members of a program are.
        ReadMembers = "readMembers",
        /// Read who read sealed content.
        ReadAccessRecord = "readAccessRecord",
        /// Decide who signs again after a clause changed.
        RequireSigning = "requireSigning",
        /// Ask why something is allowed or not.
        ExplainDecision = "explainDecision",
        /// Lock content against destruction, read holds and release them.
        PlaceHold = "placeHold",
        /// Read takedown cases and move them on.
        HandleCases = "handleCases",
        /// Agree, as a second officer, that content is destroyed.
        ApproveDestruction = "approveDestruction",
        /// Send a takedown notice, and follow it by its link.
        FileNotice = "fileNotice",
        /// End a key.
        RevokeKey = "revokeKey",
        /// Replace one's own key.
        RotateKey = "rotateKey",
        /// End sessions.
        EndSession = "endSession",
        /// State that a key may take the place of a lost one.
        ApproveKey = "approveKey",
        /// Enrol a key for somebody who lost theirs.
        ReplaceKey = "replaceKey",
        /// Erase who holds a key.
        ForgetPerson = "forgetPerson",
        /// Register a statement about one's own submission.
        Attest = "attest",
        /// Take consent back.
        Withdraw = "withdraw",
        /// Upload files.
        Upload = "upload",
        /// Leave a payload for a statement to come.
        StagePayload = "stagePayload",
        /// Record a manifest of uploaded files.
        RecordManifest = "recordManifest",
        /// Read what a submission consists of and its custody record.
        ReadSubmission = "readSubmission",
        /// Read files and sealed payloads.
        ReadContent = "readContent",
        /// Take files and payloads out in bulk.
        ExportContent = "exportContent",
        /// Countersign.
        Review = "review",
        /// Send back with reasons.
        SendBack = "sendBack",
        /// Ask for a clearance decision.
        Clear = "clear",
    }
}

impl Action {
    /// What it is done to. Done to anything else, it is refused.
    #[must_use]
    pub const fn resource(self) -> ResourceKind {
        match self {
            Self::ReadLog
            | Self::ReadKeys
            | Self::Probe
            | Self::Enroll
            | Self::SignIn
            | Self::ReadEntries
            | Self::FileNotice
            | Self::CreateProgram => ResourceKind::Log,
            Self::ReadProgram
            | Self::Invite
            | Self::ListOwnSubmissions
            | Self::ListSubmissions
            | Self::ReadMembers
            | Self::ReadAccessRecord
            | Self::RequireSigning
            | Self::ExplainDecision
            | Self::PlaceHold
            | Self::HandleCases
            | Self::ApproveDestruction => ResourceKind::Program,
            Self::RevokeKey
            | Self::RotateKey
            | Self::EndSession
            | Self::ApproveKey
            | Self::ReplaceKey
            | Self::ForgetPerson => ResourceKind::Member,
            Self::Attest
            | Self::Withdraw
            | Self::Upload
            | Self::StagePayload
            | Self::RecordManifest
            | Self::ReadSubmission
            | Self::ReadContent
            | Self::ExportContent
            | Self::Review
            | Self::SendBack
            | Self::Clear => ResourceKind::Submission,
        }
    }

    /// Whether somebody without credentials can ask for it at all.
    #[must_use]
    pub const fn is_open_to_visitors(self) -> bool {
        matches!(
            self,
            Self::ReadLog
                | Self::ReadKeys
                | Self::Probe
                | Self::Enroll
                | Self::SignIn
                | Self::ReadEntries
                | Self::FileNotice
        )
    }

    /// Position among all actions.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_in_the_list() {
        for (index, action) in Action::ALL.iter().enumerate() {
            assert_eq!(action.index(), index);
        }
    }

    #[test]
    fn visitors_can_only_ask_about_the_log() {
        for action in Action::ALL.iter().filter(|action| action.is_open_to_visitors()) {
            assert_eq!(action.resource(), ResourceKind::Log, "{action}");
        }
        assert!(!Action::CreateProgram.is_open_to_visitors());
    }
}
