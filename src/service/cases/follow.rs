//! What the service does in cases by itself: it acknowledges, opens a case for a withdrawal, orders
//! what was decided, and moves a case on when that is done.

use attestry_policy::takedown::{ActorFacts, Need, Step};
use attestry_proof::{
    cose::Subject,
    hash::Hash,
    payload::{
        Payload, Record,
        case::{CaseChannel, CaseMoved, CaseState, MovedBecause},
        fields::{Digest, Salt, SubmissionId},
    },
};
use uuid::Uuid;

use super::{
    super::{
        Service, ServiceError,
        erase::{Decision, is_stopped},
        genesis::timestamp,
    },
    open::NewCase,
    rules_of, state_of, unruled,
};
use crate::{
    log::LogError,
    store::{
        ledger::{Effect, Precondition},
        legal::{CaseRecord, ConcernedSubmission},
    },
};

/// Cases or submissions in one question.
const PAGE: u32 = 100;
/// Orders in flight at once.
const ORDERS_AT_ONCE: usize = 512;
/// Ground of the cases that withdrawals open.
const WITHDRAWAL: &str = "withdrawal";

impl Service {
    /// Does what is due in cases; the service calls this every second.
    ///
    /// # Errors
    /// A failing store. What cannot be done in one case keeps no other waiting.
    pub async fn follow_cases(&self) -> Result<(), ServiceError> {
        for submission in self.ledger.legal().withdrawn_without_case(PAGE).await? {
            noted(submission, self.open_withdrawal_case(submission).await);
        }
        for record in self.ledger.legal().cases_at(CaseState::Received, PAGE).await? {
            let because = MovedBecause::AcknowledgementSent;
            let moved = self.move_case(&record, CaseState::Acknowledged, because).await;
            noted(record.id, moved);
        }
        for record in self.ledger.legal().cases_at(CaseState::Remediating, PAGE).await? {
            noted(record.id, self.remediate(&record).await);
        }
        for record in self.ledger.legal().cases_at(CaseState::Propagating, PAGE).await? {
            let because = MovedBecause::NoRecipients;
            noted(record.id, self.move_case(&record, CaseState::Closed, because).await);
        }
        Ok(())
    }

    async fn open_withdrawal_case(&self, submission: Uuid) -> Result<(), ServiceError> {
        let Some(record) = self.ledger.submission(submission).await? else { return Ok(()) };
        let new = NewCase {
            program: record.program,
            ground: WITHDRAWAL.to_owned(),
            channel: CaseChannel::Withdrawal,
            notice: None,
            link: None,
            concerned: vec![ConcernedSubmission { submission, files: None }],
        };
        self.open_case(new).await.map(drop)
    }

    /// Carries out what is ordered, orders what is left and not held, and moves the case on once nothing
    /// is left. What earlier decisions of a case had destroyed is not counted: a case can be reopened.
    async fn remediate(&self, record: &CaseRecord) -> Result<(), ServiceError> {
        // So that nothing is ordered again that waits to be carried out.
        self.erase_due().await?;
        let concerned = self.concerned_by(record.id).await?;
        let free = self.left_and_free(&concerned).await?;
        if !free.is_empty() {
            let decision = self.decision(record).await?;
            for page in free.chunks(ORDERS_AT_ONCE) {
                let orders = page.iter().map(|it| self.order_erasure(decision, it.clone()));
                for (order, it) in futures_util::future::join_all(orders).await.iter().zip(page) {
                    match order {
                        Err(error) if is_stopped(error) => {
                            tracing::debug!(submission = %it.submission, "is held, or ordered before");
                        }
                        Err(error) => {
                            tracing::warn!(submission = %it.submission, %error, "not ordered");
                        }
                        Ok(()) => {}
                    }
                }
            }
            self.erase_due().await?;
        }
        if self.gone(&concerned).await? {
            self.move_case(record, CaseState::Propagating, MovedBecause::Erased).await?;
        }
        Ok(())
    }

    /// Whether everything concerned is erased, by this case or by another.
    async fn gone(&self, concerned: &[ConcernedSubmission]) -> Result<bool, ServiceError> {
        for it in concerned {
            if !self.is_gone(it).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn is_gone(&self, it: &ConcernedSubmission) -> Result<bool, ServiceError> {
        Ok(match &it.files {
            None => self.ledger.submission(it.submission).await?.is_some_and(|it| it.erased),
            Some(files) => self.vault.stored(it.submission, files).await?.is_empty(),
        })
    }

    /// What is neither gone nor ordered as a whole nor held.
    async fn left_and_free(
        &self,
        concerned: &[ConcernedSubmission],
    ) -> Result<Vec<ConcernedSubmission>, ServiceError> {
        let mut left = Vec::new();
        for it in concerned {
            let record = self.ledger.submission(it.submission).await?;
            let stopped = record.is_some_and(|record| record.held || record.ordered);
            if !stopped && !self.is_gone(it).await? {
                left.push(it.clone());
            }
        }
        Ok(left)
    }

    /// What the orders of a case rest on: the decision that another officer agreed to, and that
    /// agreement.
    async fn decision(&self, record: &CaseRecord) -> Result<Decision, ServiceError> {
        let approvals = self.ledger.legal().approvals_in(record.id).await?;
        let approval = approvals.last().ok_or(ServiceError::CaseStep {
            case: record.id,
            state: record.state,
            reason: "nobody approved it".into(),
        })?;
        Ok(Decision { case: record.id, decision: approval.approves, approval: approval.leaf })
    }

    /// Moves a case on in the service's own name, if the rules let it.
    pub(super) async fn move_case(
        &self,
        record: &CaseRecord,
        to: CaseState,
        because: MovedBecause,
    ) -> Result<(), ServiceError> {
        let policies = self.policies();
        let rules = rules_of(&policies)?;
        let ground = rules.ground(&record.ground).ok_or_else(|| unruled(&record.ground))?;
        let given = match because {
            MovedBecause::AcknowledgementSent => [Need::Acknowledgement].into(),
            MovedBecause::Erased => [Need::Erased].into(),
            MovedBecause::NoRecipients | MovedBecause::RecipientsConfirmed => {
                [Need::RecipientsSettled].into()
            }
            MovedBecause::InformationReceived => [Need::Answer].into(),
            MovedBecause::CounterNotice => {
                [Need::CounterNotice, Need::ContentKept, Need::Locked].into()
            }
        };
        let actor = ActorFacts { is_service: true, ..ActorFacts::default() };
        let (from, target) = (Some(state_of(record.state)?), state_of(to)?);
        let reason = Some(because.as_str());
        let step = Step { from, to: target, ground, actor, given: &given, reason };
        rules.step(&step).map_err(|refused| ServiceError::CaseStep {
            case: record.id,
            state: record.state,
            reason: refused.to_string(),
        })?;
        self.state_moved(record, to, because).await
    }

    async fn state_moved(
        &self,
        record: &CaseRecord,
        to: CaseState,
        because: MovedBecause,
    ) -> Result<(), ServiceError> {
        let (case, now) = (record.id, self.clock.now());
        let body = CaseMoved {
            case: SubmissionId(case),
            after: Digest(record.step_leaf),
            from: record.state,
            to,
            because,
            moved_at: timestamp(now)?,
        };
        let payload = Payload::from(Record::new(Salt(self.random()), body)?);
        let unchanged = vec![Precondition::Case { case, at: record.step }];
        let at = now.timestamp();
        let effect = Effect::MoveCase { case, to, concerned: None, lock: None, at };
        let about = Subject::Submission(case);
        match self.state_sealed(about, &payload, (unchanged, vec![effect])).await {
            // An officer was faster; what is due now is another thing.
            Err(ServiceError::Log(LogError::Stale(_))) => Ok(()),
            stated => stated.map(drop),
        }
    }

    /// Stores something small under an id's key, like a file.
    pub(in super::super) async fn store_small(
        &self,
        id: Uuid,
        sha256: Hash,
        bytes: Vec<u8>,
    ) -> Result<(), ServiceError> {
        self.store_report(id, sha256, bytes).await
    }
}

fn noted(id: Uuid, done: Result<(), ServiceError>) {
    if let Err(error) = done {
        tracing::warn!(%id, %error, "what is due in a case is left for later");
    }
}
