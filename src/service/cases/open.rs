//! Opening a case.

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
    super::{Service, ServiceError, genesis::timestamp},
    list,
};
use crate::store::{ledger::Effect, legal::ConcernedSubmission};

/// A case that is to be opened.
pub(super) struct NewCase {
    pub program: String,
    pub ground: String,
    pub channel: CaseChannel,
    /// The notice, byte for byte.
    pub notice: Option<Vec<u8>>,
    /// SHA-256 of the secret in the case link.
    pub link: Option<Hash>,
    pub concerned: Vec<ConcernedSubmission>,
}

impl Service {
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
            link: new.link,
            concerned: effect_list,
            at: now.timestamp(),
        };
        let about = Subject::Submission(case);
        self.state_sealed(about, &payload, (vec![], vec![effect])).await?;
        Ok(case)
    }
}
