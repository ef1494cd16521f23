//! The sessions port: who is signed in, and which person an identity provider means.
//!
//! A session's secret is known by its digest only; what a provider calls somebody, by a keyed
//! fingerprint.

use attestry_proof::{hash::Hash, key::Thumbprint};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{ledger::StoreError, people::PersonRecord};

/// How somebody signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionMethod {
    /// By proving possession of the key.
    Key,
    /// Through an identity provider (OpenID Connect).
    Oidc,
}

impl SessionMethod {
    /// The word it is written as.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Oidc => "oidc",
        }
    }

    /// Reads [`SessionMethod::as_str`] back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Key, Self::Oidc].into_iter().find(|method| method.as_str() == word)
    }
}

/// Somebody who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Random id, to name it by.
    pub id: Uuid,
    /// SHA-256 over its secret.
    pub secret_digest: Hash,
    /// The key it acts for.
    pub thumbprint: Thumbprint,
    /// How it began.
    pub method: SessionMethod,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds, to within a minute.
    pub last_used_at: i64,
    /// Unix seconds; it ends then, however much it is used.
    pub expires_at: i64,
}

/// What becomes of a session that nobody uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Now, Unix seconds.
    pub now: i64,
    /// Sessions last used at this time or earlier are over, Unix seconds.
    pub idle_since: i64,
}

/// What the database must do for sessions. A session ends in the transaction that ends its key.
pub trait Sessions: Send + Sync {
    /// Keeps a session, and drops those that are over. A key has at most `max`: the oldest make
    /// room.
    fn open_session<'a>(
        &'a self,
        session: &'a SessionRecord,
        moment: Moment,
        max: u32,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// The session with this secret, unless it is over.
    fn session_with(
        &self,
        secret_digest: Hash,
        moment: Moment,
    ) -> BoxFuture<'_, Result<Option<SessionRecord>, StoreError>>;

    /// The session with this id, unless it is over.
    fn session(
        &self,
        id: Uuid,
        moment: Moment,
    ) -> BoxFuture<'_, Result<Option<SessionRecord>, StoreError>>;

    /// Sessions of a key that are not over, newest first.
    fn sessions_of(
        &self,
        thumbprint: Thumbprint,
        moment: Moment,
    ) -> BoxFuture<'_, Result<Vec<SessionRecord>, StoreError>>;

    /// Notes that a session was used.
    fn touch_session(&self, id: Uuid, at: i64) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Ends a session; `false` if there is none.
    fn end_session(&self, id: Uuid) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Ends those sessions of a key that began in this way.
    fn end_sessions_of(
        &self,
        thumbprint: Thumbprint,
        method: SessionMethod,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The person that a provider's identity belongs to.
    fn identity(&self, fingerprint: Hash) -> BoxFuture<'_, Result<Option<Uuid>, StoreError>>;

    /// Keeps a person and an identity of theirs, both or neither; `false` if the address is another
    /// person's, or the identity is.
    fn add_identity<'a>(
        &'a self,
        fingerprint: Hash,
        person: &'a PersonRecord,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Says whose an identity is, unless that is known; answers with whose it is now.
    fn link_identity(
        &self,
        fingerprint: Hash,
        person: Uuid,
    ) -> BoxFuture<'_, Result<Uuid, StoreError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_read_back_and_other_words_do_not() {
        for method in [SessionMethod::Key, SessionMethod::Oidc] {
            assert_eq!(SessionMethod::parse(method.as_str()), Some(method));
        }
        for other in ["", "Key", "token", "oidc "] {
            assert_eq!(SessionMethod::parse(other), None, "{other}");
        }
    }
}
