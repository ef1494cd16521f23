//! What statements and receipts share: the `COSE_Sign1` message (RFC 9052 §4.2), its signing input
//! and the walk over a protected header in which every label is known or refused.

use super::cbor::{self, CborError};
use super::item::Item;
use crate::hash::Hash;
use crate::key::{SIGNATURE_BYTES, Thumbprint};

/// CBOR tag of `COSE_Sign1` (RFC 9052 §2).
pub const SIGN1_TAG: u64 = 18;
/// How a deterministic item with that tag begins.
const SIGN1_INITIAL_BYTE: u8 = 0xd2;

/// Header label of the algorithm (RFC 9052 §3.1).
pub const LABEL_ALGORITHM: i64 = 1;
/// Header label of the list of critical labels (RFC 9052 §3.1), always refused.
pub const LABEL_CRITICAL: i64 = 2;
/// Header label of the key identifier (RFC 9052 §3.1).
pub const LABEL_KEY_ID: i64 = 4;
/// Header label of the CWT claims (RFC 9597 §2).
pub const LABEL_CLAIMS: i64 = 15;

/// CWT claim "issuer" (RFC 8392 §4).
pub const CLAIM_ISSUER: i64 = 1;
/// CWT claim "subject" (RFC 8392 §4).
pub const CLAIM_SUBJECT: i64 = 2;

/// The signature algorithms accepted, both of which mean Ed25519 here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `-8`, `EdDSA` (RFC 9053 §2.2); the one we emit, since every verifier knows it.
    EdDsa,
    /// `-19`, `Ed25519` (RFC 9864 §2.2).
    Ed25519,
}

impl Algorithm {
    /// The registered number.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::EdDsa => -8,
            Self::Ed25519 => -19,
        }
    }
}

/// Why bytes are not a `COSE_Sign1` message of the form used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// The bytes are not deterministic CBOR.
    #[error(transparent)]
    Encoding(#[from] CborError),
    /// The item carries no tag; the tagged form is required.
    #[error("the message is not tagged as COSE_Sign1 (tag 18)")]
    NotTagged,
    /// The item carries another tag.
    #[error("the message has tag {found}, COSE_Sign1 has tag 18")]
    WrongTag {
        /// The tag found.
        found: u64,
    },
    /// The tag does not hold `[bstr, map, bstr / nil, bstr]`.
    #[error("the message is not an array of protected header, map, payload and signature")]
    Shape,
    /// The signature does not have 64 bytes.
    #[error("an Ed25519 signature has 64 bytes, this one has {found}")]
    SignatureLength {
        /// Bytes found.
        found: usize,
    },
    /// The protected header is not a map.
    #[error("the protected header is not a map")]
    ProtectedNotMap,
    /// A header label or claim key is neither a 64-bit integer nor text.
    #[error("a header label is neither an integer nor text")]
    LabelKind,
    /// The header marks labels as critical; none are understood.
    #[error("the header marks labels as critical (label 2), which is not accepted")]
    CriticalPresent,
    /// A required label is absent from the protected header.
    #[error("the protected header lacks label {label}")]
    MissingLabel {
        /// The label required.
        label: i64,
    },
    /// The protected header has a label that is not allowed there.
    #[error("the protected header has a label that is not allowed there")]
    UnexpectedLabel {
        /// The label, unless it is text.
        found: Option<i64>,
    },
    /// The value of a header label has the wrong type or is out of range.
    #[error("the value of header label {label} has the wrong type or is out of range")]
    LabelValue {
        /// The label concerned.
        label: i64,
    },
    /// The algorithm is not Ed25519.
    #[error("algorithm {found} is not accepted; use EdDSA (-8) or Ed25519 (-19)")]
    UnknownAlgorithm {
        /// The algorithm number found.
        found: i64,
    },
    /// The key identifier is not a SHA-256 thumbprint.
    #[error("the key identifier has {found} bytes, a SHA-256 thumbprint has 32")]
    KeyIdLength {
        /// Bytes found.
        found: usize,
    },
    /// A required claim is absent.
    #[error("the CWT claims lack claim {claim}")]
    MissingClaim {
        /// The claim required.
        claim: i64,
    },
    /// A claim is present that is not allowed there.
    #[error("the CWT claims have a claim that is not allowed there")]
    UnexpectedClaim {
        /// The claim, unless its key is text.
        found: Option<i64>,
    },
    /// The value of a claim has the wrong type or is out of range.
    #[error("the value of CWT claim {claim} has the wrong type or is out of range")]
    ClaimValue {
        /// The claim concerned.
        claim: i64,
    },
}

/// The four parts of a `COSE_Sign1` message whose encoding is deterministic.
pub(crate) struct Sign1<'a> {
    pub(crate) protected: &'a [u8],
    pub(crate) unprotected: Vec<(Item<'a>, Item<'a>)>,
    pub(crate) payload: Option<&'a [u8]>,
    pub(crate) signature: [u8; SIGNATURE_BYTES],
}

impl<'a> Sign1<'a> {
    /// Reads the tagged form. The caller has bounded the size.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, MessageError> {
        let parts = match Item::read(bytes)? {
            Item::Tag(SIGN1_TAG, content) => match *content {
                Item::Array(parts) => parts,
                _ => return Err(MessageError::Shape),
            },
            Item::Tag(found, _) => return Err(MessageError::WrongTag { found }),
            _ => return Err(MessageError::NotTagged),
        };
        let Ok([protected, unprotected, payload, signature]) = <[Item<'a>; 4]>::try_from(parts)
        else {
            return Err(MessageError::Shape);
        };
        let (Item::Bytes(protected), Item::Map(unprotected), Item::Bytes(signature)) =
            (protected, unprotected, signature)
        else {
            return Err(MessageError::Shape);
        };
        let payload = match payload {
            Item::Bytes(payload) => Some(payload),
            Item::Null => None,
            _ => return Err(MessageError::Shape),
        };
        let signature = signature
            .try_into()
            .map_err(|_| MessageError::SignatureLength { found: signature.len() })?;
        Ok(Self { protected, unprotected, payload, signature })
    }
}

/// Writes a message; `unprotected` is an encoded map.
pub(crate) fn encode(
    protected: &[u8],
    unprotected: &[u8],
    payload: Option<&[u8]>,
    signature: &[u8; SIGNATURE_BYTES],
) -> Vec<u8> {
    let mut out = Vec::with_capacity(protected.len() + unprotected.len() + 128);
    cbor::put_tag(&mut out, SIGN1_TAG);
    cbor::put_array(&mut out, 4);
    cbor::put_bytes(&mut out, protected);
    out.extend_from_slice(unprotected);
    match payload {
        Some(payload) => cbor::put_bytes(&mut out, payload),
        None => cbor::put_null(&mut out),
    }
    cbor::put_bytes(&mut out, signature);
    out
}

/// The `Sig_structure` that is signed (RFC 9052 §4.4), without external data: `["Signature1",
/// protected, h'', payload]`.
pub(crate) fn to_be_signed(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(32 + protected.len() + payload.len());
    cbor::put_array(&mut out, 4);
    cbor::put_text(&mut out, "Signature1");
    cbor::put_bytes(&mut out, protected);
    cbor::put_bytes(&mut out, &[]);
    cbor::put_bytes(&mut out, payload);
    out
}

/// A header label or the key of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label<'a> {
    Int(i64),
    Text(&'a str),
}

/// Labels and values not yet accounted for, of a protected header or of its claims.
pub(crate) struct Fields<'a>(Vec<(Label<'a>, Item<'a>)>);

impl<'a> Fields<'a> {
    /// Decodes a protected header and refuses one that marks labels as critical.
    pub(crate) fn of_protected(bytes: &'a [u8]) -> Result<Self, MessageError> {
        if bytes.is_empty() {
            return Ok(Self(Vec::new())); // RFC 9052 §3: the short form of an empty header.
        }
        let Item::Map(pairs) = Item::read(bytes)? else {
            return Err(MessageError::ProtectedNotMap);
        };
        let fields = Self::of_pairs(pairs)?;
        if fields.0.iter().any(|(label, _)| *label == Label::Int(LABEL_CRITICAL)) {
            return Err(MessageError::CriticalPresent);
        }
        Ok(fields)
    }

    /// Takes the pairs of a decoded map.
    pub(crate) fn of_pairs(pairs: Vec<(Item<'a>, Item<'a>)>) -> Result<Self, MessageError> {
        let label = |key: &Item<'a>| match key {
            Item::Text(label) => Some(Label::Text(label)),
            key => key.integer().map(Label::Int),
        };
        pairs
            .into_iter()
            .map(|(key, value)| Some((label(&key)?, value)))
            .collect::<Option<_>>()
            .map(Self)
            .ok_or(MessageError::LabelKind)
    }

    /// Removes and returns the value of an integer label.
    pub(crate) fn take(&mut self, label: i64) -> Option<Item<'a>> {
        self.take_label(Label::Int(label))
    }

    /// Removes and returns the value of a text label.
    pub(crate) fn take_text(&mut self, label: &str) -> Option<Item<'a>> {
        self.take_label(Label::Text(label))
    }

    fn take_label(&mut self, label: Label<'_>) -> Option<Item<'a>> {
        let at = self.0.iter().position(|(found, _)| *found == label)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Removes and returns the value of a header label that must be there.
    pub(crate) fn require(&mut self, label: i64) -> Result<Item<'a>, MessageError> {
        self.take(label).ok_or(MessageError::MissingLabel { label })
    }

    /// Takes label 1.
    pub(crate) fn require_algorithm(&mut self) -> Result<Algorithm, MessageError> {
        let label = LABEL_ALGORITHM;
        let number = self.require(label)?.integer().ok_or(MessageError::LabelValue { label })?;
        [Algorithm::EdDsa, Algorithm::Ed25519]
            .into_iter()
            .find(|algorithm| algorithm.number() == number)
            .ok_or(MessageError::UnknownAlgorithm { found: number })
    }

    /// Takes label 4, which must be a SHA-256 thumbprint.
    pub(crate) fn require_key_id(&mut self) -> Result<Thumbprint, MessageError> {
        let label = LABEL_KEY_ID;
        let Item::Bytes(bytes) = self.require(label)? else {
            return Err(MessageError::LabelValue { label });
        };
        Hash::from_slice(bytes)
            .map(Thumbprint)
            .ok_or(MessageError::KeyIdLength { found: bytes.len() })
    }

    /// Takes label 15.
    pub(crate) fn require_claims(&mut self) -> Result<Self, MessageError> {
        let label = LABEL_CLAIMS;
        match self.require(label)? {
            Item::Map(pairs) => Self::of_pairs(pairs),
            _ => Err(MessageError::LabelValue { label }),
        }
    }

    /// Removes and returns a claim that must be there.
    pub(crate) fn require_claim(&mut self, claim: i64) -> Result<Item<'a>, MessageError> {
        self.take(claim).ok_or(MessageError::MissingClaim { claim })
    }

    /// Removes and returns a claim that must be there and be text.
    pub(crate) fn require_text_claim(&mut self, claim: i64) -> Result<&'a str, MessageError> {
        match self.require_claim(claim)? {
            Item::Text(text) => Ok(text),
            _ => Err(MessageError::ClaimValue { claim }),
        }
    }

    /// Refuses header labels that nobody took.
    pub(crate) fn no_more_labels(&self) -> Result<(), MessageError> {
        match self.0.first() {
            Some((label, _)) => Err(MessageError::UnexpectedLabel { found: int_label(*label) }),
            None => Ok(()),
        }
    }

    /// Refuses claims that nobody took.
    pub(crate) fn no_more_claims(&self) -> Result<(), MessageError> {
        match self.0.first() {
            Some((label, _)) => Err(MessageError::UnexpectedClaim { found: int_label(*label) }),
            None => Ok(()),
        }
    }
}

const fn int_label(label: Label<'_>) -> Option<i64> {
    match label {
        Label::Int(label) => Some(label),
        Label::Text(_) => None,
    }
}

/// The value as a hash, if it is a byte string of 32 bytes.
pub(crate) fn hash(item: &Item<'_>) -> Option<Hash> {
    match item {
        Item::Bytes(bytes) => Hash::from_slice(bytes),
        _ => None,
    }
}

/// Cuts a CBOR sequence (RFC 8742) of tagged messages into its items, without decoding them. No
/// bytes are a sequence of no items.
///
/// # Errors
/// See [`SequenceError`].
pub fn split_sequence(
    bytes: &[u8],
    items_max: usize,
    item_bytes_max: usize,
) -> Result<Vec<&[u8]>, SequenceError> {
    let mut items = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let item = items.len();
        if item == items_max {
            return Err(SequenceError::TooManyItems { limit: items_max });
        }
        if rest[0] != SIGN1_INITIAL_BYTE {
            return Err(SequenceError::NotMessage { item });
        }
        let length =
            cbor::item_length(rest).map_err(|source| SequenceError::Item { item, source })?;
        if length > item_bytes_max {
            let (found, limit) = (length, item_bytes_max);
            return Err(SequenceError::ItemTooLarge { item, found, limit });
        }
        let (head, tail) = rest.split_at(length);
        items.push(head);
        rest = tail;
    }
    Ok(items)
}

/// Why bytes are not an acceptable CBOR sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SequenceError {
    /// There are more items than the limit.
    #[error("the sequence holds more than {limit} statements")]
    TooManyItems {
        /// The most items accepted.
        limit: usize,
    },
    /// An item does not carry the tag of `COSE_Sign1`.
    #[error("item {item} of the sequence is not tagged as COSE_Sign1 (tag 18)")]
    NotMessage {
        /// Zero-based position of the item.
        item: usize,
    },
    /// An item is longer than the limit.
    #[error("statement {item} of the sequence has {found} bytes, the limit is {limit}")]
    ItemTooLarge {
        /// Zero-based position of the item.
        item: usize,
        /// Its length in bytes.
        found: usize,
        /// The longest item accepted.
        limit: usize,
    },
    /// An item is not deterministic CBOR.
    #[error("statement {item} of the sequence: {source}")]
    Item {
        /// Zero-based position of the item.
        item: usize,
        /// What is wrong with it.
        source: CborError,
    },
}

#[cfg(test)]
mod tests {
    use coset::{ProtectedHeader, SignatureContext, sig_structure_data};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_signed_is_what_another_library_signs(protected: Vec<u8>, payload: Vec<u8>) {
            let original_data = Some(protected.clone());
            let header = ProtectedHeader { original_data, ..ProtectedHeader::default() };
            let context = SignatureContext::CoseSign1;
            let theirs = sig_structure_data(context, header, None, &[], &payload);
            prop_assert_eq!(to_be_signed(&protected, &payload), theirs);
        }
    }

    #[test]
    fn the_message_is_read_as_it_is_written() {
        let bytes = encode(b"\xa0", b"\xa0", Some(b"payload"), &[7; 64]);
        let parts = Sign1::parse(&bytes).unwrap();
        assert_eq!(parts.protected, b"\xa0");
        assert!(parts.unprotected.is_empty());
        assert_eq!(parts.payload, Some(&b"payload"[..]));
        assert_eq!(parts.signature, [7; 64]);
        let detached = encode(b"\xa0", b"\xa0", None, &[7; 64]);
        assert_eq!(Sign1::parse(&detached).unwrap().payload, None);
    }

    #[test]
    fn another_tag_or_shape_is_refused() {
        let message = encode(b"\xa0", b"\xa0", None, &[7; 64]);
        let refuse = |bytes: &[u8]| Sign1::parse(bytes).err();
        assert_eq!(refuse(&message[1..]), Some(MessageError::NotTagged));
        let mut sign = message.clone();
        sign.splice(0..1, [0xd8, 98]);
        assert_eq!(refuse(&sign), Some(MessageError::WrongTag { found: 98 }));
        assert_eq!(refuse(&[0xd2, 0x80]), Some(MessageError::Shape));
        assert_eq!(refuse(&[0xd2, 0xf6]), Some(MessageError::Shape));
        assert_eq!(refuse(&[0xd2, 0x84, 0xa0, 0xa0, 0xf6, 0x40]), Some(MessageError::Shape));
        assert_eq!(refuse(&[0xd2, 0x84, 0x40, 0x40, 0xf6, 0x40]), Some(MessageError::Shape));
        assert_eq!(refuse(&[0xd2, 0x84, 0x40, 0xa0, 0x01, 0x40]), Some(MessageError::Shape));
        let short = [0xd2, 0x84, 0x40, 0xa0, 0xf6, 0x40];
        assert_eq!(refuse(&short), Some(MessageError::SignatureLength { found: 0 }));
    }

    #[test]
    fn a_sequence_is_cut_within_its_limits() {
        let message = encode(b"\xa0", b"\xa0", None, &[7; 64]);
        let two = [&message[..], &message].concat();
        assert_eq!(split_sequence(&two, 2, message.len()), Ok(vec![&message[..], &message]));
        assert_eq!(split_sequence(&two, 1, 1000), Err(SequenceError::TooManyItems { limit: 1 }));
        let (found, limit) = (message.len(), 10);
        let error = SequenceError::ItemTooLarge { item: 0, found, limit };
        assert_eq!(split_sequence(&two, 2, limit), Err(error));
        let error = SequenceError::Item { item: 1, source: CborError::Truncated };
        assert_eq!(split_sequence(&two[..two.len() - 1], 2, 1000), Err(error));
        let foreign = [&message[..], &[0x00], &message].concat();
        let error = SequenceError::NotMessage { item: 1 };
        assert_eq!(split_sequence(&foreign, 4, 1000), Err(error));
        assert_eq!(split_sequence(&[], 2, 1000), Ok(vec![]));
    }
}
