//! Whoever signs answers the clauses that were shown: the right set, the exact text, every clause
//! once.

use attestry_policy::clauses::{ClauseError, ClauseReference};
use attestry_proof::payload::Payload;

use super::{Service, ServiceError};

impl Service {
    /// Checks the clause text and the answers of a payload against the catalogue.
    pub(super) fn check_clauses(&self, payload: &Payload) -> Result<(), ServiceError> {
        let Some((named, answers)) = payload.clauses() else { return Ok(()) };
        if named.set.as_str() != payload.kind().as_str() {
            return Err(ClauseError::UnknownText.into());
        }
        let reference = ClauseReference {
            set: named.set.as_str(),
            version: named.version.as_str(),
            locale: named.locale.as_str(),
            text_sha256: named.text_sha256.0.0,
        };
        self.policies()
            .clauses()
            .check(&reference, answers.iter().map(|answer| answer.clause.as_str()))?;
        Ok(())
    }
}
