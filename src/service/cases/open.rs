//! Opening a case.

use attestry_policy::takedown::Ground;
use attestry_proof::{
    cose::Subject,
    hash::Hash,
    payload::{
        Payload, Record,
        case::{CaseChannel, CaseOpened},
        fields::{Digest, Salt, SubmissionId},
        text::Name,
    },
};
use uuid::Uuid;

use super::{
    super::{
        Service, ServiceError,
        authorize::{Action, Thing},
        genesis::timestamp,
    },
    list, rules_of,
};
use crate::store::{
    ledger::{Effect, KeyRecord},
    legal::ConcernedSubmission,
};

/// Most bytes of what an officer enters.
pub const RECEIVED_BYTES_MAX: usize = 64 << 10;

/// A case that is to be opened.
pub(super) struct NewCase {
    pub program: String,
    pub ground: String,
    pub channel: CaseChannel,
    /// The notice, byte for byte.
    pub notice: Option<Vec<u8>>,
    /// SHA-256 of the secret in the case link, and the link.
    pub link: Option<(Hash, String)>,
    pub concerned: Vec<ConcernedSubmission>,
}

impl Service {
    /// Opens a case in the officer's program for somebody who wrote by other means, or for an order that
    /// came on paper; answers with its id.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::Malformed`] if there is no such ground or nothing is
    /// said, or a failing store, vault or log.
    pub async fn open_case_for(
        &self,
        officer: &KeyRecord,
        ground: &str,
        received: &str,
    ) -> Result<Uuid, ServiceError> {
        self.authorize(Some(officer), Action::HandleCases, Thing::Program(&officer.program))?;
        let malformed = |reason: String| ServiceError::Malformed { what: "case", reason };
        let policies = self.policies();
        let rules = rules_of(&policies)?;
        if rules.ground(ground).is_none() {
            let known: Vec<&str> = rules.grounds().iter().map(|it| it.as_str()).collect();
            return Err(malformed(format!("the ground is one of: {}", known.join(", "))));
        }
        if received.trim().is_empty() || received.len() > RECEIVED_BYTES_MAX {
            return Err(malformed(format!(
                "say what was received, in at most {RECEIVED_BYTES_MAX} bytes"
            )));
        }
        self.open_case(NewCase {
            program: officer.program.clone(),
            ground: ground.to_owned(),
            channel: CaseChannel::Officer,
            notice: Some(received.as_bytes().to_vec()),
            link: None,
            concerned: Vec::new(),
        })
        .await
    }

    /// Whether what a case on this ground concerns is locked as soon as that is known.
    fn locks_on_receipt(&self, ground: &str) -> Result<bool, ServiceError> {
        let policies = self.policies();
        Ok(rules_of(&policies)?.ground(ground).is_some_and(Ground::locks_on_receipt))
    }

    /// Opens a case; answers with its id.
    pub(super) async fn open_case(&self, new: NewCase) -> Result<Uuid, ServiceError> {
        let case = self.new_own_id();
        let now = self.clock.now();
        let named = |text: &str| {
            Name::new(text).map_err(|error| ServiceError::Malformed {
                what: "case",
                reason: format!("{text:?}: {error}"),
            })
        };
        let notice_sha256 = match new.notice {
            None => None,
            Some(bytes) => {
                let sha256 = Hash::of(&bytes);
                self.store_small(case, sha256, bytes).await?;
                Some(Digest(sha256))
            }
        };
        let (concerned, effect_list) = if new.concerned.is_empty() {
            (None, None)
        } else {
            let (concerned, bytes) = list::write(&new.concerned);
            self.store_small(case, concerned.sha256.0, bytes).await?;
            (Some(concerned), Some((concerned.sha256.0, new.concerned)))
        };
        let lock = effect_list.is_some() && self.locks_on_receipt(&new.ground)?;
        let (digest, kept) = match new.link {
            None => (None, None),
            Some((digest, link)) => (Some(digest), Some(self.keep_link(case, &link).await?)),
        };
        let body = CaseOpened {
            case: SubmissionId(case),
            program: named(&new.program)?,
            ground: named(&new.ground)?,
            channel: new.channel,
            notice_sha256,
            concerned,
            received_at: timestamp(now)?,
        };
        let payload = Payload::from(Record::new(Salt(self.random()), body)?);
        let effect = Effect::OpenCase {
            case,
            program: new.program,
            ground: new.ground,
            channel: new.channel,
            link: digest,
            concerned: effect_list,
            lock,
            at: now.timestamp(),
        };
        let about = Subject::Submission(case);
        let effects = std::iter::once(effect).chain(kept).collect();
        self.state_sealed(about, &payload, (vec![], effects)).await?;
        Ok(case)
    }
}
