//! The closed list of what a statement can be.

use super::{key_event::MemberRole, words::words};
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
        /// A reviewer accepts a submission or sends it back.
        Review = "review",
        /// An officer agrees that a lost key is replaced.
        KeyApproval = "key-approval",
        /// A legal officer locks content against destruction.
        Hold = "hold",
        /// A legal officer ends a hold.
        HoldRelease = "hold-release",
        /// A legal officer moves a takedown case on.
        CaseStep = "case-step",
        /// A second legal officer agrees that content is destroyed.
        CaseApproval = "case-approval",
        /// The service searches the files for what must not leave.
        Scan = "scan",
        /// The service decides whether a submission may be used for a purpose.
        Clearance = "clearance",
        /// The service records that somebody was shown what is sealed.
        Access = "access",
        /// The service records that somebody objects.
        CaseOpened = "case-opened",
        /// The service moves a takedown case on.
        CaseMoved = "case-moved",
        /// The service is about to destroy content.
        ErasureOrdered = "erasure-ordered",
        /// The service has destroyed content.
        Erased = "erased",
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

words! {
    /// Who makes statements of a kind.
    Speaker {
        /// The contractor whose submission it is.
        Contractor = "contractor",
        /// A reviewer, about a submission of somebody else.
        Reviewer = "reviewer",
        /// An administrator or legal officer.
        Officer = "officer",
        /// A legal officer.
        Legal = "legal",
        /// The service, with its own key.
        Service = "service",
    }
}

impl Speaker {
    /// The roles of which a member's key must have one; none for the service, which is no member.
    #[must_use]
    pub const fn roles(self) -> &'static [MemberRole] {
        match self {
            Self::Contractor => &[MemberRole::Contractor],
            Self::Reviewer => &[MemberRole::Reviewer],
            Self::Officer => &[MemberRole::Legal, MemberRole::Admin],
            Self::Legal => &[MemberRole::Legal],
            Self::Service => &[],
        }
    }
}

impl StatementKind {
    /// Who makes statements of this kind.
    #[must_use]
    pub const fn speaker(self) -> Speaker {
        match self {
            Self::Manifest
            | Self::OwnWork
            | Self::NdaCheck
            | Self::RedactionCheck
            | Self::TaskAuthority
            | Self::Effort
            | Self::Withdrawal => Speaker::Contractor,
            Self::Review => Speaker::Reviewer,
            Self::KeyApproval => Speaker::Officer,
            Self::Hold | Self::HoldRelease | Self::CaseStep | Self::CaseApproval => Speaker::Legal,
            Self::Scan
            | Self::Clearance
            | Self::Access
            | Self::CaseOpened
            | Self::CaseMoved
            | Self::ErasureOrdered
            | Self::Erased
            | Self::Genesis
            | Self::Policy
            | Self::KeyEnrolled
            | Self::KeyRotated
            | Self::KeyRevoked
            | Self::Status => Speaker::Service,
        }
    }

    /// True for what contractors sign.
    #[must_use]
    pub const fn is_contractor(self) -> bool {
        matches!(self.speaker(), Speaker::Contractor)
    }

    /// What label 259 of the statement says: the kind where the payload is public, and no more than
    /// "sealed" where what is said could have to be erased.
    #[must_use]
    pub const fn content_type(self) -> ContentType {
        match self {
            Self::Manifest
            | Self::OwnWork
            | Self::NdaCheck
            | Self::RedactionCheck
            | Self::TaskAuthority
            | Self::Effort
            | Self::Withdrawal
            | Self::Review
            | Self::KeyApproval
            | Self::Hold
            | Self::HoldRelease
            | Self::CaseStep
            | Self::CaseApproval
            | Self::Scan
            | Self::Clearance
            | Self::Access
            | Self::CaseOpened
            | Self::CaseMoved
            | Self::ErasureOrdered
            | Self::Erased => ContentType::Sealed,
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
    use super::{MemberRole, Speaker, StatementKind};

    fn words(is: fn(StatementKind) -> bool) -> Vec<&'static str> {
        StatementKind::ALL.iter().filter(|kind| is(**kind)).map(|kind| kind.as_str()).collect()
    }

    #[test]
    fn what_people_say_and_what_is_decided_about_it_is_sealed() {
        let by_contractors = [
            "manifest",
            "own-work",
            "nda-check",
            "redaction-check",
            "task-authority",
            "effort",
            "withdrawal",
        ];
        assert_eq!(words(StatementKind::is_contractor), by_contractors);
        let others = [
            "review",
            "key-approval",
            "hold",
            "hold-release",
            "case-step",
            "case-approval",
            "scan",
            "clearance",
            "access",
            "case-opened",
            "case-moved",
            "erasure-ordered",
            "erased",
        ];
        assert_eq!(words(StatementKind::is_sealed), [&by_contractors[..], &others[..]].concat());
        for kind in StatementKind::ALL.iter().filter(|kind| !kind.is_sealed()) {
            assert_eq!(kind.media_type(), kind.content_type().as_str());
            assert_eq!(kind.speaker(), Speaker::Service, "{kind}");
        }
    }

    #[test]
    fn every_kind_has_one_speaker() {
        assert_eq!(words(|kind| kind.speaker() == Speaker::Reviewer), ["review"]);
        assert_eq!(words(|kind| kind.speaker() == Speaker::Officer), ["key-approval"]);
        let legal = ["hold", "hold-release", "case-step", "case-approval"];
        assert_eq!(words(|kind| kind.speaker() == Speaker::Legal), legal);
        assert_eq!(StatementKind::Clearance.speaker(), Speaker::Service);
        assert_eq!(StatementKind::Access.speaker(), Speaker::Service);
        assert!(Speaker::Service.roles().is_empty());
        assert!(!Speaker::Officer.roles().contains(&MemberRole::Auditor));
    }
}
