//! What people and the service say: the JSON that statements commit to.
//!
//! Scope: one type per kind of statement, strict reading ([`Payload::parse`]), one way of writing
//! ([`Payload::to_bytes`]), the rules that hold within a payload and between a payload and the
//! header of its statement ([`Payload::check`]), and a rendering for people that leaves nothing out
//! ([`Payload::summary`]).
//!
//! Not here: whether what is said suffices for anything (policy decides), whether a key may say it,
//! and whether the clause text is one that the program uses.

pub mod access;
pub mod case;
pub mod clearance;
pub mod clearance_facts;
pub mod effort;
pub mod envelope;
pub mod erasure;
pub mod error;
pub mod fields;
pub mod genesis;
pub mod hold;
mod json;
pub mod key_approval;
pub mod key_event;
pub mod kind;
pub mod manifest;
pub mod nda_check;
pub mod office;
pub mod own_work;
pub mod policy_version;
pub mod redaction_check;
pub mod review;
pub mod scan;
pub mod shared;
pub mod statement;
pub mod status;
pub mod summary;
pub mod task_authority;
pub mod text;
pub mod withdrawal;
pub(crate) mod words;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod tests;

use serde::Deserialize;

pub use crate::cose::statement::MAX_PAYLOAD_BYTES;
pub use error::{FieldProblem, JsonFault, PayloadError};
pub use kind::{Speaker, StatementKind};
pub use statement::{
    Announcement, Attestation, AttestationBody, Official, OfficialBody, PublicBody, Record,
    RecordBody, SCHEMA_VERSION,
};

use crate::cose::{Header, Subject};
use envelope::{ClauseAnswer, ClauseReference, Envelope};
use fields::Salt;
use key_event::MemberRole;
use office::OfficialEnvelope;
use summary::{Lines, Summary};

macro_rules! payloads {
    (
        attested { $( $(#[$attested_meta:meta])* $attested:ident($attested_body:ty) ),+ $(,)? }
        official { $( $(#[$official_meta:meta])* $official:ident($official_body:ty) ),+ $(,)? }
        recorded { $( $(#[$recorded_meta:meta])* $recorded:ident($recorded_body:ty) ),+ $(,)? }
        public { $( $(#[$public_meta:meta])* $public:ident($public_body:ty) ),+ $(,)? }
    ) => {
        /// The payload of one statement; every value has passed the checks of its kind.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Payload {
            $( $(#[$attested_meta])* $attested(Attestation<$attested_body>), )+
            $( $(#[$official_meta])* $official(Official<$official_body>), )+
            $( $(#[$recorded_meta])* $recorded(Record<$recorded_body>), )+
            $( $(#[$public_meta])* $public(Announcement<$public_body>), )+
        }

        impl Payload {
            /// Kind of the statement.
            #[must_use]
            pub const fn kind(&self) -> StatementKind {
                match self {
                    $( Self::$attested(_) => <$attested_body as AttestationBody>::KIND, )+
                    $( Self::$official(_) => <$official_body as OfficialBody>::KIND, )+
                    $( Self::$recorded(_) => <$recorded_body as RecordBody>::KIND, )+
                    $( Self::$public(_) => <$public_body as PublicBody>::KIND, )+
                }
            }

            /// What every attestation by a contractor says; `None` for all else.
            #[must_use]
            pub const fn envelope(&self) -> Option<&Envelope> {
                match self {
                    $( Self::$attested(attestation) => Some(attestation.envelope()), )+
                    _ => None,
                }
            }

            /// What everybody says who speaks in an office; `None` for all else.
            #[must_use]
            pub const fn official_envelope(&self) -> Option<&OfficialEnvelope> {
                match self {
                    $( Self::$official(official) => Some(official.envelope()), )+
                    _ => None,
                }
            }

            /// The salt; `None` for public payloads, which have none.
            #[must_use]
            pub const fn salt(&self) -> Option<&Salt> {
                match self {
                    $( Self::$attested(attestation) => Some(attestation.salt()), )+
                    $( Self::$official(official) => Some(official.salt()), )+
                    $( Self::$recorded(record) => Some(record.salt()), )+
                    $( Self::$public(_) )|+ => None,
                }
            }

            /// Compact JSON, members in the order of the declarations: equal payloads, equal bytes.
            /// Whoever received a payload keeps the bytes received: they are what was signed.
            #[must_use]
            pub fn to_bytes(&self) -> Vec<u8> {
                match self {
                    $( Self::$attested(attestation) => json::encode(attestation), )+
                    $( Self::$official(official) => json::encode(official), )+
                    $( Self::$recorded(record) => json::encode(record), )+
                    $( Self::$public(announcement) => json::encode(announcement), )+
                }
            }

            /// Everything the payload says, as labels and values in reading order.
            #[must_use]
            pub fn summary(&self) -> Lines {
                let mut summary = Summary::default();
                match self {
                    $( Self::$attested(attestation) => attestation.summarize(&mut summary), )+
                    $( Self::$official(official) => official.summarize(&mut summary), )+
                    $( Self::$recorded(record) => record.summarize(&mut summary), )+
                    $( Self::$public(announcement) => announcement.summarize(&mut summary), )+
                }
                summary.into_lines()
            }

            /// The subject that a body names by itself.
            fn subject_of_body(&self) -> Option<Subject> {
                match self {
                    $( Self::$official(official) => Some(official.body().subject()), )+
                    $( Self::$recorded(record) => Some(record.body().subject()), )+
                    _ => None,
                }
            }

            fn parse_kind(kind: StatementKind, text: &str) -> Result<Self, PayloadError> {
                $( if kind == <$attested_body as AttestationBody>::KIND {
                    return Attestation::parse(text).map(Self::$attested);
                } )+
                $( if kind == <$official_body as OfficialBody>::KIND {
                    return Official::parse(text).map(Self::$official);
                } )+
                $( if kind == <$recorded_body as RecordBody>::KIND {
                    return Record::parse(text).map(Self::$recorded);
                } )+
                $( if kind == <$public_body as PublicBody>::KIND {
                    return Announcement::parse(text).map(Self::$public);
                } )+
                Err(PayloadError::UnknownKind)
            }
        }

        $( impl From<Attestation<$attested_body>> for Payload {
            fn from(attestation: Attestation<$attested_body>) -> Self {
                Self::$attested(attestation)
            }
        } )+
        $( impl From<Official<$official_body>> for Payload {
            fn from(official: Official<$official_body>) -> Self {
                Self::$official(official)
            }
        } )+
        $( impl From<Record<$recorded_body>> for Payload {
            fn from(record: Record<$recorded_body>) -> Self {
                Self::$recorded(record)
            }
        } )+
        $( impl From<Announcement<$public_body>> for Payload {
            fn from(announcement: Announcement<$public_body>) -> Self {
                Self::$public(announcement)
            }
        } )+
    };
}

payloads! {
    attested {
        /// `manifest`.
        Manifest(manifest::Manifest),
        /// `own-work`.
        OwnWork(own_work::OwnWork),
        /// `nda-check`.
        NdaCheck(nda_check::NdaCheck),
        /// `redaction-check`.
        RedactionCheck(redaction_check::RedactionCheck),
        /// `task-authority`.
        TaskAuthority(task_authority::TaskAuthority),
        /// `effort`.
        Effort(effort::Effort),
        /// `withdrawal`.
        Withdrawal(withdrawal::Withdrawal),
    }
    official {
        /// `review`.
        Review(review::Review),
        /// `key-approval`.
        KeyApproval(key_approval::KeyApproval),
        /// `hold`.
        Hold(hold::Hold),
        /// `hold-release`.
        HoldRelease(hold::HoldRelease),
        /// `case-step`.
        CaseStep(case::CaseStep),
        /// `case-approval`.
        CaseApproval(case::CaseApproval),
    }
    recorded {
        /// `scan`.
        Scan(scan::Scan),
        /// `clearance`.
        Clearance(clearance::Clearance),
        /// `access`.
        Access(access::Access),
        /// `case-opened`.
        CaseOpened(case::CaseOpened),
        /// `case-moved`.
        CaseMoved(case::CaseMoved),
        /// `erasure-ordered`.
        ErasureOrdered(erasure::ErasureOrdered),
        /// `erased`.
        Erased(erasure::Erased),
    }
    public {
        /// `genesis`.
        Genesis(genesis::Genesis),
        /// `policy`.
        Policy(policy_version::PolicyVersion),
        /// `key-enrolled`.
        KeyEnrolled(key_event::KeyEnrolled),
        /// `key-rotated`.
        KeyRotated(key_event::KeyRotated),
        /// `key-revoked`.
        KeyRevoked(key_event::KeyRevoked),
        /// `status`.
        Status(status::Status),
    }
}

impl Payload {
    /// Reads the exact bytes that a statement commits to. `sealed` says under which content type
    /// they came: the one of sealed statements, or one that shows the kind.
    ///
    /// # Errors
    /// See [`PayloadError`]; the limit of [`MAX_PAYLOAD_BYTES`] is applied first.
    pub fn parse(bytes: &[u8], sealed: bool) -> Result<Self, PayloadError> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(rename = "type")]
            kind: String,
        }
        statement::within_limit(bytes.len())?;
        let text = std::str::from_utf8(bytes)
            .map_err(|error| PayloadError::NotUtf8 { valid_up_to: error.valid_up_to() })?;
        let head: Head = json::decode(text)?;
        let kind = StatementKind::parse(&head.kind).ok_or(PayloadError::UnknownKind)?;
        if kind.is_sealed() != sealed {
            return Err(PayloadError::WrongFamily { kind });
        }
        Self::parse_kind(kind, text)
    }

    /// What the header of the statement must name as its subject; `None` for `policy`, whose
    /// subject is the key that signs it.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        if let Some(envelope) = self.envelope() {
            return Some(Subject::Submission(envelope.subject.0));
        }
        if let Some(subject) = self.subject_of_body() {
            return Some(subject);
        }
        match self {
            Self::Status(status) => Some(Subject::Submission(status.body().subject.0)),
            Self::Genesis(genesis) => Some(Subject::Key(genesis.body().service_key.thumbprint.0)),
            Self::KeyEnrolled(event) => Some(Subject::Key(event.body().key.thumbprint.0)),
            Self::KeyRotated(event) => Some(Subject::Key(event.body().previous.0)),
            Self::KeyRevoked(event) => Some(Subject::Key(event.body().key.0)),
            _ => None,
        }
    }

    /// The clause text shown and the answers to it; `None` where the service speaks.
    #[must_use]
    pub fn clauses(&self) -> Option<(&ClauseReference, &[ClauseAnswer])> {
        let attested = self.envelope().map(|it| (&it.clauses, it.answers.as_slice()));
        let official = || self.official_envelope().map(|it| (&it.clauses, it.answers.as_slice()));
        attested.or_else(official)
    }

    /// The roles of which the signer's key must have one: in an office, the one claimed. None where
    /// the service speaks.
    #[must_use]
    pub fn required_roles(&self) -> &[MemberRole] {
        match self.official_envelope() {
            Some(envelope) => std::slice::from_ref(&envelope.capacity),
            None => self.kind().speaker().roles(),
        }
    }

    /// Compares the payload with the header of the statement that commits to it.
    ///
    /// # Errors
    /// [`PayloadError::WrongFamily`], [`PayloadError::SubjectMismatch`],
    /// [`PayloadError::IssuerMismatch`], [`PayloadError::OwnKeyApproved`],
    /// [`PayloadError::AudienceMismatch`].
    pub fn check(&self, header: &Header) -> Result<(), PayloadError> {
        let kind = self.kind();
        if header.content_type != kind.content_type() {
            return Err(PayloadError::WrongFamily { kind });
        }
        let required = self.subject().unwrap_or(Subject::Key(header.issuer));
        if header.subject != required {
            return Err(PayloadError::SubjectMismatch);
        }
        if let Self::KeyApproval(approval) = self {
            let body = approval.body();
            if [body.lost.0, body.replacement.0].contains(&header.issuer) {
                return Err(PayloadError::OwnKeyApproved);
            }
        }
        if let Self::Genesis(genesis) = self {
            if genesis.body().service_key.thumbprint.0 != header.issuer {
                return Err(PayloadError::IssuerMismatch);
            }
            if genesis.body().origin.as_str() != header.audience {
                return Err(PayloadError::AudienceMismatch);
            }
        }
        Ok(())
    }
}
