//! Sessions: somebody proved possession of a key, or was vouched for by an identity provider, and
//! need not do so again for each request.
//!
//! A session names a key and nothing else. What it may do is read from the key's record at each
//! request, so that a revocation or a role taken away counts at once. It never signs.

use std::{fmt, num::NonZeroUsize, sync::Arc};

use attestry_proof::{
    hash::{HASH_BYTES, Hash},
    key::Thumbprint,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    Service, ServiceError,
    authorize::{Action, Thing},
    tickets::Tickets,
};
use crate::{
    entropy,
    store::{
        ledger::KeyRecord,
        sessions::{Moment, SessionMethod, SessionRecord},
    },
};

/// Longest life of a session.
pub const SESSION_SECONDS_MAX: i64 = 12 * 3600;
/// A session that is not used for this long is over.
pub const SESSION_IDLE_SECONDS_MAX: i64 = 30 * 60;
/// Most sessions of one key; a further one ends the oldest.
pub const SESSIONS_OF_KEY_MAX: u32 = 16;
/// How long a challenge waits for its answer.
pub const CHALLENGE_SECONDS_MAX: i64 = 120;
/// Most challenges that wait at once; a further one takes the place of the oldest.
const CHALLENGES_MAX: NonZeroUsize = NonZeroUsize::new(65_536).unwrap();
/// Use is written down when the last note is this old.
const TOUCH_SECONDS: i64 = 60;

/// Challenges given out, each with the key it is for.
pub(super) fn challenges() -> Tickets<Thumbprint> {
    Tickets::new(CHALLENGES_MAX, CHALLENGE_SECONDS_MAX)
}

/// A nonce to be answered with a signed token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// 32 random bytes, base64url.
    pub nonce: String,
    /// Unix seconds.
    pub expires_at: i64,
}

/// What a browser holds; the service keeps only its digest.
#[derive(Clone)]
pub struct SessionSecret(Zeroizing<[u8; HASH_BYTES]>);

impl SessionSecret {
    /// Reads [`SessionSecret::to_text`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// Unpadded base64url.
    #[must_use]
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(*self.0)
    }

    /// What pages of the service repeat in a header, and pages from elsewhere cannot know.
    #[must_use]
    pub fn csrf_token(&self) -> String {
        let token = Hash::of_parts(&[b"attestry/csrf/v1", self.0.as_slice()]);
        URL_SAFE_NO_PAD.encode(token.as_bytes())
    }

    fn digest(&self) -> Hash {
        Hash::of_parts(&[b"attestry/session/v1", self.0.as_slice()])
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret(…)")
    }
}

/// A session that just began.
#[derive(Clone, Debug)]
pub struct OpenedSession {
    /// Told once.
    pub secret: SessionSecret,
    /// What is kept.
    pub record: SessionRecord,
}

impl Service {
    /// The time, as the service reads it.
    #[must_use]
    pub fn time(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A challenge for the holder of a key. Whether the key is enrolled is not said here.
    #[must_use]
    pub fn challenge(&self, thumbprint: Thumbprint) -> Challenge {
        let nonce = URL_SAFE_NO_PAD.encode(self.random::<32>());
        let expires_at = self.challenges.issue(nonce.clone(), thumbprint, self.now());
        Challenge { nonce, expires_at }
    }

    /// Takes the answer to a challenge, once.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] if it was not given to this key, was answered or is over.
    pub fn answer_challenge(
        &self,
        nonce: &str,
        thumbprint: Thumbprint,
    ) -> Result<(), ServiceError> {
        let answered = self.challenges.redeem(nonce, self.now(), |given| *given == thumbprint);
        answered.map(drop).ok_or_else(|| ServiceError::Unauthenticated {
            reason: "the token's nonce was not given to this key, was used before or is over; ask for another: \
                     POST /api/v1/sessions/challenges"
                .into(),
        })
    }

    /// Begins a session for a key.
    ///
    /// # Errors
    /// A failing store.
    pub async fn open_session(
        &self,
        key: &KeyRecord,
        method: SessionMethod,
    ) -> Result<OpenedSession, ServiceError> {
        let secret = SessionSecret(Zeroizing::new(self.random()));
        let now = self.now();
        let record = SessionRecord {
            id: entropy::random_uuid(&*self.entropy),
            secret_digest: secret.digest(),
            thumbprint: key.key.thumbprint(),
            method,
            created_at: now,
            last_used_at: now,
            expires_at: now + SESSION_SECONDS_MAX,
        };
        let sessions = self.ledger.sessions();
        sessions.open_session(&record, self.moment(), SESSIONS_OF_KEY_MAX).await?;
        Ok(OpenedSession { secret, record })
    }

    /// The session with this secret, and the record of its key as it is now.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] if the session is over or its key was revoked.
    pub async fn session(
        &self,
        secret: &SessionSecret,
    ) -> Result<(SessionRecord, Arc<KeyRecord>), ServiceError> {
        let moment = self.moment();
        let session = self.ledger.sessions().session_with(secret.digest(), moment).await?;
        let session = session.ok_or_else(over)?;
        let key = self.valid_key(session.thumbprint).await.map_err(|error| match error {
            ServiceError::UnknownKey { .. } | ServiceError::RevokedKey { .. } => {
                ServiceError::Unauthenticated { reason: error.to_string() }
            }
            other => other,
        })?;
        if session.last_used_at + TOUCH_SECONDS <= moment.now {
            self.ledger.sessions().touch_session(session.id, moment.now).await?;
        }
        Ok((session, key))
    }

    /// Sessions of a key that are not over, newest first: one's own, or somebody else's for those
    /// who may end them.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::UnknownKey`] or a failing store.
    pub async fn sessions_of(
        &self,
        caller: &KeyRecord,
        thumbprint: Thumbprint,
    ) -> Result<Vec<SessionRecord>, ServiceError> {
        self.require_end_session(caller, thumbprint).await?;
        Ok(self.ledger.sessions().sessions_of(thumbprint, self.moment()).await?)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::Forbidden`] or a failing store.
    pub async fn end_session(&self, caller: &KeyRecord, id: Uuid) -> Result<(), ServiceError> {
        let unknown = || ServiceError::NotFound { what: "session", id: id.to_string() };
        let sessions = self.ledger.sessions();
        let session = sessions.session(id, self.moment()).await?.ok_or_else(unknown)?;
        self.require_end_session(caller, session.thumbprint).await?;
        match sessions.end_session(id).await? {
            true => Ok(()),
            false => Err(unknown()),
        }
    }

    async fn require_end_session(
        &self,
        caller: &KeyRecord,
        thumbprint: Thumbprint,
    ) -> Result<(), ServiceError> {
        let target = self.key(thumbprint).await?;
        self.authorize(Some(caller), Action::EndSession, Thing::Key(&target))
    }

    fn moment(&self) -> Moment {
        let now = self.now();
        Moment { now, idle_since: now - SESSION_IDLE_SECONDS_MAX }
    }
}

fn over() -> ServiceError {
    ServiceError::Unauthenticated { reason: "the session is over; sign in again".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reads_back_and_other_texts_do_not() {
        let secret = SessionSecret(Zeroizing::new([7; 32]));
        let text = secret.to_text();
        assert_eq!(SessionSecret::parse(&text).unwrap().digest(), secret.digest());
        for other in ["", "AAAA", &text[1..], &format!("{text}="), &format!("{text}A")] {
            assert!(SessionSecret::parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn what_is_shown_or_kept_does_not_give_the_secret_away() {
        let secret = SessionSecret(Zeroizing::new([7; 32]));
        let other = SessionSecret(Zeroizing::new([8; 32]));
        assert!(!format!("{secret:?}").contains(&secret.to_text()));
        assert_ne!(secret.csrf_token(), secret.to_text());
        assert_ne!(secret.csrf_token(), URL_SAFE_NO_PAD.encode(secret.digest().as_bytes()));
        assert_ne!(secret.csrf_token(), other.csrf_token());
        assert_ne!(secret.digest(), other.digest());
    }
}
