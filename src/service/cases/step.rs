//! A legal officer moves a case on.

use std::collections::BTreeSet;

use attestry_policy::{
    takedown::{ActorFacts, Ground, Need, Rules, State, Step},
    words::{self, RoleSet},
};
use attestry_proof::{
    key::Thumbprint,
    payload::case::{CaseState, CaseStep},
};
use chrono::{DateTime, Utc};

use super::{
    super::{Service, ServiceError, judge::Judgement},
    CONCERNED_PAGE, rules_of, state_of, unruled,
};
use crate::store::{
    ledger::{Effect, KeyRecord, Precondition},
    legal::{CaseRecord, ConcernedSubmission},
};

impl Service {
    pub(in super::super) async fn judge_case_step(
        &self,
        key: &KeyRecord,
        said: &CaseStep,
    ) -> Result<Judgement, ServiceError> {
        let case = said.case.0;
        let record = self.case_for(key, case).await?;
        if said.after.0 != record.step_leaf || said.from != record.state {
            return Err(ServiceError::CaseMovedOn { case, state: record.state });
        }
        let policies = self.policies();
        let rules = rules_of(&policies)?;
        let ground = rules.ground(&record.ground).ok_or_else(|| unruled(&record.ground))?;
        if said.ground.as_str() != record.ground {
            let reason = format!("the case is on the ground {:?}", record.ground);
            return Err(ServiceError::Malformed { what: "ground", reason });
        }
        let new_list = match said.concerned {
            Some(named) => Some(self.list(&record, named).await?),
            None => None,
        };
        // Whoever is a party stays one when a new list leaves them out, and what was ordered stays so.
        let before = self.concerned_by(record.id).await?;
        let concerned = new_list.clone().unwrap_or_else(|| before.clone());
        let ever: Vec<ConcernedSubmission> = before.into_iter().chain(concerned.clone()).collect();
        let to = state_of(said.to)?;
        let facts =
            StepFacts { record: &record, concerned: &concerned, ever: &ever, rules, ground, to };
        let given = self.given(said, &facts).await?;
        let actor = ActorFacts {
            roles: roles(key),
            is_service: false,
            is_party: self.is_party(key, &ever).await?,
            is_second_officer: false,
        };
        let from = Some(state_of(record.state)?);
        let reason = Some(said.reason.as_str());
        let step = Step { from, to, ground, actor, given: &given, reason };
        let transition = rules.step(&step).map_err(|refused| ServiceError::CaseStep {
            case,
            state: record.state,
            reason: refused.to_string(),
        })?;
        let mut preconditions = vec![Precondition::Case { case, at: record.step }];
        if transition.needs.contains(&Need::NoHold) {
            let free =
                |it: &ConcernedSubmission| Precondition::NotHeld { submission: it.submission };
            preconditions.extend(concerned.iter().map(free));
        }
        let needs_lock = transition.needs.contains(&Need::Locked)
            || (ground.locks_on_receipt() && is_known(said.to, new_list.is_some()));
        let effect = Effect::MoveCase {
            case,
            to: said.to,
            concerned: said.concerned.zip(new_list).map(|(named, list)| (named.sha256.0, list)),
            lock: lock_after(record.state, said.to, needs_lock),
            at: self.now(),
        };
        let statement = said.statement.as_ref().map(|text| text.as_str());
        let mut effects = self.letters(&record, said.to, statement).await?;
        effects.insert(0, effect);
        Ok((preconditions, effects))
    }

    /// Everything that the case concerns.
    pub(super) async fn concerned_by(
        &self,
        case: uuid::Uuid,
    ) -> Result<Vec<ConcernedSubmission>, ServiceError> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.ledger.legal().concerned(case, after, CONCERNED_PAGE).await?;
            let Some(last) = page.last() else { return Ok(all) };
            after = Some(last.submission);
            all.extend(page);
        }
    }

    /// Which of what the rules may ask for is there.
    async fn given(
        &self,
        said: &CaseStep,
        facts: &StepFacts<'_>,
    ) -> Result<BTreeSet<Need>, ServiceError> {
        let StepFacts { record, concerned, ever, rules, ground, to } = facts;
        // The officer who signs states the ground, and the step itself locks what it needs locked. A
        // notice was complete when it was taken; where the ground has no form there is none.
        let mut given = BTreeSet::from([Need::Ground, Need::Notice, Need::Locked]);
        // Nothing is released yet that a recipient could have: see "releases" in the documents.
        given.insert(Need::RecipientsSettled);
        if said.statement.is_some() {
            given.extend([Need::StatementOfReasons, Need::Question, Need::Answer]);
        }
        if !said.evidence.is_empty() {
            given.extend([Need::Evidence, Need::Acknowledgement]);
        }
        if said.statement.is_some() && !said.evidence.is_empty() {
            given.insert(Need::CounterNotice);
        }
        if !concerned.is_empty() {
            given.insert(Need::Concerned);
        }
        let held = self.first_held(concerned).await?;
        if held.is_none() {
            given.insert(Need::NoHold);
        }
        if self.ledger.legal().erasures_of(record.id).await?.0 == 0
            && !self.any_ordered(ever).await?
        {
            given.insert(Need::ContentKept);
        }
        if self.second_officer(record, said.concerned.is_none()).await? {
            given.insert(Need::SecondOfficer);
        }
        let history = self.history(record).await?;
        let now = self.clock.now();
        if rules.waiting_time_is_over(ground, *to, &history, now) {
            given.insert(Need::WaitingTimeOver);
        }
        Ok(given)
    }

    pub(super) async fn history(
        &self,
        record: &CaseRecord,
    ) -> Result<Vec<(State, DateTime<Utc>)>, ServiceError> {
        let history = self.ledger.legal().case_history(record.id).await?;
        let known = history.into_iter().map(|(state, at)| {
            let at = DateTime::from_timestamp(at, 0).unwrap_or_default();
            Ok((state_of(state)?, at))
        });
        known.collect()
    }

    pub(super) async fn first_held(
        &self,
        concerned: &[ConcernedSubmission],
    ) -> Result<Option<uuid::Uuid>, ServiceError> {
        for it in concerned {
            let record = self.ledger.submission(it.submission).await?;
            if record.is_some_and(|record| record.held) {
                return Ok(Some(it.submission));
            }
        }
        Ok(None)
    }

    async fn any_ordered(&self, concerned: &[ConcernedSubmission]) -> Result<bool, ServiceError> {
        for it in concerned {
            if self.ledger.submission(it.submission).await?.is_some_and(|it| it.ordered) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether another officer, who is known to be another person, agreed to the decision that the
    /// case rests on; about the list that it was about.
    async fn second_officer(
        &self,
        record: &CaseRecord,
        same_list: bool,
    ) -> Result<bool, ServiceError> {
        let decided_by = Thumbprint(self.entry(record.step).await?.issuer);
        let Ok(decider) = self.key(decided_by).await else { return Ok(false) };
        let approvals = self.ledger.legal().approvals_in(record.id).await?;
        for approval in approvals.iter().filter(|it| it.approves == record.step_leaf) {
            let officer = self.key(approval.officer).await?;
            let other = matches!((officer.person, decider.person), (Some(a), Some(b)) if a != b);
            if same_list && other && officer.revoked.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whoever submitted what is objected to has a part in the case; so may somebody of whom nobody
    /// knows who they are.
    pub(super) async fn is_party(
        &self,
        key: &KeyRecord,
        concerned: &[ConcernedSubmission],
    ) -> Result<bool, ServiceError> {
        if key.person.is_none() && !concerned.is_empty() {
            return Ok(true);
        }
        let mut owners = BTreeSet::new();
        for it in concerned {
            if let Some(record) = self.ledger.submission(it.submission).await? {
                owners.insert(record.owner.0.0);
            }
        }
        for owner in owners {
            let owner = self.key(Thumbprint(attestry_proof::hash::Hash(owner))).await?;
            let same_key = owner.key.thumbprint() == key.key.thumbprint();
            let same_person = owner.person.is_some() && owner.person == key.person;
            if same_key || same_person {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What a step is judged by.
struct StepFacts<'a> {
    record: &'a CaseRecord,
    concerned: &'a [ConcernedSubmission],
    /// That, and what the case concerned before.
    ever: &'a [ConcernedSubmission],
    rules: &'a Rules,
    ground: &'a Ground,
    to: State,
}

/// Whether a step says what an objection is about that was not decided, or returns to one.
fn is_known(to: CaseState, by_a_list: bool) -> bool {
    match to {
        CaseState::Triaged => true,
        CaseState::Rejected | CaseState::Restored | CaseState::Closed | CaseState::Reopened => {
            false
        }
        _ => by_a_list,
    }
}

/// Whether what is concerned is locked after a step; `None` leaves it as it is.
fn lock_after(from: CaseState, to: CaseState, needs_lock: bool) -> Option<bool> {
    match to {
        CaseState::Restored => Some(false),
        // Nothing was found against it, or nothing follows from it.
        CaseState::Closed
            if matches!(
                from,
                CaseState::Rejected | CaseState::Upheld | CaseState::PartlyUpheld
            ) =>
        {
            Some(false)
        }
        _ if needs_lock => Some(true),
        _ => None,
    }
}

pub(super) fn roles(key: &KeyRecord) -> RoleSet {
    key.roles.as_slice().iter().filter_map(|role| words::Role::parse(role.as_str())).collect()
}
