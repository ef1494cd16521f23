//! Deciding whether a submission may be used for a purpose. Each decision is a statement that names
//! the rules and the facts, so that it can be made again.

use attestry_policy::clearance::{ClearanceDecision, RecordedFacts};
use attestry_proof::{
    cose::Subject,
    payload::{
        Payload, Record,
        clearance::Clearance,
        fields::{Digest, Salt, SubmissionId},
        text::{Line, Name},
        withdrawal::Purpose,
    },
};
use uuid::Uuid;

use super::{
    Service, ServiceError,
    authorize::Action,
    dossier::StatementsAbout,
    drafts::no_submission,
    genesis::{engine, timestamp},
};
use crate::{
    log::{LogError, Logged},
    store::{
        ledger::{Effect, KeyRecord, Precondition, PurposeSet, SubmissionRecord},
        legal::MattersOn,
    },
};

/// One decision, as it was logged.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The purpose.
    pub purpose: Purpose,
    /// What the rules said.
    pub decision: ClearanceDecision,
    /// Where it was logged.
    pub logged: Logged,
}

/// What is decided about: read once, for all purposes.
struct Matter {
    /// Version of the rules in force.
    policy_version: u64,
    record: SubmissionRecord,
    /// Holds and cases.
    matters: MattersOn,
    about: StatementsAbout,
}

impl Service {
    /// Decides about these purposes, or about all that the contractor consents to; publishes what
    /// comes of it.
    ///
    /// # Errors
    /// Those of [`Service::submission_for`], or a failing store, vault or log.
    pub async fn clear(
        &self,
        caller: &KeyRecord,
        submission: Uuid,
        purposes: Option<PurposeSet>,
    ) -> Result<Vec<Decided>, ServiceError> {
        self.submission_for(caller, Action::Clear, submission).await?;
        let matter = self.matter(submission).await?;
        match purposes {
            Some(purposes) => self.decide_all(&matter, purposes).await,
            None => self.decide_consented(&matter).await,
        }
    }

    /// Decides what is due after a review, or under new rules.
    pub(super) async fn decide_due(&self, submission: Uuid) -> Result<(), ServiceError> {
        let matter = self.matter(submission).await?;
        self.decide_consented(&matter).await.map(drop)
    }

    async fn matter(&self, submission: Uuid) -> Result<Matter, ServiceError> {
        // Before the facts, so that what they rest on is never newer than they are.
        let policy_version = self.policy_version();
        let record = self.ledger.submission(submission).await?;
        let record = record.ok_or_else(|| no_submission(submission))?;
        let matters = self.ledger.legal().matters_on(submission).await?;
        let about = self.statements_about(submission).await?;
        Ok(Matter { policy_version, record, matters, about })
    }

    /// Decides about every purpose that the contractor consents to, or that is cleared now.
    async fn decide_consented(&self, matter: &Matter) -> Result<Vec<Decided>, ServiceError> {
        let Matter { policy_version, record, matters, about } = matter;
        let purposes = about.consented().union(record.cleared);
        let decided = self.decide_all(matter, purposes).await?;
        self.ledger
            .people()
            .note_decided((record.id, record.said, record.scan), *matters, *policy_version)
            .await?;
        Ok(decided)
    }

    async fn decide_all(
        &self,
        matter: &Matter,
        purposes: PurposeSet,
    ) -> Result<Vec<Decided>, ServiceError> {
        let mut decided = Vec::new();
        for purpose in purposes.iter() {
            decided.push(self.decide(matter, purpose).await?);
        }
        self.publish_status(matter.record.id).await?;
        Ok(decided)
    }

    async fn decide(&self, matter: &Matter, purpose: Purpose) -> Result<Decided, ServiceError> {
        let Matter { policy_version, record, matters, about } = matter;
        let submission = record.id;
        let owner = self.key(record.owner).await?;
        let program = self.program(&record.program).await?;
        let policies = self.policies();
        let whose = (record, &*owner, &program);
        let facts = self.clearance_facts(whose, (about, *matters), &policies, purpose).await?;
        let decision = policies.engine().clear(&facts);
        let now = self.clock.now();
        let body = Clearance {
            subject: SubmissionId(submission),
            purpose,
            granted: decision.cleared,
            policy_sha256: Digest(policies.digest()),
            engine: engine()?,
            facts: recorded(facts.into())?,
            deciding: decision
                .deciding
                .iter()
                .map(|id| Line::new(id.as_str()).map_err(|error| unstatable(&error)))
                .collect::<Result<_, _>>()?,
            missing: decision
                .missing
                .iter()
                .map(|word| Name::new(word.as_str()).map_err(|error| unstatable(&error)))
                .collect::<Result<_, _>>()?,
            decided_at: timestamp(now)?,
        };
        let payload = Payload::from(Record::new(Salt(self.random()), body)?);
        // Whoever speaks in between makes the facts stale, and the decision with them; so does a hold
        // or a case that comes or goes.
        let mut preconditions = vec![
            Precondition::LastSaid { submission, at: record.said },
            Precondition::LastScan { submission, at: record.scan },
            Precondition::Matters { submission, found: *matters },
            Precondition::Policy { version: *policy_version },
        ];
        preconditions.extend(self.holders_unchanged(record, &owner).await?);
        let purposes = PurposeSet::default().with(purpose);
        let effect = Effect::Cleared { submission, purposes, granted: decision.cleared };
        let subject = Subject::Submission(submission);
        let logged = self.state_sealed(subject, &payload, (preconditions, vec![effect])).await;
        if let Err(ServiceError::Log(LogError::Stale(Precondition::Key { thumbprint, .. }))) =
            &logged
        {
            self.forget_key(*thumbprint);
        }
        Ok(Decided { purpose, decision, logged: logged? })
    }

    /// Who holds the keys of owner and reviewer is a fact of the decision.
    async fn holders_unchanged(
        &self,
        record: &SubmissionRecord,
        owner: &KeyRecord,
    ) -> Result<Vec<Precondition>, ServiceError> {
        let mut keys = vec![Precondition::Key { thumbprint: record.owner, version: owner.version }];
        if let Some(review) = record.review {
            let version = self.key(review.reviewer).await?.version;
            keys.push(Precondition::Key { thumbprint: review.reviewer, version });
        }
        Ok(keys)
    }
}

/// The facts in the form that a statement holds: the same JSON.
fn recorded(
    facts: RecordedFacts,
) -> Result<attestry_proof::payload::clearance_facts::ClearanceFacts, ServiceError> {
    let json = serde_json::to_value(facts).map_err(|error| unstatable(&error))?;
    serde_json::from_value(json).map_err(|error| unstatable(&error))
}

fn unstatable(error: &dyn std::fmt::Display) -> ServiceError {
    ServiceError::Malformed { what: "clearance", reason: error.to_string() }
}
