//! Transparent statements: a statement with its receipts (RFC 9943), and the other attachments that
//! travel in its unprotected header and are no part of the entry.

use super::cbor;
use super::item::Item;
use super::key::{self, CoseKeyError};
use super::message::Fields;
use super::receipt::MAX_RECEIPT_BYTES;
use super::statement::{MAX_PAYLOAD_BYTES, SignedStatement, StatementError};
use crate::hash::Hash;
use crate::key::{PublicKey, Thumbprint};

/// Most receipts attached to one statement.
pub const MAX_RECEIPTS: usize = 8;
/// Largest `.tlog-proof` attached, in bytes.
pub const MAX_LOG_PROOF_BYTES: usize = 64 << 10;

const LABEL_RECEIPTS: i64 = 394;
const LABEL_KEY: &str = "attestry-key";
const LABEL_PAYLOAD: &str = "attestry-payload";
const LABEL_LOG_PROOF: &str = "attestry-tlog-proof";

/// An attachment, by its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachmentLabel {
    /// 394: an array of receipts (RFC 9942 §4.3).
    Receipts,
    /// `attestry-key`: the COSE key of the issuer.
    Key,
    /// `attestry-payload`: the payload bytes.
    Payload,
    /// `attestry-tlog-proof`: a C2SP proof file.
    LogProof,
}

impl std::fmt::Display for AttachmentLabel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Receipts => LABEL_RECEIPTS.fmt(f),
            Self::Key => f.write_str(LABEL_KEY),
            Self::Payload => f.write_str(LABEL_PAYLOAD),
            Self::LogProof => f.write_str(LABEL_LOG_PROOF),
        }
    }
}

/// Why an attachment is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentError {
    /// The attachment has the wrong type.
    #[error("attachment {label} has the wrong type")]
    Kind {
        /// The attachment concerned.
        label: AttachmentLabel,
    },
    /// The attachment is longer than the limit.
    #[error("attachment {label} has {found} bytes, the limit is {limit}")]
    TooLarge {
        /// The attachment concerned.
        label: AttachmentLabel,
        /// Bytes found.
        found: usize,
        /// Most bytes accepted.
        limit: usize,
    },
    /// There are too many receipts, or an empty list of them.
    #[error("{found} receipts are attached, the list must hold 1 to {limit}")]
    ReceiptCount {
        /// Receipts found.
        found: usize,
        /// Most receipts accepted.
        limit: usize,
    },
    /// The issuer's key is malformed.
    #[error(transparent)]
    Key(#[from] CoseKeyError),
    /// The key attached is not the issuer's.
    #[error("key {found} is attached, the statement names key {required}")]
    KeyMismatch {
        /// Thumbprint of the key attached.
        found: Thumbprint,
        /// Thumbprint in the statement.
        required: Thumbprint,
    },
    /// The payload attached is not the one that was signed.
    #[error("the payload attached has SHA-256 {found}, the statement commits to {required}")]
    PayloadMismatch {
        /// Digest of the payload attached.
        found: Hash,
        /// Digest in the statement.
        required: Hash,
    },
}

/// A statement with at least one receipt (RFC 9943), and what a stranger needs to check it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransparentStatement {
    /// The statement.
    pub statement: SignedStatement,
    /// One to [`MAX_RECEIPTS`] receipts, not yet verified.
    pub receipts: Vec<Vec<u8>>,
    /// The issuer's key; its thumbprint is the one in the statement.
    pub issuer_key: Option<PublicKey>,
    /// A C2SP proof file, not yet verified.
    pub log_proof: Option<Vec<u8>>,
}

impl TransparentStatement {
    /// Writes the deterministic encoding.
    ///
    /// # Errors
    /// Whatever [`TransparentStatement::parse`] would refuse.
    pub fn encode(&self) -> Result<Vec<u8>, StatementError> {
        check_count(self.receipts.len())?;
        let attachments = Attachments {
            receipts: self.receipts.clone(),
            issuer_key: self.issuer_key,
            log_proof: self.log_proof.clone(),
            payload: None,
        };
        attachments.encode(&self.statement)
    }

    /// Reads a statement with at least one receipt. A payload carried along is checked and dropped.
    ///
    /// # Errors
    /// See [`StatementError`]; [`AttachmentError::ReceiptCount`] without a receipt.
    pub fn parse(bytes: &[u8]) -> Result<Self, StatementError> {
        let (statement, attachments) = SignedStatement::parse(bytes)?;
        let Attachments { receipts, issuer_key, log_proof, payload: _ } = attachments;
        check_count(receipts.len())?;
        Ok(Self { statement, receipts, issuer_key, log_proof })
    }
}

/// What was found in the unprotected header. Receipts and log proof are opaque and not yet
/// verified; key and payload are known to be the ones that the statement names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attachments {
    /// Label 394, at most [`MAX_RECEIPTS`].
    pub receipts: Vec<Vec<u8>>,
    /// `attestry-key`.
    pub issuer_key: Option<PublicKey>,
    /// `attestry-tlog-proof`.
    pub log_proof: Option<Vec<u8>>,
    /// `attestry-payload`, at most [`MAX_PAYLOAD_BYTES`].
    pub payload: Option<Vec<u8>>,
}

impl Attachments {
    pub(crate) fn of_fields(
        mut fields: Fields<'_>,
        statement: &SignedStatement,
        known: impl FnOnce(&Thumbprint) -> Option<PublicKey>,
    ) -> Result<Self, AttachmentError> {
        let receipts = fields.take(LABEL_RECEIPTS).map(receipts).transpose()?.unwrap_or_default();
        let mut take =
            |text, label| fields.take_text(text).map(|value| bytes(value, label)).transpose();
        let issuer_key = take(LABEL_KEY, AttachmentLabel::Key)?
            .map(|bytes| match known(&statement.header().issuer) {
                Some(key) if *bytes == key::encode_key(&key) => Ok(key),
                _ => key::parse_key(bytes),
            })
            .transpose()?;
        let log_proof = take(LABEL_LOG_PROOF, AttachmentLabel::LogProof)?.map(<[u8]>::to_vec);
        let payload = take(LABEL_PAYLOAD, AttachmentLabel::Payload)?.map(<[u8]>::to_vec);
        let attachments = Self { receipts, issuer_key, log_proof, payload };
        attachments.check(statement)?;
        Ok(attachments)
    }

    fn check(&self, statement: &SignedStatement) -> Result<(), AttachmentError> {
        if !self.receipts.is_empty() {
            check_count(self.receipts.len())?;
        }
        for receipt in &self.receipts {
            check_length(receipt, AttachmentLabel::Receipts, MAX_RECEIPT_BYTES)?;
        }
        if let Some(proof) = &self.log_proof {
            check_length(proof, AttachmentLabel::LogProof, MAX_LOG_PROOF_BYTES)?;
        }
        if let Some(key) = &self.issuer_key {
            let (found, required) = (key.thumbprint(), statement.header().issuer);
            if found != required {
                return Err(AttachmentError::KeyMismatch { found, required });
            }
        }
        if let Some(payload) = &self.payload {
            check_length(payload, AttachmentLabel::Payload, MAX_PAYLOAD_BYTES)?;
            let (found, required) = (Hash::of(payload), statement.payload_digest());
            if found != required {
                return Err(AttachmentError::PayloadMismatch { found, required });
            }
        }
        Ok(())
    }

    /// The statement with these attachments, in the deterministic encoding.
    ///
    /// # Errors
    /// [`StatementError::Attachment`] for attachments that would not be read back.
    pub fn encode(&self, statement: &SignedStatement) -> Result<Vec<u8>, StatementError> {
        self.check(statement)?;
        let pairs = usize::from(!self.receipts.is_empty())
            + usize::from(self.issuer_key.is_some())
            + usize::from(self.payload.is_some())
            + usize::from(self.log_proof.is_some());
        let mut map = Vec::new();
        cbor::put_map(&mut map, pairs);
        if !self.receipts.is_empty() {
            cbor::put_int(&mut map, LABEL_RECEIPTS);
            cbor::put_array(&mut map, self.receipts.len());
            self.receipts.iter().for_each(|receipt| cbor::put_bytes(&mut map, receipt));
        }
        let key = self.issuer_key.as_ref().map(key::encode_key);
        for (label, value) in
            [(LABEL_KEY, &key), (LABEL_PAYLOAD, &self.payload), (LABEL_LOG_PROOF, &self.log_proof)]
        {
            if let Some(value) = value {
                cbor::put_text(&mut map, label);
                cbor::put_bytes(&mut map, value);
            }
        }
        Ok(statement.encode_with(&map))
    }
}

fn receipts(item: Item<'_>) -> Result<Vec<Vec<u8>>, AttachmentError> {
    let label = AttachmentLabel::Receipts;
    let Item::Array(items) = item else {
        return Err(AttachmentError::Kind { label });
    };
    check_count(items.len())?;
    items.into_iter().map(|item| bytes(item, label).map(<[u8]>::to_vec)).collect()
}

fn bytes(item: Item<'_>, label: AttachmentLabel) -> Result<&[u8], AttachmentError> {
    match item {
        Item::Bytes(bytes) => Ok(bytes),
        _ => Err(AttachmentError::Kind { label }),
    }
}

fn check_count(found: usize) -> Result<(), AttachmentError> {
    match found {
        1..=MAX_RECEIPTS => Ok(()),
        _ => Err(AttachmentError::ReceiptCount { found, limit: MAX_RECEIPTS }),
    }
}

fn check_length(bytes: &[u8], label: AttachmentLabel, limit: usize) -> Result<(), AttachmentError> {
    match bytes.len() {
        found if found > limit => Err(AttachmentError::TooLarge { label, found, limit }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use coset::cbor::Value;
    use proptest::prelude::*;

    use super::*;
    use crate::cose::cbor::CborError;
    use crate::cose::message::MessageError;
    use crate::cose::testing::{Key, PAYLOAD, author, encode, sorted, statement};

    fn everything() -> Attachments {
        Attachments {
            receipts: vec![b"first".to_vec(), b"second".to_vec()],
            issuer_key: Some(author().public()),
            log_proof: Some(b"c2sp.org/tlog-proof@v1\n".to_vec()),
            payload: Some(PAYLOAD.to_vec()),
        }
    }

    fn transparent() -> TransparentStatement {
        let Attachments { receipts, issuer_key, log_proof, .. } = everything();
        TransparentStatement { statement: statement(), receipts, issuer_key, log_proof }
    }

    fn text(label: &str) -> Value {
        Value::Text(label.to_owned())
    }

    fn parse(pairs: Vec<(Value, Value)>) -> Result<Attachments, StatementError> {
        let bytes = statement().encode_with(&encode(&sorted(pairs)));
        SignedStatement::parse(&bytes).map(|(_, attachments)| attachments)
    }

    fn refused(label: impl Into<Value>, value: Value) -> AttachmentError {
        match parse(vec![(label.into(), value)]) {
            Err(StatementError::Attachment(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn attachments_are_read_as_they_are_written() {
        let everything = everything();
        let bytes = everything.encode(&statement()).unwrap();
        assert_eq!(SignedStatement::parse(&bytes), Ok((statement(), everything)));
        let nothing = Attachments::default();
        assert_eq!(nothing.encode(&statement()), Ok(statement().entry_bytes()));
    }

    #[test]
    fn dropping_all_attachments_gives_back_the_entry() {
        let bytes = transparent().encode().unwrap();
        assert_ne!(bytes, statement().entry_bytes());
        let parsed = TransparentStatement::parse(&bytes).unwrap();
        assert_eq!(parsed, transparent());
        assert_eq!(parsed.statement.entry_bytes(), statement().entry_bytes());
        assert_eq!(parsed.statement.leaf_hash(), statement().leaf_hash());
        let error = StatementError::UnprotectedNotEmpty;
        assert_eq!(SignedStatement::parse_entry(&bytes), Err(error));
    }

    #[test]
    fn a_transparent_statement_has_a_receipt() {
        let error = AttachmentError::ReceiptCount { found: 0, limit: MAX_RECEIPTS };
        let without = TransparentStatement { receipts: vec![], ..transparent() };
        assert_eq!(without.encode(), Err(error.into()));
        let entry = statement().entry_bytes();
        assert_eq!(TransparentStatement::parse(&entry), Err(error.into()));
    }

    #[test]
    fn labels_that_nobody_knows_are_dropped() {
        let unknown = vec![
            (Value::from(4), Value::Bytes(b"hint".to_vec())),
            (text("x-note"), Value::Array(vec![Value::Null])),
            (Value::from(-70_000), Value::Bool(true)),
        ];
        assert_eq!(parse(unknown), Ok(Attachments::default()));
    }

    #[test]
    fn each_attachment_of_the_wrong_type_is_named() {
        let list = |item: Value| Value::Array(vec![item]);
        for (wire, value, label) in [
            (Value::from(LABEL_RECEIPTS), Value::Bytes(vec![1]), AttachmentLabel::Receipts),
            (Value::from(LABEL_RECEIPTS), list(text("x")), AttachmentLabel::Receipts),
            (text(LABEL_KEY), Value::Map(vec![]), AttachmentLabel::Key),
            (text(LABEL_PAYLOAD), text("{}"), AttachmentLabel::Payload),
            (text(LABEL_LOG_PROOF), text("proof"), AttachmentLabel::LogProof),
        ] {
            assert_eq!(refused(wire, value), AttachmentError::Kind { label });
        }
    }

    #[test]
    fn knowing_a_key_beforehand_changes_nothing() {
        let bytes = everything().encode(&statement()).unwrap();
        let (author, other) = (author().public(), Key::new(2).public());
        for known in [None, Some(author), Some(other)] {
            let parsed = SignedStatement::parse_knowing(&bytes, |asked| {
                assert_eq!(*asked, author.thumbprint());
                known
            });
            assert_eq!(parsed, Ok((statement(), everything())));
        }
        let wrong = vec![(text(LABEL_KEY), Value::Bytes(key::encode_key(&other)))];
        let bytes = statement().encode_with(&encode(&Value::Map(wrong)));
        let (found, required) = (other.thumbprint(), author.thumbprint());
        let error = AttachmentError::KeyMismatch { found, required };
        for known in [author, other] {
            let parsed = SignedStatement::parse_knowing(&bytes, |_| Some(known));
            assert_eq!(parsed, Err(error.into()));
        }
    }

    #[test]
    fn an_attachment_of_another_statement_is_refused() {
        let other = Key::new(2).public();
        let (found, required) = (other.thumbprint(), author().public().thumbprint());
        let wrong = Value::Bytes(key::encode_key(&other));
        let error = AttachmentError::KeyMismatch { found, required };
        assert_eq!(refused(text(LABEL_KEY), wrong), error);
        let error = AttachmentError::Key(CoseKeyError::Shape);
        assert_eq!(refused(text(LABEL_KEY), Value::Bytes(vec![0x00])), error);
        let (found, required) = (Hash::of(b"other"), Hash::of(PAYLOAD));
        let error = AttachmentError::PayloadMismatch { found, required };
        assert_eq!(refused(text(LABEL_PAYLOAD), Value::Bytes(b"other".to_vec())), error);
        let wrong = Attachments { issuer_key: Some(other), ..Attachments::default() };
        assert!(wrong.encode(&statement()).is_err());
    }

    #[test]
    fn limits_hold_when_reading_and_when_writing() {
        for found in [0, MAX_RECEIPTS + 1] {
            let receipts = Value::Array(vec![Value::Bytes(vec![1]); found]);
            let error = AttachmentError::ReceiptCount { found, limit: MAX_RECEIPTS };
            assert_eq!(refused(LABEL_RECEIPTS, receipts), error);
        }
        let most = Attachments { receipts: vec![vec![1]; MAX_RECEIPTS], ..Attachments::default() };
        assert!(most.encode(&statement()).is_ok());
        for (label, limit) in [
            (AttachmentLabel::Receipts, MAX_RECEIPT_BYTES),
            (AttachmentLabel::LogProof, MAX_LOG_PROOF_BYTES),
            (AttachmentLabel::Payload, MAX_PAYLOAD_BYTES),
        ] {
            let found = limit + 1;
            let long = vec![1; found];
            let error = AttachmentError::TooLarge { label, found, limit };
            let mut attachments = Attachments::default();
            let (wire, value) = match label {
                AttachmentLabel::Receipts => {
                    attachments.receipts = vec![long.clone()];
                    (Value::from(LABEL_RECEIPTS), Value::Array(vec![Value::Bytes(long)]))
                }
                AttachmentLabel::LogProof => {
                    attachments.log_proof = Some(long.clone());
                    (text(LABEL_LOG_PROOF), Value::Bytes(long))
                }
                _ => {
                    attachments.payload = Some(long.clone());
                    (text(LABEL_PAYLOAD), Value::Bytes(long))
                }
            };
            assert_eq!(refused(wire, value), error);
            assert_eq!(attachments.encode(&statement()), Err(error.into()));
        }
    }

    #[test]
    fn an_unprotected_header_in_another_order_is_refused() {
        let pair = |label: i64| (Value::from(label), Value::Bytes(vec![1]));
        for (pairs, error) in [
            (vec![pair(5), pair(4)], CborError::KeyOrder),
            (vec![pair(4), pair(4)], CborError::DuplicateKey),
        ] {
            let bytes = statement().encode_with(&encode(&Value::Map(pairs)));
            let error = MessageError::Encoding(error);
            assert_eq!(SignedStatement::parse(&bytes), Err(error.into()));
        }
    }

    proptest! {
        #[test]
        fn any_attachments_are_read_as_they_are_written(
            receipts in proptest::collection::vec(any::<Vec<u8>>(), 1..=MAX_RECEIPTS),
            log_proof: Option<Vec<u8>>,
            with_key: bool,
        ) {
            let issuer_key = with_key.then(|| author().public());
            let statement = statement();
            let whole = TransparentStatement { statement, receipts, issuer_key, log_proof };
            let bytes = whole.encode().unwrap();
            prop_assert_eq!(TransparentStatement::parse(&bytes), Ok(whole));
        }
    }
}
