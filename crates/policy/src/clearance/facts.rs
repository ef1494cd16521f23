//! What a decision about clearance rests on. Facts are ordered and have one serialised form, so
//! that they can be logged and decided on again.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    access::KeyId,
    words::{Purpose, ResidualRisk, Verdict, words},
};

words! {
    /// What the contractor states.
    AttestationKind {
        /// Files of the request.
        RequestManifest = "request-manifest",
        /// Files of the deliverable.
        DeliverableManifest = "deliverable-manifest",
        /// Who made it and what it may be used for.
        OwnWork = "own-work",
        /// Which agreements bind.
        NdaCheck = "nda-check",
        /// What was removed.
        RedactionCheck = "redaction-check",
        /// Who asked for it, with what right.
        TaskAuthority = "task-authority",
        /// How long it took.
        Effort = "effort",
    }
}

/// All that is known about a submission when it is asked whether it may be used for a purpose.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClearanceFacts {
    /// The purpose asked about.
    pub purpose: Purpose,
    /// Name of the program's clearance policy.
    pub clearance_policy: String,
    /// Most risk that the program allows.
    pub allowed_risk: ResidualRisk,
    /// The newest statement of each kind that there is.
    pub attestations: BTreeMap<AttestationKind, AttestationFact>,
    /// Whether every consent was taken back.
    pub withdrawn: bool,
    /// The newest scan of the current files; `None` if there is none.
    pub scan: Option<ScanFact>,
    /// The newest review; `None` if there is none.
    pub review: Option<ReviewFact>,
    /// Number of holds; `None` if unknown.
    pub holds: Option<u32>,
    /// Number of open cases; `None` if unknown.
    pub open_cases: Option<u32>,
}

/// A statement by the contractor.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestationFact {
    /// Position in the log, for whoever checks the facts.
    pub position: u64,
    /// Whether it is about the files and clause texts that count now, and not superseded.
    pub current: bool,
    /// Whether it was taken back.
    pub withdrawn: bool,
    /// Whether its key was valid at its position.
    pub key_valid: bool,
    /// Purposes consented to and not taken back since; empty where the kind asks for none.
    pub purposes: BTreeSet<Purpose>,
    /// Clauses that were answered no.
    pub refusals: u32,
    /// What the contractor says may still be in the files; `None` where the kind does not say.
    pub declared_risk: Option<ResidualRisk>,
}

/// A scan of the current files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanFact {
    /// Position in the log, for whoever checks the facts.
    pub position: u64,
    /// What may still be in the files.
    pub residual_risk: ResidualRisk,
}

/// A review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewFact {
    /// Position in the log, for whoever checks the facts.
    pub position: u64,
    /// Key that signed it.
    pub reviewer: KeyId,
    /// Whether reviewer and contractor are one person, or may be.
    pub same_person: bool,
    /// Whether it is about the statements that count now.
    pub current: bool,
    /// Whether its key was valid at its position.
    pub key_valid: bool,
    /// What it came to.
    pub verdict: Verdict,
}
