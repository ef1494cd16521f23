//! Messages to people: written as letters of the policies in force, sealed, and sent afterwards.
//!
//! A message is sent at least once: if the service ends after a server took it and before that is
//! noted, it goes again under the same Message-ID, by which mail programs know it.

use std::{sync::Weak, time::Duration};

use attestry_policy::letters::{Blank, Occasion};
use attestry_proof::hash::Hash;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Service, ServiceError};
use crate::{
    entropy::random_uuid,
    mail::{Courier, Delivery, Outgoing},
    store::{
        ledger::{Effect, KeyRecord},
        outbox::{Attempt, MessageRecord, NewMessage, OutboxChange},
    },
    vault::{SubmissionKey, open_payload},
};

/// Messages of one round.
const PAGE: u32 = 20;
/// Most messages shown.
const MESSAGES_MAX: u32 = 1_000;
/// Time from one look for messages to the next.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The same when there was no server to talk to.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// Seconds from the first attempt to the second; each wait after that is twice as long.
const FIRST_WAIT_S: i64 = 60;
/// Longest wait between attempts: within what RFC 5321 §4.5.4.1 calls usual.
const LONGEST_WAIT_S: i64 = 3_600;
/// Time after which a message is given up (RFC 5321 §4.5.4.1: at least 4 to 5 days).
pub const GIVE_UP_AFTER_S: i64 = 5 * 24 * 3_600;

/// What is sealed of a message.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    to: String,
    name: Option<String>,
    subject: String,
    body: String,
}

/// Somebody to write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// Their address.
    pub address: String,
    /// Their name, as they wrote it.
    pub name: Option<String>,
}

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// What was due was tried.
    Done,
    /// There was no server to talk to.
    NoServer,
}

/// Sends what is due until the service is gone. Without a mail server messages wait, and are given
/// up in the end like those that nobody takes.
pub async fn keep_sending(service: Weak<Service>, mut courier: Option<Courier>) {
    let mut pause = LOOK_EVERY;
    loop {
        tokio::time::sleep(pause).await;
        let Some(service) = service.upgrade() else { return };
        let round = service.send_due(courier.as_mut()).await;
        pause = match round {
            Ok(Round::Done) => LOOK_EVERY,
            Ok(Round::NoServer) => LOOK_AGAIN,
            Err(error) => {
                tracing::warn!(%error, "messages are left for later");
                LOOK_AGAIN
            }
        };
    }
}

impl Service {
    /// The letter for an occasion, as what commits with the step that causes it; `None` if the
    /// policies in force write none.
    pub(super) async fn letter(
        &self,
        about: Uuid,
        occasion: Occasion,
        to: Addressee,
        value: impl Fn(Blank) -> String,
    ) -> Result<Option<Effect>, ServiceError> {
        let policies = self.policies();
        let letter = policies.letters().and_then(|letters| letters.get(occasion));
        let Some(letter) = letter else { return Ok(None) };
        let (subject, body) = letter.fill(value);
        let written = Written { to: to.address, name: to.name, subject, body };
        let id = random_uuid(&*self.entropy);
        let sealed = self.seal_beside(about, &message_digest(id), &written).await?;
        let (occasion, at) = (occasion.as_str().to_owned(), self.now());
        let message = NewMessage { id, about, occasion, sealed, at };
        Ok(Some(Effect::Outbox(OutboxChange::Queue(Box::new(message)))))
    }

    /// Seals what stands beside a case or hold under its key.
    pub(super) async fn seal_beside(
        &self,
        about: Uuid,
        bound: &Hash,
        what: &impl Serialize,
    ) -> Result<Vec<u8>, ServiceError> {
        let bytes = serde_json::to_vec(what).map_err(|error| unreadable(&error))?;
        let key = self.vault.submission_key(about).await?;
        Ok(self.vault.seal_payload(&key, about, bound, &bytes)?)
    }

    /// Tries the messages whose time has come. One that cannot be sent keeps no other from it.
    ///
    /// # Errors
    /// A failing store.
    pub async fn send_due(&self, mut courier: Option<&mut Courier>) -> Result<Round, ServiceError> {
        let due = self.ledger.outbox().due(self.now(), PAGE).await?;
        let mut round = Round::Done;
        for (record, sealed) in due {
            let now = self.now();
            let attempt = if now >= record.queued_at.saturating_add(GIVE_UP_AFTER_S) {
                let last = record.problem.as_deref().unwrap_or("there is no mail server");
                Attempt::Failed { problem: format!("given up: {last}") }
            } else {
                let Some(courier) = courier.as_deref_mut() else { continue };
                let delivery = match self.outgoing(&record, &sealed).await {
                    Ok(outgoing) => courier.deliver(&outgoing).await,
                    Err(error) => {
                        tracing::warn!(id = %record.id, %error, "a message cannot be opened");
                        Delivery::Never("it cannot be opened".into())
                    }
                };
                if matches!(delivery, Delivery::NoServer(_)) {
                    round = Round::NoServer;
                }
                attempt_of(&record, now, delivery)
            };
            noted(&record, &attempt);
            self.ledger.outbox().tried(record.id, now, &attempt).await?;
            if round == Round::NoServer {
                break;
            }
        }
        if let Some(courier) = courier {
            courier.close().await;
        }
        Ok(round)
    }

    async fn outgoing(
        &self,
        record: &MessageRecord,
        sealed: &[u8],
    ) -> Result<Outgoing, ServiceError> {
        let key = self.vault.existing_key(record.about).await?;
        let written = open_beside(&key, record.about, &message_digest(record.id), sealed)?;
        let Written { to, name, subject, body } = written;
        Ok(Outgoing { id: record.id, at: record.queued_at, to, name, subject, body })
    }

    /// Messages about a case, for the officers who handle it: when and with what success, not to whom.
    ///
    /// # Errors
    /// As [`Service::case`].
    pub async fn messages_about_case(
        &self,
        caller: &KeyRecord,
        case: Uuid,
    ) -> Result<Vec<MessageRecord>, ServiceError> {
        self.case_for(caller, case).await?;
        Ok(self.ledger.outbox().about(case, MESSAGES_MAX).await?)
    }
}

/// Opens what [`Service::seal_beside`] sealed.
pub(super) fn open_beside<T: for<'de> Deserialize<'de>>(
    key: &SubmissionKey,
    about: Uuid,
    bound: &Hash,
    sealed: &[u8],
) -> Result<T, ServiceError> {
    let bytes = open_payload(key, about, bound, sealed)?;
    serde_json::from_slice(&bytes).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> ServiceError {
    ServiceError::Malformed { what: "message", reason: error.to_string() }
}

fn message_digest(id: Uuid) -> Hash {
    Hash::of_parts(&[b"attestry/outbox/v1", id.as_bytes()])
}

fn attempt_of(record: &MessageRecord, now: i64, delivery: Delivery) -> Attempt {
    match delivery {
        Delivery::Taken => Attempt::Sent,
        Delivery::Never(problem) => Attempt::Failed { problem },
        Delivery::Later(problem) | Delivery::NoServer(problem) => {
            Attempt::Again { next_try: now.saturating_add(wait(record.attempts)), problem }
        }
    }
}

/// Seconds until the next attempt, after so many before this one.
fn wait(attempts: u32) -> i64 {
    // Six doublings are past the longest wait.
    (FIRST_WAIT_S << attempts.min(6)).min(LONGEST_WAIT_S)
}

fn noted(record: &MessageRecord, attempt: &Attempt) {
    let (id, occasion) = (record.id, record.occasion.as_str());
    match attempt {
        Attempt::Sent => tracing::info!(%id, occasion, "message sent"),
        Attempt::Again { problem, .. } => {
            tracing::warn!(%id, occasion, problem, "message not sent; it is tried again");
        }
        Attempt::Failed { problem } => {
            tracing::error!(%id, occasion, problem, "message not sent, and given up");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_an_hour() {
        let waits: Vec<i64> = (0..9).map(wait).collect();
        assert_eq!(waits, [60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600]);
        assert_eq!(wait(u32::MAX), 3_600);
    }
}
