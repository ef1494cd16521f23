//! Data keys in memory: one per submission, one per sealed object.

use std::{fmt, sync::Arc};

use attestry_proof::hash::Hash;
use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::envelope::{self, EnvelopeError, KEY_BYTES};
use crate::{
    entropy::Entropy,
    store::{files::ObjectId, keyring::WrappedObjectKey},
};

const OBJECT_KEY_LABEL: &[u8] = b"attestry/object-key/v1";
const KEY_ID_LABEL: &[u8] = b"attestry/key-id/v1";

/// The key of one submission. Copies share one secret, which is overwritten when the last is
/// dropped.
#[derive(Clone)]
pub struct SubmissionKey(Arc<Zeroizing<[u8; KEY_BYTES]>>);

impl SubmissionKey {
    pub(super) fn random(entropy: &dyn Entropy) -> Self {
        Self(Arc::new(random_key(entropy)))
    }

    pub(super) fn new(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self(Arc::new(bytes))
    }

    pub(super) fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl SubmissionKey {
    /// HMAC-SHA-256 of `text`, for uses that differ by `domain`: equal texts can be found without
    /// being readable, and not guessed without this key.
    #[must_use]
    pub fn fingerprint(&self, domain: &str, text: &str) -> Hash {
        // A key of 32 bytes is never refused.
        let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0[..]) else {
            unreachable!("HMAC takes keys of every length")
        };
        mac.update(&(domain.len() as u64).to_be_bytes());
        mac.update(domain.as_bytes());
        mac.update(text.as_bytes());
        Hash(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for SubmissionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubmissionKey(secret)")
    }
}

/// The key of one sealed object.
#[derive(Clone)]
pub(super) struct ObjectKey(Zeroizing<[u8; KEY_BYTES]>);

impl ObjectKey {
    pub(super) fn random(entropy: &dyn Entropy) -> Self {
        Self(random_key(entropy))
    }

    pub(super) fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Tells keys apart without revealing them: the first half of a hash of 32 random bytes.
    pub(super) fn id(&self) -> [u8; 16] {
        let digest = Zeroizing::new(Hash::of_parts(&[KEY_ID_LABEL, self.as_bytes()]).0);
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        id
    }

    /// The row the keyring keeps.
    pub(super) fn wrap(
        &self,
        key: &SubmissionKey,
        entropy: &dyn Entropy,
        subject: Uuid,
        object: ObjectId,
    ) -> Result<WrappedObjectKey, EnvelopeError> {
        let bound = object_key_place(subject, object);
        let wrapped = envelope::seal(key.as_bytes(), entropy, &bound, self.as_bytes())?;
        Ok(WrappedObjectKey { object, subject, wrapped })
    }

    pub(super) fn unwrap_row(
        key: &SubmissionKey,
        row: &WrappedObjectKey,
    ) -> Result<Self, EnvelopeError> {
        let bound = object_key_place(row.subject, row.object);
        envelope::open_key(key.as_bytes(), &bound, &row.wrapped).map(Self)
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObjectKey(secret)")
    }
}

fn random_key(entropy: &dyn Entropy) -> Zeroizing<[u8; KEY_BYTES]> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    entropy.fill(&mut *bytes);
    bytes
}

fn object_key_place(subject: Uuid, object: ObjectId) -> Vec<u8> {
    envelope::bind(OBJECT_KEY_LABEL, &[subject.as_bytes(), object.0.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::seeded::SeededEntropy;

    const SUBJECT: Uuid = Uuid::from_u128(1);
    const OBJECT: ObjectId = ObjectId(Uuid::from_u128(2));

    #[test]
    fn an_object_key_comes_back_under_its_submission_key() {
        let entropy = SeededEntropy::new(1);
        let (outer, inner) = (SubmissionKey::random(&entropy), ObjectKey::random(&entropy));
        let row = inner.wrap(&outer, &entropy, SUBJECT, OBJECT).unwrap();
        let back = ObjectKey::unwrap_row(&outer, &row).unwrap();
        assert_eq!(back.as_bytes(), inner.as_bytes());
        assert_eq!(back.id(), inner.id());
    }

    #[test]
    fn a_row_moved_to_another_object_subject_or_key_is_refused() {
        let entropy = SeededEntropy::new(1);
        let (outer, inner) = (SubmissionKey::random(&entropy), ObjectKey::random(&entropy));
        let row = inner.wrap(&outer, &entropy, SUBJECT, OBJECT).unwrap();
        let moved = WrappedObjectKey { object: ObjectId(Uuid::from_u128(3)), ..row.clone() };
        let taken = WrappedObjectKey { subject: Uuid::from_u128(3), ..row.clone() };
        for bad in [moved, taken] {
            assert_eq!(ObjectKey::unwrap_row(&outer, &bad).unwrap_err(), EnvelopeError::Refused);
        }
        let other = SubmissionKey::random(&entropy);
        assert_eq!(ObjectKey::unwrap_row(&other, &row).unwrap_err(), EnvelopeError::Refused);
    }

    #[test]
    fn keys_do_not_print_themselves() {
        let entropy = SeededEntropy::new(1);
        let key = ObjectKey::random(&entropy);
        let shown = format!("{key:?} {:?}", SubmissionKey::random(&entropy));
        assert_eq!(shown, "ObjectKey(secret) SubmissionKey(secret)");
        assert_ne!(key.id()[..], key.as_bytes()[..16]);
    }
}
