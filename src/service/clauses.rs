//! Whoever signs answers the clauses that were shown: the right set, the exact text, every clause
//! once.

use attestry_policy::clauses::{ClauseError, ClauseReference, ClauseText};
use attestry_proof::payload::Payload;
use chrono::NaiveDate;

use super::{Service, ServiceError};

/// Days for which the text before a new one may still be signed: people sign, then upload.
const GRACE_DAYS: i64 = 1;

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
        let policies = self.policies();
        let catalogue = policies.clauses();
        catalogue.check(&reference, answers.iter().map(|answer| answer.clause.as_str()))?;
        match catalogue.current(reference.set, reference.locale) {
            Some(newest) if newest.version() != reference.version && !self.is_new(newest) => {
                Err(ServiceError::TextSuperseded {
                    set: reference.set.to_owned(),
                    newest: newest.version().to_owned(),
                })
            }
            _ => Ok(()),
        }
    }

    /// Whether the text came into force so lately that somebody may have read the one before it.
    fn is_new(&self, text: &ClauseText) -> bool {
        let Ok(effective) = text.effective().parse::<NaiveDate>() else { return false };
        let today = self.clock.now().date_naive();
        (today - effective).num_days() <= GRACE_DAYS
    }
}
