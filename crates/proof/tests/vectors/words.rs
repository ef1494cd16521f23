//! This crate's errors in the stable words of the vectors.

use attestry_proof::cose::cbor::CborError;
use attestry_proof::cose::key::CoseKeyError;
use attestry_proof::cose::message::MessageError;
use attestry_proof::cose::{ReceiptError, StatementError};
use attestry_proof::log::trust::TrustError;

pub fn cbor_word(error: &CborError) -> &'static str {
    match error {
        CborError::TrailingBytes { .. } => "trailing-bytes",
        CborError::NotShortest
        | CborError::IndefiniteLength
        | CborError::KeyOrder
        | CborError::DuplicateKey => "not-deterministic",
        _ => "malformed",
    }
}

pub fn key_word(error: &CoseKeyError) -> &'static str {
    match error {
        CoseKeyError::Encoding(error) => cbor_word(error),
        CoseKeyError::KeyType | CoseKeyError::Curve | CoseKeyError::Algorithm => "unsupported-key",
        CoseKeyError::PrivatePart | CoseKeyError::UnexpectedLabel => "unexpected-label",
        CoseKeyError::PointMissing => "missing-label",
        CoseKeyError::Point(_) => "bad-point",
        _ => "malformed",
    }
}

fn message_word(error: &MessageError) -> &'static str {
    match error {
        MessageError::Encoding(error) => cbor_word(error),
        MessageError::NotTagged | MessageError::WrongTag { .. } => "wrong-tag",
        MessageError::SignatureLength { .. } => "signature-length",
        MessageError::CriticalPresent => "crit-present",
        MessageError::MissingLabel { label: 396 } => "missing-proof",
        MessageError::MissingLabel { .. } => "missing-label",
        MessageError::UnexpectedLabel { .. } => "unexpected-label",
        MessageError::UnknownAlgorithm { .. } | MessageError::LabelValue { label: 1 } => {
            "unknown-algorithm"
        }
        MessageError::KeyIdLength { .. } | MessageError::LabelValue { label: 4 } => "bad-kid",
        MessageError::LabelValue { label: 15 } => "bad-claims",
        MessageError::LabelValue { label: 258 } => "unknown-hash-algorithm",
        MessageError::LabelValue { label: 259 } => "unknown-content-type",
        MessageError::MissingClaim { .. } => "missing-claim",
        MessageError::UnexpectedClaim { .. } => "unexpected-claim",
        MessageError::ClaimValue { claim: 1 } => "issuer-mismatch",
        MessageError::ClaimValue { claim: 2 } => "bad-subject",
        MessageError::ClaimValue { claim: 3 } => "bad-audience",
        MessageError::ClaimValue { claim: 6 } => "bad-issued-at",
        _ => "malformed",
    }
}

pub fn statement_word(error: &StatementError) -> &'static str {
    match error {
        StatementError::TooLarge { .. } => "too-large",
        StatementError::Message(error) => message_word(error),
        StatementError::ContentTypePresent => "unexpected-label",
        StatementError::DigestAlgorithm { .. } => "unknown-hash-algorithm",
        StatementError::UnknownContentType => "unknown-content-type",
        StatementError::IssuerMismatch => "issuer-mismatch",
        StatementError::SubjectForm => "bad-subject",
        StatementError::AudienceLength { .. } | StatementError::AudienceCharacter => "bad-audience",
        StatementError::IssuedAt { .. } => "bad-issued-at",
        StatementError::PayloadMissing | StatementError::PayloadLength { .. } => {
            "payload-not-a-digest"
        }
        StatementError::UnprotectedNotEmpty => "unprotected-not-empty",
        StatementError::Attachment(_) => "bad-attachment",
        StatementError::WrongKey { .. } | StatementError::SignatureInvalid => "signature-invalid",
    }
}

pub fn receipt_word(error: &ReceiptError) -> &'static str {
    match error {
        ReceiptError::Message(error) => message_word(error),
        ReceiptError::UnknownStructure { .. } => "unknown-structure",
        ReceiptError::PayloadAttached => "payload-attached",
        ReceiptError::ProofCount => "missing-proof",
        ReceiptError::SizeMismatch { .. } => "size-mismatch",
        ReceiptError::WrongOrigin => "wrong-origin",
        ReceiptError::WrongKey { .. } => "wrong-key",
        ReceiptError::Path(_) | ReceiptError::SignatureInvalid => "not-included",
        _ => "malformed",
    }
}

pub fn trust_word(error: &TrustError) -> &'static str {
    match error {
        TrustError::Checkpoint(_) => "malformed",
        TrustError::Signature(_) | TrustError::Cosignature(_) => "signature-invalid",
        TrustError::UnknownOrigin { .. } | TrustError::UnknownLogKey { .. } => "unknown-log",
        TrustError::QuorumNotMet { .. } => "quorum-not-met",
    }
}
