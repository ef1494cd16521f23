//! The frames around what is said: sealed and salted, by contractors, by officers or by the
//! service; or public.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    MAX_PAYLOAD_BYTES, envelope::Envelope, error::PayloadError, fields::Salt, json,
    kind::StatementKind, office::OfficialEnvelope, summary::Summary,
};
use crate::cose::Subject;

/// Schema version of every payload written here.
pub const SCHEMA_VERSION: u32 = 1;

/// Most elements of a list in a body, unless a body says otherwise.
pub const MAX_LIST: usize = 50;

/// Subject matter of a contractor's attestation.
pub trait AttestationBody: Serialize + DeserializeOwned {
    /// Kind of statement that the body makes.
    const KIND: StatementKind;

    /// Rules between the fields of the body, and with the envelope.
    ///
    /// # Errors
    /// [`PayloadError::Field`].
    fn validate(&self, envelope: &Envelope) -> Result<(), PayloadError>;

    /// Adds every field to `summary`.
    fn summarize(&self, summary: &mut Summary);
}

/// Subject matter of what somebody says in an office: as reviewer, legal officer or administrator.
pub trait OfficialBody: Serialize + DeserializeOwned {
    /// Kind of statement that the body makes.
    const KIND: StatementKind;

    /// What it is about; the header of the statement names the same.
    fn subject(&self) -> Subject;

    /// Rules between the fields of the body.
    ///
    /// # Errors
    /// [`PayloadError::Field`].
    fn validate(&self) -> Result<(), PayloadError>;

    /// Adds every field to `summary`.
    fn summarize(&self, summary: &mut Summary);
}

/// Subject matter of a sealed statement by the service.
pub trait RecordBody: Serialize + DeserializeOwned {
    /// Kind of statement that the body makes.
    const KIND: StatementKind;

    /// What it is about; the header of the statement names the same.
    fn subject(&self) -> Subject;

    /// Rules between the fields of the body.
    ///
    /// # Errors
    /// [`PayloadError::Field`].
    fn validate(&self) -> Result<(), PayloadError>;

    /// Adds every field to `summary`.
    fn summarize(&self, summary: &mut Summary);
}

/// Subject matter of a public statement by the service.
pub trait PublicBody: Serialize + DeserializeOwned {
    /// Kind of statement that the body makes.
    const KIND: StatementKind;

    /// Rules between the fields of the body.
    ///
    /// # Errors
    /// [`PayloadError::Field`].
    fn validate(&self) -> Result<(), PayloadError>;

    /// Adds every field to `summary`.
    fn summarize(&self, summary: &mut Summary);
}

/// A contractor's attestation; a value of this type has passed every check of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Attestation<B>(AttestationJson<B>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AttestationJson<B> {
    schema: u32,
    #[serde(rename = "type")]
    kind: StatementKind,
    salt: Salt,
    envelope: Envelope,
    body: B,
}

/// What somebody says in an office; a value of this type has passed every check of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Official<B>(OfficialJson<B>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfficialJson<B> {
    schema: u32,
    #[serde(rename = "type")]
    kind: StatementKind,
    salt: Salt,
    envelope: OfficialEnvelope,
    body: B,
}

/// A sealed statement by the service; a value of this type has passed every check of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Record<B>(RecordJson<B>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordJson<B> {
    schema: u32,
    #[serde(rename = "type")]
    kind: StatementKind,
    salt: Salt,
    body: B,
}

/// A public statement; a value of this type has passed every check of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Announcement<B>(AnnouncementJson<B>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnnouncementJson<B> {
    schema: u32,
    #[serde(rename = "type")]
    kind: StatementKind,
    body: B,
}

/// What every frame can do, whatever its envelope.
macro_rules! frame {
    ($frame:ident, $body:ident) => {
        impl<B: $body> $frame<B> {
            /// Reads text that is known to be within the size limit and to name this kind.
            pub(super) fn parse(text: &str) -> Result<Self, PayloadError> {
                let parsed = Self(json::decode(text)?);
                json::require_plain(text, &parsed)?;
                parsed.validate()?;
                Ok(parsed)
            }

            fn checked(self) -> Result<Self, PayloadError> {
                self.validate()?;
                within_limit(json::encode(&self).len())?;
                Ok(self)
            }

            /// What is said, besides what all statements in such a frame say.
            #[must_use]
            pub const fn body(&self) -> &B {
                &self.0.body
            }
        }
    };
    ($frame:ident, $body:ident, salted) => {
        frame!($frame, $body);

        impl<B> $frame<B> {
            /// The salt.
            #[must_use]
            pub const fn salt(&self) -> &Salt {
                &self.0.salt
            }
        }
    };
}

frame!(Attestation, AttestationBody, salted);
frame!(Official, OfficialBody, salted);
frame!(Record, RecordBody, salted);
frame!(Announcement, PublicBody);

impl<B: AttestationBody> Attestation<B> {
    /// Puts an attestation together. `salt` must be fresh random bytes, used for nothing else.
    ///
    /// # Errors
    /// [`PayloadError::Field`] or [`PayloadError::TooLarge`].
    pub fn new(salt: Salt, envelope: Envelope, body: B) -> Result<Self, PayloadError> {
        let kind = B::KIND;
        Self(AttestationJson { schema: SCHEMA_VERSION, kind, salt, envelope, body }).checked()
    }

    /// What every attestation says.
    #[must_use]
    pub const fn envelope(&self) -> &Envelope {
        &self.0.envelope
    }

    pub(super) fn summarize(&self, summary: &mut Summary) {
        summary.add("Statement", self.0.kind);
        self.0.body.summarize(summary);
        self.0.envelope.summarize(summary);
        summary.add("Salt", self.0.salt);
        summary.add("Schema", self.0.schema);
    }

    fn validate(&self) -> Result<(), PayloadError> {
        check_schema(B::KIND, self.0.schema)?;
        self.0.envelope.validate(B::KIND)?;
        self.0.body.validate(&self.0.envelope)
    }
}

impl<B: OfficialBody> Official<B> {
    /// Puts a statement together. `salt` must be fresh random bytes, used for nothing else.
    ///
    /// # Errors
    /// [`PayloadError::Field`] or [`PayloadError::TooLarge`].
    pub fn new(salt: Salt, envelope: OfficialEnvelope, body: B) -> Result<Self, PayloadError> {
        let kind = B::KIND;
        Self(OfficialJson { schema: SCHEMA_VERSION, kind, salt, envelope, body }).checked()
    }

    /// What every such statement says.
    #[must_use]
    pub const fn envelope(&self) -> &OfficialEnvelope {
        &self.0.envelope
    }

    pub(super) fn summarize(&self, summary: &mut Summary) {
        summary.add("Statement", self.0.kind);
        self.0.body.summarize(summary);
        self.0.envelope.summarize(summary);
        summary.add("Salt", self.0.salt);
        summary.add("Schema", self.0.schema);
    }

    fn validate(&self) -> Result<(), PayloadError> {
        check_schema(B::KIND, self.0.schema)?;
        self.0.envelope.validate(B::KIND)?;
        self.0.body.validate()
    }
}

impl<B: RecordBody> Record<B> {
    /// Puts a record together. `salt` must be fresh random bytes, used for nothing else.
    ///
    /// # Errors
    /// [`PayloadError::Field`] or [`PayloadError::TooLarge`].
    pub fn new(salt: Salt, body: B) -> Result<Self, PayloadError> {
        Self(RecordJson { schema: SCHEMA_VERSION, kind: B::KIND, salt, body }).checked()
    }

    pub(super) fn summarize(&self, summary: &mut Summary) {
        summary.add("Statement", self.0.kind);
        self.0.body.summarize(summary);
        summary.add("Salt", self.0.salt);
        summary.add("Schema", self.0.schema);
    }

    fn validate(&self) -> Result<(), PayloadError> {
        check_schema(B::KIND, self.0.schema)?;
        self.0.body.validate()
    }
}

impl<B: PublicBody> Announcement<B> {
    /// Puts a public statement together.
    ///
    /// # Errors
    /// [`PayloadError::Field`] or [`PayloadError::TooLarge`].
    pub fn new(body: B) -> Result<Self, PayloadError> {
        Self(AnnouncementJson { schema: SCHEMA_VERSION, kind: B::KIND, body }).checked()
    }

    pub(super) fn summarize(&self, summary: &mut Summary) {
        summary.add("Statement", self.0.kind);
        self.0.body.summarize(summary);
        summary.add("Schema", self.0.schema);
    }

    fn validate(&self) -> Result<(), PayloadError> {
        check_schema(B::KIND, self.0.schema)?;
        self.0.body.validate()
    }
}

/// Refuses more bytes than a payload may have.
pub(super) const fn within_limit(found: usize) -> Result<(), PayloadError> {
    if found > MAX_PAYLOAD_BYTES {
        Err(PayloadError::TooLarge { found, limit: MAX_PAYLOAD_BYTES })
    } else {
        Ok(())
    }
}

const fn check_schema(kind: StatementKind, found: u32) -> Result<(), PayloadError> {
    if found == SCHEMA_VERSION {
        Ok(())
    } else {
        Err(PayloadError::Schema { kind, found, required: SCHEMA_VERSION })
    }
}
