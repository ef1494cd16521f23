//! The closed list of what a statement can be.

use super::words::words;
use crate::cose::ContentType;

words! {
    /// Kind of a statement: the `type` member of its payload.
    StatementKind {
        /// A contractor commits to the files of one side of a submission.
        Manifest = "manifest",
        /// A contractor says whose work it is and what it may be used for.
        OwnWork = "own-work",
        /// A contractor says which agreements were read and what they allow.
        NdaCheck = "nda-check",
        /// A contractor says what was removed before anything left the machine.
        RedactionCheck = "redaction-check",
        /// A contractor says who asked for the work and by what right the request is shared.
        TaskAuthority = "task-authority",
        /// A contractor says how long the work took and in which occupation.
        Effort = "effort",
        /// A contractor takes consent back.
        Withdrawal = "withdrawal",
        /// The service names the log, its keys and its algorithms, as entry 0.
        Genesis = "genesis",
        /// The service registers the policy files it decides by.
        Policy = "policy",
        /// The service enrols a member's key for a program.
        KeyEnrolled = "key-enrolled",
        /// The service replaces a key by its owner's next one.
        KeyRotated = "key-rotated",
        /// The service ends a key.
        KeyRevoked = "key-revoked",
        /// The service publishes where a submission stands, without reasons.
        Status = "status",
    }
}

impl StatementKind {
    /// True for what contractors sign.
    #[must_use]
    pub const fn is_contractor(self) -> bool {
        matches!(
            self,
            Self::Manifest
                | Self::OwnWork
                | Self::NdaCheck
                | Self::RedactionCheck
                | Self::TaskAuthority
                | Self::Effort
                | Self::Withdrawal
        )
    }

    /// What label 259 of the statement says: the kind where the payload is public, and no more than
    /// "sealed" where people speak.
    #[must_use]
    pub const fn content_type(self) -> ContentType {
        match self {
            Self::Manifest
            | Self::OwnWork
            | Self::NdaCheck
            | Self::RedactionCheck
            | Self::TaskAuthority
            | Self::Effort
            | Self::Withdrawal => ContentType::Sealed,
            Self::Genesis => ContentType::Genesis,
            Self::Policy => ContentType::Policy,
            Self::KeyEnrolled => ContentType::KeyEnrolled,
            Self::KeyRotated => ContentType::KeyRotated,
            Self::KeyRevoked => ContentType::KeyRevoked,
            Self::Status => ContentType::Status,
        }
    }

    /// True when the log shows only a digest of a salted payload; false when the payload is public.
    #[must_use]
    pub const fn is_sealed(self) -> bool {
        self.content_type().is_sealed()
    }

    /// The media type of the payload itself (`application/vnd.attestry.<type>+json`).
    #[must_use]
    pub fn media_type(self) -> String {
        format!("application/vnd.attestry.{self}+json")
    }
}

#[cfg(test)]
mod tests {
    use super::StatementKind;

    #[test]
    fn seven_kinds_are_said_by_contractors_and_sealed() {
        let sealed: Vec<_> =
            StatementKind::ALL.iter().filter(|kind| kind.is_sealed()).map(|k| k.as_str()).collect();
        assert_eq!(
            sealed,
            [
                "manifest",
                "own-work",
                "nda-check",
                "redaction-check",
                "task-authority",
                "effort",
                "withdrawal"
            ]
        );
        assert!(!StatementKind::Genesis.is_contractor());
        for kind in StatementKind::ALL.iter().filter(|kind| !kind.is_sealed()) {
            assert_eq!(kind.media_type(), kind.content_type().as_str());
        }
    }
}
