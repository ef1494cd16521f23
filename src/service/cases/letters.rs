//! What whoever sent a notice is written about its case.
//!
//! Content never goes by mail: a letter has the number, the ground, the case link, and what an
//! officer wrote for whoever is told.

use attestry_policy::{
    letters::{Blank, Occasion},
    takedown::Field,
};
use attestry_proof::{
    hash::Hash,
    payload::case::{CaseChannel, CaseState},
};
use uuid::Uuid;

use super::{
    super::{
        Service, ServiceError,
        outbox::{Addressee, open_beside},
    },
    notice::Notice,
    rules_of,
};
use crate::store::{ledger::Effect, legal::CaseRecord, outbox::OutboxChange};

/// What stands for the link once it is not kept any more.
const YOUR_LINK: &str = "(the link in the first letter about this case)";

/// Why something is written when a case comes to a state.
fn occasion(from: CaseState, to: CaseState) -> Option<Occasion> {
    match to {
        // Once: an answer brings the case back to the same state.
        CaseState::Acknowledged if from == CaseState::Received => Some(Occasion::Acknowledged),
        CaseState::NeedsInfo => Some(Occasion::NeedsInfo),
        CaseState::Upheld => Some(Occasion::Upheld),
        CaseState::PartlyUpheld => Some(Occasion::PartlyUpheld),
        CaseState::Rejected => Some(Occasion::Rejected),
        CaseState::Countered => Some(Occasion::Countered),
        CaseState::Restored => Some(Occasion::Restored),
        CaseState::Closed => Some(Occasion::Closed),
        CaseState::Received
        | CaseState::Acknowledged
        | CaseState::Triaged
        | CaseState::Quarantined
        | CaseState::Reviewing
        | CaseState::Remediating
        | CaseState::Propagating
        | CaseState::Reopened => None,
    }
}

impl Service {
    /// What a step brings with it: a letter to whoever sent the notice, and with the last of them the
    /// end of the link that letters repeat. `statement` is what the officer wrote for them.
    pub(super) async fn letters(
        &self,
        record: &CaseRecord,
        to: CaseState,
        statement: Option<&str>,
    ) -> Result<Vec<Effect>, ServiceError> {
        let mut effects = Vec::new();
        if let Some(occasion) = occasion(record.state, to)
            && let Some(addressee) = self.claimant(record).await?
        {
            let policies = self.policies();
            let ground = rules_of(&policies)?.ground(&record.ground);
            let ground = ground.map_or(record.ground.as_str(), |ground| &ground.title);
            let link = self.kept_link(record.id).await?;
            let value = |blank| match blank {
                Blank::Number => record.id.to_string(),
                Blank::Ground => ground.to_owned(),
                Blank::Link => link.clone().unwrap_or_else(|| YOUR_LINK.to_owned()),
                Blank::Statement => statement.unwrap_or_default().to_owned(),
                Blank::Log => self.log.origin().to_owned(),
            };
            effects.extend(self.letter(record.id, occasion, addressee, value).await?);
        }
        if to == CaseState::Closed {
            effects.push(Effect::Outbox(OutboxChange::ForgetLink(record.id)));
        }
        Ok(effects)
    }

    /// Whoever sent the notice, if they gave an address.
    async fn claimant(&self, record: &CaseRecord) -> Result<Option<Addressee>, ServiceError> {
        if record.channel != CaseChannel::Notice {
            return Ok(None);
        }
        let Some(bytes) = self.notice_of(record).await? else { return Ok(None) };
        // What is stored was checked when it came; whatever is no notice names nobody.
        let Ok(mut notice) = serde_json::from_slice::<Notice>(&bytes) else { return Ok(None) };
        let mut field = |field: Field| notice.fields.remove(field.as_str());
        let name = field(Field::Claimant);
        let address = field(Field::ContactEmail).filter(|text| !text.trim().is_empty());
        Ok(address.map(|address| Addressee { address: address.trim().to_owned(), name }))
    }

    /// What keeps the case link for letters.
    pub(super) async fn keep_link(&self, case: Uuid, link: &str) -> Result<Effect, ServiceError> {
        let sealed = self.seal_beside(case, &link_bound(case), &link).await?;
        Ok(Effect::Outbox(OutboxChange::KeepLink { case, sealed }))
    }

    async fn kept_link(&self, case: Uuid) -> Result<Option<String>, ServiceError> {
        let Some(sealed) = self.ledger.outbox().case_link(case).await? else { return Ok(None) };
        let key = self.vault.existing_key(case).await?;
        open_beside(&key, case, &link_bound(case), &sealed).map(Some)
    }
}

fn link_bound(case: Uuid) -> Hash {
    Hash::of_parts(&[b"attestry/case-link-kept/v1", case.as_bytes()])
}
