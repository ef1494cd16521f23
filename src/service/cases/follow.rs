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
    CONCERNED_PAGE,
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

/// What the service does in a case by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Acknowledge,
    Order,
    Finish,
    Close,
}

impl Due {
    /// The state of the cases in which it is due.
    const fn state(self) -> CaseState {
        match self {
            Self::Acknowledge => CaseState::Received,
            Self::Order | Self::Finish => CaseState::Remediating,
            Self::Close => CaseState::Propagating,
        }
    }
}

impl Service {
    /// Does what is due in cases; the service calls this every second.
    ///
    /// # Errors
    /// A failing store. What cannot be done in one case keeps no other waiting.
    pub async fn follow_cases(&self) -> Result<(), ServiceError> {
        for submission in self.ledger.legal().withdrawn_without_case(PAGE).await? {
            noted(submission, self.open_withdrawal_case(submission).await);
        }
        for due in [Due::Acknowledge, Due::Order, Due::Finish, Due::Close] {
            if due == Due::Order || due == Due::Finish {
                // Before, so that nothing is ordered again that waits to be carried out.
                if let Err(error) = self.erase_due().await {
                    tracing::warn!(%error, "orders to erase are left for later");
                }
            }
            self.follow_all(due).await?;
        }
        Ok(())
    }

    async fn follow_all(&self, due: Due) -> Result<(), ServiceError> {
        let mut after = None;
        loop {
            let page = self.ledger.legal().cases_at(due.state(), after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.opened);
            for record in &page {
                noted(record.id, self.follow(record, due).await);
            }
        }
    }

    async fn follow(&self, record: &CaseRecord, due: Due) -> Result<(), ServiceError> {
        let (to, because) = match due {
            Due::Acknowledge => (CaseState::Acknowledged, MovedBecause::AcknowledgementSent),
            Due::Order => return self.order_left(record).await,
            Due::Finish if !self.is_carried_out(record.id).await? => return Ok(()),
            Due::Finish => (CaseState::Propagating, MovedBecause::Erased),
            Due::Close => (CaseState::Closed, MovedBecause::NoRecipients),
        };
        self.move_case(record, to, because).await
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

    /// Orders what is left and not held. What earlier decisions of a case had destroyed is not counted:
    /// a case can be reopened.
    async fn order_left(&self, record: &CaseRecord) -> Result<(), ServiceError> {
        let (mut decision, mut after) = (None, None);
        loop {
            let legal = self.ledger.legal();
            let page = legal.left_in(record.id, true, after, CONCERNED_PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.submission);
            for some in page.chunks(ORDERS_AT_ONCE) {
                let decision = match decision {
                    Some(known) => known,
                    None => *decision.insert(self.decision(record).await?),
                };
                self.order_all(decision, some).await;
            }
        }
    }

    async fn order_all(&self, decision: Decision, targets: &[ConcernedSubmission]) {
        let orders = targets.iter().map(|it| self.order_erasure(decision, it.clone()));
        for (order, it) in futures_util::future::join_all(orders).await.iter().zip(targets) {
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

    /// Whether everything concerned is erased: all of a submission by this case or by another, single
    /// files by this one. A file that is not there may be on its way.
    async fn is_carried_out(&self, case: Uuid) -> Result<bool, ServiceError> {
        Ok(self.ledger.legal().left_in(case, false, None, 1).await?.is_empty())
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
        let mut effects = self.letters(record, to, None).await?;
        effects.insert(0, effect);
        match self.state_sealed(about, &payload, (unchanged, effects)).await {
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
