//! A second officer agrees to a decision.

use attestry_proof::{
    key::Thumbprint,
    payload::case::{CaseApproval, CaseState},
};

use super::super::{
    Service, ServiceError,
    authorize::{Action, Thing},
    judge::Judgement,
};
use crate::store::ledger::{Effect, KeyRecord, Precondition};

impl Service {
    pub(in super::super) async fn judge_case_approval(
        &self,
        key: &KeyRecord,
        said: &CaseApproval,
    ) -> Result<Judgement, ServiceError> {
        let case = said.case.0;
        let record = self.case_for(key, case).await?;
        self.authorize(Some(key), Action::ApproveDestruction, Thing::Program(&record.program))?;
        let refused = |reason: &str| ServiceError::CaseStep {
            case,
            state: record.state,
            reason: reason.into(),
        };
        if !matches!(record.state, CaseState::Upheld | CaseState::PartlyUpheld) {
            return Err(refused("a decision to destroy is approved while it is upheld"));
        }
        if said.approves.0 != record.step_leaf {
            return Err(ServiceError::CaseMovedOn { case, state: record.state });
        }
        if record.concerned != Some(said.concerned.sha256.0) {
            return Err(refused("the case concerns another list than the one that is approved"));
        }
        let decided_by = Thumbprint(self.entry(record.step).await?.issuer);
        let decider = self.key(decided_by).await?;
        match (decider.person, key.person) {
            (Some(decider), Some(second)) if decider != second => {}
            (Some(_), Some(_)) => return Err(refused("whoever decided cannot approve it as well")),
            _ => return Err(refused("it must be known that both officers are different people")),
        }
        if self.is_party(key, &self.concerned_by(case).await?).await? {
            return Err(refused("whoever has a part in the case takes no step in it"));
        }
        let unchanged = vec![
            Precondition::Case { case, at: record.step },
            Precondition::Key { thumbprint: decided_by, version: decider.version },
        ];
        let officer = key.key.thumbprint();
        let effect = Effect::ApproveCase { case, officer, approves: record.step_leaf };
        Ok((unchanged, vec![effect]))
    }
}
