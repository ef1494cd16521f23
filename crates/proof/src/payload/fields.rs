//! Values with one spelling: digests, times, identifiers, keys. Nothing else reads as them.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    error::{FieldProblem, PayloadError},
    text::{ValueError, as_json_text},
};
use crate::{
    hash::Hash,
    key::{PublicKey, Thumbprint},
};

/// Bytes of the random salt of a sealed payload.
pub const SALT_BYTES: usize = 32;

as_json_text!(Digest, Timestamp, Date, Salt, KeyBytes, KeyId, SubmissionId);

/// SHA-256 as 64 lowercase hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub Hash);

/// UTC instant in whole seconds, `YYYY-MM-DDThh:mm:ssZ` (RFC 3339 §5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(DateTime<Utc>);

/// Calendar day, `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub NaiveDate);

/// 32 random bytes that make a payload's digest unguessable; unpadded base64url.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; SALT_BYTES]);

/// An Ed25519 public key as unpadded base64url of its 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyBytes(pub PublicKey);

/// A key's thumbprint as unpadded base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyId(pub Thumbprint);

/// Random identifier of a submission: a lowercase, hyphenated UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubmissionId(pub Uuid);

/// Random identifier of a hold or a case, written as a submission's is.
pub type MatterId = SubmissionId;

impl Timestamp {
    /// Drops fractions of a second. `None` outside the years 0000 to 9999.
    #[must_use]
    pub fn new(instant: DateTime<Utc>) -> Option<Self> {
        Self::from_unix_seconds(instant.timestamp())
    }

    /// Seconds since 1970-01-01T00:00:00Z. `None` outside the years 0000 to 9999.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        let instant = Self(DateTime::from_timestamp(seconds, 0)?);
        (instant.to_string().len() == "YYYY-MM-DDThh:mm:ssZ".len()).then_some(instant)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.0.timestamp()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.format("%Y-%m-%dT%H:%M:%SZ").fmt(f)
    }
}

impl FromStr for Timestamp {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%SZ")
            .ok()
            .and_then(|instant| Self::new(instant.and_utc()))
            .filter(|instant| instant.to_string() == text)
            .ok_or(ValueError::Form { required: "a UTC time such as 2026-01-31T09:30:00Z" })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.format("%Y-%m-%d").fmt(f)
    }
}

impl FromStr for Date {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .map(Self)
            .filter(|date| date.to_string() == text)
            .ok_or(ValueError::Form { required: "a date such as 2026-01-31" })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Digest {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let required = "a SHA-256 as 64 lowercase hex digits";
        Hash::from_hex(text).map(Self).ok_or(ValueError::Form { required })
    }
}

impl fmt::Display for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// Never prints the bytes: whoever has them can test guesses about a payload that was erased.
impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

impl FromStr for Salt {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        base64url_32(text)
            .map(Self)
            .ok_or(ValueError::Form { required: "32 bytes as unpadded base64url" })
    }
}

impl fmt::Display for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0.as_bytes()))
    }
}

impl FromStr for KeyBytes {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        base64url_32(text)
            .and_then(|bytes| PublicKey::from_bytes(&bytes).ok())
            .map(Self)
            .ok_or(ValueError::Form { required: "an Ed25519 public key as unpadded base64url" })
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for KeyId {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        base64url_32(text)
            .map(|bytes| Self(Thumbprint(Hash(bytes))))
            .ok_or(ValueError::Form { required: "a key thumbprint as unpadded base64url" })
    }
}

impl fmt::Display for SubmissionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for SubmissionId {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Uuid::try_parse(text)
            .ok()
            .map(Self)
            .filter(|id| id.to_string() == text)
            .ok_or(ValueError::Form { required: "a lowercase UUID with hyphens" })
    }
}

/// A key and its thumbprint, which must belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedKey {
    /// The public key.
    pub public_key: KeyBytes,
    /// Its COSE key thumbprint (RFC 9679).
    pub thumbprint: KeyId,
}

impl NamedKey {
    /// Names a key by its thumbprint.
    #[must_use]
    pub fn new(key: PublicKey) -> Self {
        Self { public_key: KeyBytes(key), thumbprint: KeyId(key.thumbprint()) }
    }

    pub(super) fn validate(&self, field: &'static str) -> Result<(), PayloadError> {
        if self.public_key.0.thumbprint() == self.thumbprint.0 {
            Ok(())
        } else {
            Err(PayloadError::field(field, FieldProblem::Contradiction))
        }
    }
}

impl fmt::Display for NamedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, thumbprint {}", self.public_key, self.thumbprint)
    }
}

/// Requires between `min` and `max` elements.
pub(super) fn count(
    field: &'static str,
    found: usize,
    min: usize,
    max: usize,
) -> Result<(), PayloadError> {
    if (min..=max).contains(&found) {
        Ok(())
    } else {
        Err(PayloadError::field(field, FieldProblem::Count { found, min, max }))
    }
}

/// Requires that no element comes twice; lists are bounded by [`super::MAX_PAYLOAD_BYTES`].
pub(super) fn distinct<T: Ord>(
    field: &'static str,
    elements: impl IntoIterator<Item = T>,
) -> Result<(), PayloadError> {
    let mut seen = std::collections::BTreeSet::new();
    if elements.into_iter().all(|element| seen.insert(element)) {
        Ok(())
    } else {
        Err(PayloadError::field(field, FieldProblem::Repeated))
    }
}

fn base64url_32(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads<T: FromStr + fmt::Display>(good: &str, bad: &[&str]) {
        assert_eq!(good.parse::<T>().ok().map(|value| value.to_string()).as_deref(), Some(good));
        for text in bad {
            assert!(text.parse::<T>().is_err(), "{text:?} was read");
        }
    }

    #[test]
    fn times_and_dates_have_one_spelling() {
        reads::<Timestamp>(
            "2024-02-29T23:59:59Z",
            &[
                "2023-02-29T00:00:00Z",
                "2024-02-29T23:59:60Z",
                "2024-02-29T24:00:00Z",
                "2024-02-29T23:59:59+00:00",
                "2024-02-29T23:59:59.0Z",
                "2024-02-29t23:59:59z",
                "2024-2-29T23:59:59Z",
                " 2024-02-29T23:59:59Z",
                "+12024-02-29T23:59:59Z",
                "",
            ],
        );
        reads::<Date>(
            "2024-02-29",
            &["2023-02-29", "2024-2-29", "24-02-29", "2024-02-29 ", "+2024-02-29", "20240229"],
        );
    }

    #[test]
    fn times_keep_whole_seconds_within_four_digit_years() {
        let instant = DateTime::from_timestamp_millis(1_709_251_199_999).unwrap();
        let time = Timestamp::new(instant).unwrap();
        assert_eq!(time.to_string(), "2024-02-29T23:59:59Z");
        assert_eq!(time.unix_seconds(), 1_709_251_199);
        assert!(Timestamp::from_unix_seconds(253_402_300_799).is_some());
        assert!(Timestamp::from_unix_seconds(253_402_300_800).is_none());
        assert!(Timestamp::from_unix_seconds(i64::MIN).is_none());
    }

    #[test]
    fn identifiers_have_one_spelling() {
        let uuid = "3f1f6c2e-6a43-4a0e-9d0b-2f6f3c1f9a10";
        let (upper, simple) = (uuid.to_uppercase(), uuid.replace('-', ""));
        let (urn, braced) = (format!("urn:uuid:{uuid}"), format!("{{{uuid}}}"));
        reads::<SubmissionId>(uuid, &[&upper, &simple, &urn, &braced, ""]);
        let hex = "ab".repeat(32);
        reads::<Digest>(&hex, &[&hex.to_uppercase(), &hex[1..], ""]);
    }

    #[test]
    fn base64url_is_unpadded_and_canonical() {
        let salt = "A".repeat(43);
        let (padded, loose) = (format!("{salt}="), format!("{}B", &salt[1..]));
        let standard = format!("+{}", &salt[1..]);
        let bad = [padded.as_str(), &loose, &standard, &salt[1..], ""];
        reads::<Salt>(&salt, &bad);
        reads::<KeyId>(&salt, &bad);
        let key = "O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik";
        reads::<KeyBytes>(
            key,
            &[&salt, bad[0], bad[1], "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
        );
        assert_eq!(format!("{:?}", Salt([1; 32])), "Salt(…)");
    }
}
