//! What can be said of a statement: one verdict, the finding behind it, and facts beside it.
//!
//! Verdicts and codes are stable; sentences may be reworded.

use attestry_proof::cose::Header;
use attestry_proof::cose::receipt::Position;
use attestry_proof::hash::Hash;
use attestry_proof::key::Thumbprint;
use attestry_proof::payload::StatementKind;
use attestry_proof::payload::genesis::Genesis;
use attestry_proof::payload::key_event::MemberRole;
use attestry_proof::payload::manifest::Manifest;
use attestry_proof::payload::status::SubmissionStatus;
use attestry_proof::payload::summary::Lines;
use attestry_proof::payload::withdrawal::Scope;
use attestry_proof::size::LeafIndex;
use serde::Serialize;

pub use crate::finding::{Anchor, AnchoredBy, Fault, Finding, Shortfall, Unwitnessed};
use crate::keys::Terms;
use crate::verifier::check_genesis_at;

/// How far a statement could be verified, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Its signature verifies, and it is in a log as of a checkpoint that meets the trust policy.
    Verified,
    /// Its signature verifies and the log signed for it, but no checkpoint that meets the policy
    /// shows it.
    LoggedUnwitnessed,
    /// Nothing is wrong, but not enough is there to show that it is in the log, or who signed.
    NotProven,
    /// Something does not verify.
    Failed,
}

impl Verdict {
    /// The code, as it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::LoggedUnwitnessed => "logged-unwitnessed",
            Self::NotProven => "not-proven",
            Self::Failed => "failed",
        }
    }
}

/// What the statement says of itself; believed only as far as the finding goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The protected header.
    pub header: Header,
    /// SHA-256 of the payload.
    pub payload_digest: Hash,
    /// Leaf hash of the entry.
    pub leaf: Hash,
}

/// What is known of the payload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PayloadFact {
    /// The statement could not be judged that far.
    #[default]
    NotChecked,
    /// It is not among the inputs; for sealed statements that is ordinary.
    Missing,
    /// It has the digest that was signed.
    Matches {
        /// What it is; `None` for a kind that this version does not know.
        kind: Option<StatementKind>,
        /// Everything it says; empty if not asked for.
        lines: Lines,
    },
}

/// What is known of the issuer's key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IssuerFact {
    /// No enrolment among the inputs is proven.
    #[default]
    NotProven,
    /// It is the service key that the proven genesis statement names.
    Service,
    /// The user vouches for it (`--keys`).
    Vouched,
    /// A statement of the service enrols it.
    Enrolled {
        /// Position of that statement.
        at: LeafIndex,
        /// Whether that statement is verified, or only logged.
        proven: bool,
    },
}

/// What was found about the statement in others. Absence proves nothing: that a key was not revoked
/// or a consent not withdrawn is not proven by any of this.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Who the issuer is.
    pub issuer: IssuerFact,
    /// Roles that the issuer's key was enrolled with; empty where no enrolment tells.
    pub roles: Vec<MemberRole>,
    /// Whether it is proven that such an issuer may say such a thing: the service what the service
    /// says, a member what a role of its key is for. False also where the payload is not there.
    pub entitled: bool,
    /// The issuer's key ends later in the log, at this entry.
    pub key_ended: Option<LeafIndex>,
    /// The issuer's key ends later in the log, at this entry, by somebody whom nothing shows to be
    /// the service.
    pub key_end_claimed: Option<LeafIndex>,
    /// Consent for the submission is taken back by these entries, in the order of the log.
    pub withdrawn: Vec<Withdrawn>,
    /// The latest public word on the submission among the inputs.
    pub status: Option<(SubmissionStatus, LeafIndex)>,
    /// Not in the log before this time (Unix seconds): the latest witnessed checkpoint without it.
    pub logged_after: Option<u64>,
    /// In the log by this time (Unix seconds): the earliest witnessed checkpoint with it.
    pub logged_by: Option<u64>,
}

/// Consent for a submission that is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawn {
    /// The entry that says so.
    pub at: LeafIndex,
    /// How much of the consent.
    pub scope: Scope,
}

/// What a statement changes for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Genesis(Box<Genesis>),
    Enrolled { key: Thumbprint, terms: Option<Terms> },
    Rotated { previous: Thumbprint, next: Option<(Thumbprint, Terms)> },
    Revoked(Thumbprint),
    Withdrawn(Scope),
    Status(SubmissionStatus),
    Manifest(Manifest),
}

/// A root that a receipt leads to, for later comparison with checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReceiptRoot {
    pub(crate) root: Hash,
    pub(crate) position: Position,
}

/// The judgement on one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementVerdict {
    /// What the verdict rests on.
    pub finding: Finding,
    /// What the statement says; `None` if it is malformed.
    pub described: Option<Described>,
    /// The payload.
    pub payload: PayloadFact,
    /// Receipts that verify under an authenticated key.
    pub receipts_verified: usize,
    /// Receipts by keys that nothing vouches for.
    pub receipts_unchecked: usize,
    /// What other statements say about it.
    pub standing: Standing,
    pub(crate) event: Option<Event>,
    /// The role that the signer claims to speak in, where the statement names one.
    pub(crate) capacity: Option<MemberRole>,
    pub(crate) receipt_roots: Vec<ReceiptRoot>,
    /// Whether the issuer's key was there and the signature verified under it.
    pub(crate) signature_checked: bool,
}

impl StatementVerdict {
    pub(crate) const fn new(finding: Finding, described: Option<Described>) -> Self {
        Self {
            finding,
            described,
            payload: PayloadFact::NotChecked,
            receipts_verified: 0,
            receipts_unchecked: 0,
            standing: Standing {
                issuer: IssuerFact::NotProven,
                roles: Vec::new(),
                entitled: false,
                key_ended: None,
                key_end_claimed: None,
                withdrawn: Vec::new(),
                status: None,
                logged_after: None,
                logged_by: None,
            },
            event: None,
            capacity: None,
            receipt_roots: Vec::new(),
            signature_checked: false,
        }
    }

    /// The verdict.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.finding.verdict()
    }

    /// What it is: by its payload, or by its content type where that tells.
    pub(crate) fn kind(&self) -> Option<StatementKind> {
        if let PayloadFact::Matches { kind, .. } = self.payload {
            return kind;
        }
        let content_type = self.described.as_ref()?.header.content_type;
        let mut visible = StatementKind::ALL.iter().filter(|kind| !kind.is_sealed());
        visible.find(|kind| kind.content_type() == content_type).copied()
    }

    /// Whether the log has the statement by somebody's word: verified, or logged but unwitnessed.
    #[must_use]
    pub const fn is_logged(&self) -> bool {
        matches!(self.finding, Finding::Proven(_) | Finding::Unwitnessed(_))
    }

    /// Whether a way to a trusted checkpoint would make it verified.
    pub(crate) const fn awaits_proof(&self) -> bool {
        self.signature_checked
            && matches!(self.finding, Finding::Unwitnessed(_) | Finding::NotProven(_))
    }

    /// Takes the place in a trusted checkpoint that evidence beside the statement leads to.
    pub(crate) fn anchor(&mut self, anchor: Anchor) {
        let known = self.finding.position().map(|position| position.index);
        if let Some(first) = known.filter(|first| *first != anchor.index) {
            let second = anchor.index;
            self.finding = Finding::Failed(Fault::PositionDisagreement { first, second });
            return;
        }
        let finding = Finding::Proven(anchor);
        let checked = check_genesis_at(&finding, self.event.as_ref());
        self.finding = checked.map_or_else(Finding::Failed, |()| finding);
    }
}
