//! What a case looks like: to the officers who handle it, to whoever sent the notice, to everybody.

use attestry_proof::{
    hash::Hash,
    payload::{
        Payload,
        case::{CaseState, Concerned},
    },
    size::LeafIndex,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    super::{
        Service, ServiceError,
        authorize::{Action, Thing},
    },
    list::OPERATIONS,
    notice::link_digest,
    rules_of, state_of, unruled,
};
use crate::{
    store::{
        ledger::KeyRecord,
        legal::{CaseApprovalRecord, CaseRecord, ConcernedSubmission},
    },
    vault::VaultError,
};

/// Most cases of one answer.
const CASES_MAX: u32 = 50;

/// A time within which something has to happen in a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseClock {
    /// Its name in the takedown rules.
    pub name: String,
    /// What has to happen.
    pub title: String,
    /// Where it comes from.
    pub source: String,
    /// What started it.
    pub started: DateTime<Utc>,
    /// Before which it must not happen.
    pub due_earliest: Option<DateTime<Utc>>,
    /// Before which it has to happen.
    pub due: DateTime<Utc>,
    /// When it happened.
    pub met: Option<DateTime<Utc>>,
    /// Whether it has not happened and should have.
    pub overdue: bool,
}

/// A case, for the officers who handle it.
#[derive(Clone, Debug)]
pub struct CaseTold {
    /// Where it stands.
    pub record: CaseRecord,
    /// What it concerns, by the list that statements name.
    pub named: Option<Concerned>,
    /// The same, line by line.
    pub concerned: Vec<ConcernedSubmission>,
    /// The notice, byte for byte.
    pub notice: Option<Vec<u8>>,
    /// The states it came to, with Unix seconds.
    pub history: Vec<(CaseState, i64)>,
    /// Times that run or ran.
    pub clocks: Vec<CaseClock>,
    /// States that it can go to.
    pub next: Vec<&'static str>,
    /// Agreements of second officers.
    pub approvals: Vec<CaseApprovalRecord>,
    /// Orders to erase, and how many of them are carried out.
    pub erasures: (u64, u64),
}

/// A case as everybody may see it: no claimant, no text.
#[derive(Clone, Debug)]
pub struct PublicCase {
    /// Its id.
    pub id: Uuid,
    /// Position of the statement that opened it.
    pub opened: LeafIndex,
    /// Class of its ground.
    pub class: String,
    /// Where it is.
    pub state: CaseState,
    /// The states it came to, with Unix seconds.
    pub history: Vec<(CaseState, i64)>,
    /// How many submissions were erased.
    pub erased: u64,
}

impl Service {
    /// A case, with everything that its officers need for the next step.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], or a failing store or vault.
    pub async fn case(&self, caller: &KeyRecord, case: Uuid) -> Result<CaseTold, ServiceError> {
        let record = self.case_for(caller, case).await?;
        let concerned = self.concerned_by(case).await?;
        // Once some of its files are erased, the list is what it was only in the case's own records.
        let whole = concerned.iter().all(|it| it.files.as_ref().is_none_or(|it| !it.is_empty()));
        let named = (whole && !concerned.is_empty()).then(|| super::list::write(&concerned).0);
        Ok(CaseTold {
            named,
            concerned,
            notice: self.notice_of(&record).await?,
            history: self.ledger.legal().case_history(case).await?,
            clocks: self.clocks_of(&record).await?,
            next: self.next_states(&record)?,
            approvals: self.ledger.legal().approvals_in(case).await?,
            erasures: self.ledger.legal().erasures_of(case).await?,
            record,
        })
    }

    /// Cases that the caller handles, newest first: a page of those opened before `before`.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] or a failing store.
    pub async fn cases(
        &self,
        caller: &KeyRecord,
        before: LeafIndex,
    ) -> Result<Vec<CaseRecord>, ServiceError> {
        let program = caller.program.as_str();
        self.authorize(Some(caller), Action::HandleCases, Thing::Program(program))?;
        let program = Some(program).filter(|program| *program != OPERATIONS);
        Ok(self.ledger.legal().cases(program, before, CASES_MAX).await?)
    }

    /// The case of a link, for whoever has it.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] or a failing store.
    pub async fn case_by_link(&self, secret: &str) -> Result<PublicCase, ServiceError> {
        let found = self.ledger.legal().case_by_link(link_digest(secret)).await?;
        // The secret is not repeated.
        let not_found = || ServiceError::NotFound { what: "case", id: "with this link".into() };
        self.show(&found.ok_or_else(not_found)?).await
    }

    /// Every case as everybody may see it, newest first: a page of those opened before `before`.
    ///
    /// # Errors
    /// A failing store.
    pub async fn public_cases(&self, before: LeafIndex) -> Result<Vec<PublicCase>, ServiceError> {
        let records = self.ledger.legal().cases(None, before, CASES_MAX).await?;
        let mut shown = Vec::with_capacity(records.len());
        for record in &records {
            shown.push(self.show(record).await?);
        }
        Ok(shown)
    }

    async fn show(&self, record: &CaseRecord) -> Result<PublicCase, ServiceError> {
        let policies = self.policies();
        let ground = rules_of(&policies)?.ground(&record.ground);
        let class = ground.map_or("other", |ground| ground.public_class.as_str());
        Ok(PublicCase {
            id: record.id,
            opened: record.opened,
            class: class.to_owned(),
            state: record.state,
            history: self.ledger.legal().case_history(record.id).await?,
            erased: self.ledger.legal().erasures_of(record.id).await?.1,
        })
    }

    /// Times of a case, now.
    pub(super) async fn clocks_of(
        &self,
        record: &CaseRecord,
    ) -> Result<Vec<CaseClock>, ServiceError> {
        let policies = self.policies();
        let rules = rules_of(&policies)?;
        let ground = rules.ground(&record.ground).ok_or_else(|| unruled(&record.ground))?;
        let history = self.history(record).await?;
        let clocks = rules.clocks(ground, &history, &[], self.clock.now());
        Ok(clocks
            .into_iter()
            .map(|clock| CaseClock {
                name: clock.name.to_owned(),
                title: clock.title.to_owned(),
                source: clock.source.to_owned(),
                started: clock.started,
                due_earliest: clock.due_earliest,
                due: clock.due,
                met: clock.met,
                overdue: clock.overdue,
            })
            .collect())
    }

    fn next_states(&self, record: &CaseRecord) -> Result<Vec<&'static str>, ServiceError> {
        let policies = self.policies();
        let rules = rules_of(&policies)?;
        let ground = rules.ground(&record.ground).ok_or_else(|| unruled(&record.ground))?;
        let from = Some(state_of(record.state)?);
        let mut next: Vec<&'static str> =
            rules.next(from, ground).map(|transition| transition.to.as_str()).collect();
        next.sort_unstable();
        next.dedup();
        Ok(next)
    }

    pub(super) async fn notice_of(
        &self,
        record: &CaseRecord,
    ) -> Result<Option<Vec<u8>>, ServiceError> {
        let opened = self.payload_of(record.id, record.opened).await?;
        let Some((bytes, sealed)) = opened else { return Ok(None) };
        let Payload::CaseOpened(said) = Payload::parse(&bytes, sealed)? else { return Ok(None) };
        let Some(sha256) = said.body().notice_sha256.map(|digest| digest.0) else {
            return Ok(None);
        };
        self.small(record.id, sha256).await
    }

    async fn small(&self, id: Uuid, sha256: Hash) -> Result<Option<Vec<u8>>, ServiceError> {
        match self.vault.open_file(id, sha256, None).await {
            Ok(file) => Ok(Some(file.into_bytes().await.map_err(VaultError::from)?)),
            Err(VaultError::FileUnknown { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
