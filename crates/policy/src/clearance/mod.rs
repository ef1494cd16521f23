//! Whether a submission may be used for a purpose: facts, decision, and deciding again later.

mod dossier;
mod facts;
mod replay;

pub(crate) use dossier::{Weighed, dossier};
pub use facts::{AttestationFact, AttestationKind, ClearanceFacts, ReviewFact, ScanFact};
pub use replay::{Fact, Recorded, RecordedFacts, Replay, replay};

use serde::{Deserialize, Serialize};

use crate::{engine::PolicyId, words::words};

/// Name of the action in the schema.
pub(crate) const ACTION: &str = "grantClearance";

/// What the rules say about a submission and a purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClearanceDecision {
    /// Whether it is cleared.
    pub cleared: bool,
    /// The rules that decided, sorted: the permits if cleared; else the forbids that apply, or the
    /// rules that failed, or `default-deny`. Never empty.
    pub deciding: Vec<PolicyId>,
    /// What stands against it, sorted; empty exactly if it is cleared.
    pub missing: Vec<Missing>,
}

words! {
    /// What stands against clearance. Rules say it with `@missing`.
    Missing {
        /// No current manifest of the request.
        RequestManifest = "request-manifest",
        /// No current manifest of the deliverable.
        DeliverableManifest = "deliverable-manifest",
        /// No current own-work statement.
        OwnWork = "own-work",
        /// No current NDA check.
        NdaCheck = "nda-check",
        /// No current redaction check.
        RedactionCheck = "redaction-check",
        /// No current task-authority statement.
        TaskAuthority = "task-authority",
        /// No current effort statement.
        Effort = "effort",
        /// No consent to the purpose.
        Consent = "consent",
        /// Every consent was taken back.
        Withdrawn = "withdrawn",
        /// No scan.
        Scan = "scan",
        /// The scan found more risk than is allowed.
        Risk = "risk",
        /// No current review.
        Review = "review",
        /// The reviewer is the contractor.
        IndependentReview = "independent-review",
        /// The review does not accept.
        Acceptance = "acceptance",
        /// A hold is on it, or that is not known.
        Hold = "hold",
        /// A case is open, or that is not known.
        OpenCase = "open-case",
        /// A clause was answered no.
        RefusedClause = "refused-clause",
        /// The contractor declares more risk than is allowed, or none at all.
        DeclaredRisk = "declared-risk",
        /// Something else that the rule's name says.
        Other = "other",
        /// No rule permits clearance under the program's clearance policy.
        ClearancePolicy = "clearance-policy",
        /// A rule could not be evaluated.
        Evaluation = "evaluation",
    }
}
