//! Takedown cases: somebody objects, officers decide, and what follows is done.
//!
//! What is said in a case is a statement under the case's own key. The rules in `takedown.toml` say
//! which steps there are; here is found out whether what they ask for is there.

mod approve;
mod follow;
mod letters;
mod list;
pub mod notice;
mod open;
mod step;
mod tell;

pub use self::{
    notice::{Notice, NoticeReceived},
    tell::{CaseClock, CaseTold, PublicCase},
};

pub(super) use self::list::read as read_list;
use attestry_policy::takedown::{Rules, State};
use attestry_proof::payload::case::CaseState;
use uuid::Uuid;

use super::{Service, ServiceError, policies::Policies};
use crate::store::legal::CaseRecord;

/// Concerned submissions read at once.
const CONCERNED_PAGE: u32 = 1_000;

/// The state in the words of the rules.
fn state_of(state: CaseState) -> Result<State, ServiceError> {
    State::parse(state.as_str()).ok_or_else(|| unruled(state.as_str()))
}

fn unruled(word: &str) -> ServiceError {
    let reason = format!("the takedown rules in force do not know {word:?}");
    ServiceError::Malformed { what: "takedown rules", reason }
}

/// The takedown rules of a bundle.
fn rules_of(policies: &Policies) -> Result<&Rules, ServiceError> {
    policies.takedown().ok_or_else(|| unruled("takedown.toml"))
}

fn no_case(case: Uuid) -> ServiceError {
    ServiceError::NotFound { what: "case", id: case.to_string() }
}

impl Service {
    async fn case_record(&self, case: Uuid) -> Result<CaseRecord, ServiceError> {
        self.ledger.legal().case(case).await?.ok_or_else(|| no_case(case))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_and_rules_know_the_same_states() {
        let said: Vec<&str> = CaseState::ALL.iter().map(|state| state.as_str()).collect();
        let ruled: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
        assert_eq!(said, ruled);
    }
}
