//! The outbox port: messages to people, written in the transaction of the step that causes them, and
//! what became of each.
//!
//! Recipient and text are sealed under the key of the case or hold, and go once they are not needed.

use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::ledger::StoreError;

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Its id, and what its Message-ID is made of: the same message again is known by it.
    pub id: Uuid,
    /// The case or hold.
    pub about: Uuid,
    /// Why it is written, a word of the letters.
    pub occasion: String,
    /// Recipient, subject and text, sealed under the key of the case or hold.
    pub sealed: Vec<u8>,
    /// When it was written, Unix seconds.
    pub at: i64,
}

/// What commits with the entry of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxChange {
    /// A message is to be sent.
    Queue(Box<NewMessage>),
    /// The link that whoever sent the notice follows the case by is kept for letters.
    KeepLink {
        /// Which case.
        case: Uuid,
        /// The link, sealed under the case's key.
        sealed: Vec<u8>,
    },
    /// It is not needed any more.
    ForgetLink(Uuid),
}

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageState {
    /// It is to be sent.
    Due,
    /// A server took it over.
    Sent,
    /// Nothing more is tried.
    Failed,
}

impl MessageState {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Due, Self::Sent, Self::Failed].into_iter().find(|state| state.as_str() == word)
    }
}

/// A message, without what is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRecord {
    /// Its id.
    pub id: Uuid,
    /// The case or hold.
    pub about: Uuid,
    /// Why it is written.
    pub occasion: String,
    /// Where it is.
    pub state: MessageState,
    /// When it was written, Unix seconds.
    pub queued_at: i64,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, Unix seconds.
    pub next_try: i64,
    /// What the last attempt met.
    pub problem: Option<String>,
    /// When it was sent or given up, Unix seconds.
    pub settled_at: Option<i64>,
}

/// A message, and what is sealed of it.
pub type SealedMessage = (MessageRecord, Vec<u8>);

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// A server took it over.
    Sent,
    /// It is tried again.
    Again {
        /// Not before, Unix seconds.
        next_try: i64,
        /// What was met.
        problem: String,
    },
    /// It is given up.
    Failed {
        /// What was met.
        problem: String,
    },
}

/// Where a notice to somebody who received content is: they have a copy, and are to stop using it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipientState {
    /// It is to be sent.
    Due,
    /// It was sent.
    Sent,
    /// The recipient says to have read it.
    Acknowledged,
    /// The recipient says that every copy is gone.
    PurgeConfirmed,
    /// It did not reach them.
    Failed,
    /// Somebody else deals with it: counsel, or the contract.
    Escalated,
}

impl RecipientState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Due,
        Self::Sent,
        Self::Acknowledged,
        Self::PurgeConfirmed,
        Self::Failed,
        Self::Escalated,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Sent => "sent",
            Self::Acknowledged => "acknowledged",
            Self::PurgeConfirmed => "purge-confirmed",
            Self::Failed => "failed",
            Self::Escalated => "escalated",
        }
    }

    /// Whether it can be followed by that. A confirmation is final; an escalation ends when one
    /// comes after all.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Due | Self::Failed, Self::Sent)
                | (Self::Due | Self::Sent, Self::Failed)
                | (Self::Sent | Self::Escalated, Self::Acknowledged)
                | (Self::Sent | Self::Acknowledged | Self::Escalated, Self::PurgeConfirmed)
                | (Self::Sent | Self::Acknowledged | Self::Failed, Self::Escalated)
        )
    }

    /// Whether a case can be closed with it: see `recipients-settled` in the takedown rules.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::PurgeConfirmed | Self::Escalated)
    }
}

/// What the database must do for messages.
pub trait Outbox: Send + Sync {
    /// Messages whose time has come, with what is sealed, the longest waiting first, at most `limit`.
    fn due(&self, at: i64, limit: u32) -> BoxFuture<'_, Result<Vec<SealedMessage>, StoreError>>;

    /// Notes how an attempt ended at `at`. What is sealed goes with a message that is not tried again.
    fn tried<'a>(
        &'a self,
        id: Uuid,
        at: i64,
        attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Messages about a case or hold, oldest first, at most `limit`.
    fn about(
        &self,
        about: Uuid,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<MessageRecord>, StoreError>>;

    /// The sealed case link, while the case is open.
    fn case_link(&self, case: Uuid) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_is_settled_for_good_only_by_confirming() {
        for state in RecipientState::ALL {
            let next: Vec<&str> = RecipientState::ALL
                .into_iter()
                .filter(|next| state.may_become(*next))
                .map(RecipientState::as_str)
                .collect();
            let expected: &[&str] = match state {
                RecipientState::Due => &["sent", "failed"],
                RecipientState::Sent => &["acknowledged", "purge-confirmed", "failed", "escalated"],
                RecipientState::Acknowledged => &["purge-confirmed", "escalated"],
                RecipientState::PurgeConfirmed => &[],
                RecipientState::Failed => &["sent", "escalated"],
                RecipientState::Escalated => &["acknowledged", "purge-confirmed"],
            };
            assert_eq!(next, expected, "{}", state.as_str());
            assert_eq!(
                state.is_settled(),
                matches!(state.as_str(), "purge-confirmed" | "escalated")
            );
        }
    }

    #[test]
    fn states_of_messages_read_back() {
        for state in [MessageState::Due, MessageState::Sent, MessageState::Failed] {
            assert_eq!(MessageState::parse(state.as_str()), Some(state));
        }
        assert_eq!(MessageState::parse("acknowledged"), None);
    }
}
