//! Deciding again, from an archived bundle and logged facts. Where a fact is gone there is no
//! verdict, not even where the facts that are left would be enough: a guess is not a replay.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    AttestationFact, AttestationKind, ClearanceDecision, ClearanceFacts, ReviewFact, ScanFact,
};
use crate::{
    engine::PolicyEngine,
    load::LoadError,
    words::{Purpose, ResidualRisk, words},
};

/// A fact as it can still be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recorded<T> {
    /// As it was when it was decided on.
    Known(T),
    /// Taken out or erased since.
    Redacted,
}

words! {
    /// Names of facts that can be gone.
    Fact {
        /// Name of the program's clearance policy.
        ClearancePolicy = "clearance_policy",
        /// Most risk allowed.
        AllowedRisk = "allowed_risk",
        /// Statements by the contractor.
        Attestations = "attestations",
        /// Whether every consent was taken back.
        Withdrawn = "withdrawn",
        /// The scan.
        Scan = "scan",
        /// The review.
        Review = "review",
        /// Number of holds.
        Holds = "holds",
        /// Number of open cases.
        OpenCases = "open_cases",
    }
}

/// [`ClearanceFacts`] as logged, some of which may be gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedFacts {
    /// The purpose asked about.
    pub purpose: Purpose,
    /// Name of the program's clearance policy.
    pub clearance_policy: Recorded<String>,
    /// Most risk that the program allows.
    pub allowed_risk: Recorded<ResidualRisk>,
    /// The newest statement of each kind.
    pub attestations: Recorded<BTreeMap<AttestationKind, AttestationFact>>,
    /// Whether every consent was taken back.
    pub withdrawn: Recorded<bool>,
    /// The newest scan, if there was one.
    pub scan: Recorded<Option<ScanFact>>,
    /// The newest review, if there was one.
    pub review: Recorded<Option<ReviewFact>>,
    /// Number of holds, if it was known.
    pub holds: Recorded<Option<u32>>,
    /// Number of open cases, if it was known.
    pub open_cases: Recorded<Option<u32>>,
}

impl From<ClearanceFacts> for RecordedFacts {
    fn from(facts: ClearanceFacts) -> Self {
        Self {
            purpose: facts.purpose,
            clearance_policy: Recorded::Known(facts.clearance_policy),
            allowed_risk: Recorded::Known(facts.allowed_risk),
            attestations: Recorded::Known(facts.attestations),
            withdrawn: Recorded::Known(facts.withdrawn),
            scan: Recorded::Known(facts.scan),
            review: Recorded::Known(facts.review),
            holds: Recorded::Known(facts.holds),
            open_cases: Recorded::Known(facts.open_cases),
        }
    }
}

impl RecordedFacts {
    /// All facts, or the names of those that are gone.
    ///
    /// # Errors
    /// The names, in order.
    pub fn restore(self) -> Result<ClearanceFacts, Vec<Fact>> {
        let mut gone = Vec::new();
        let clearance_policy = known(self.clearance_policy, Fact::ClearancePolicy, &mut gone);
        let allowed_risk = known(self.allowed_risk, Fact::AllowedRisk, &mut gone);
        let attestations = known(self.attestations, Fact::Attestations, &mut gone);
        let withdrawn = known(self.withdrawn, Fact::Withdrawn, &mut gone);
        let scan = known(self.scan, Fact::Scan, &mut gone);
        let review = known(self.review, Fact::Review, &mut gone);
        let holds = known(self.holds, Fact::Holds, &mut gone);
        let open_cases = known(self.open_cases, Fact::OpenCases, &mut gone);
        let all = || {
            Some(ClearanceFacts {
                purpose: self.purpose,
                clearance_policy: clearance_policy?,
                allowed_risk: allowed_risk?,
                attestations: attestations?,
                withdrawn: withdrawn?,
                scan: scan?,
                review: review?,
                holds: holds?,
                open_cases: open_cases?,
            })
        };
        all().ok_or(gone)
    }
}

fn known<T>(fact: Recorded<T>, name: Fact, gone: &mut Vec<Fact>) -> Option<T> {
    match fact {
        Recorded::Known(value) => Some(value),
        Recorded::Redacted => {
            gone.push(name);
            None
        }
    }
}

/// What deciding again came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// The decision that these rules make of these facts.
    Decided(ClearanceDecision),
    /// No verdict.
    NotReplayed {
        /// The facts that are gone, in order.
        gone: Vec<Fact>,
    },
}

impl Replay {
    /// Whether the logged decision is the one made now; `None` without a verdict.
    #[must_use]
    pub fn agrees_with(&self, logged: &ClearanceDecision) -> Option<bool> {
        match self {
            Self::Decided(decision) => Some(decision == logged),
            Self::NotReplayed { .. } => None,
        }
    }
}

/// Decides again. Whoever calls checks that the files have the digest that the decision names.
///
/// # Errors
/// [`LoadError`] if the files make no engine, even where facts are gone.
pub fn replay(files: &[(&str, &[u8])], facts: RecordedFacts) -> Result<Replay, LoadError> {
    let engine = PolicyEngine::load(files)?;
    Ok(match facts.restore() {
        Ok(facts) => Replay::Decided(engine.clear(&facts)),
        Err(gone) => Replay::NotReplayed { gone },
    })
}
