//! Receipts: a log's signature over a root, with a proof that leads to it (RFC 9942, RFC 9162
//! trees).
//!
//! RFC 9942 signs the root alone, and one path can verify under several (size, index) pairs. A
//! position therefore counts only under the tree size in our protected header; a receipt without it
//! proves the root and no position.
//!
//! Not here: whether the root belongs to a checkpoint that witnesses saw.

use super::cbor::{self, CborError};
use super::item::Item;
use super::message::{
    self, Algorithm, CLAIM_ISSUER, CLAIM_SUBJECT, Fields, LABEL_ALGORITHM, LABEL_CLAIMS,
    LABEL_KEY_ID, MessageError, Sign1, hash,
};
use crate::hash::Hash;
use crate::key::{PublicKey, SIGNATURE_BYTES, Thumbprint};
use crate::log::tree::{self, MAX_PATH_HASHES, ProofError};
use crate::size::{LeafIndex, TreeSize};

/// Largest receipt, in bytes.
pub const MAX_RECEIPT_BYTES: usize = 8 << 10;
/// Longest issuer and longest origin, in bytes.
pub const MAX_CLAIM_BYTES: usize = 255;
/// Smallest tree a receipt can be for: the grammar of RFC 9942 §5.2 has no empty path.
pub const MIN_TREE_SIZE: TreeSize = TreeSize(2);

const LABEL_STRUCTURE: i64 = 395;
const LABEL_PROOFS: i64 = 396;
const LABEL_TREE_SIZE: &str = "attestry-tree-size";
/// RFC9162_SHA256 (RFC 9942 §5.1).
const STRUCTURE_RFC9162: i64 = 1;
const PROOF_INCLUSION: i64 = -1;
const PROOF_CONSISTENCY: i64 = -2;

/// Why bytes are not an acceptable receipt, or why one does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The bytes are longer than the limit; nothing was decoded.
    #[error("the receipt has {found} bytes, the limit is {limit}")]
    TooLarge {
        /// Bytes given.
        found: usize,
        /// Most bytes accepted.
        limit: usize,
    },
    /// The bytes are not a message with an acceptable header.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The proof inside is not deterministic CBOR.
    #[error("the proof of the receipt: {0}")]
    Proof(#[from] CborError),
    /// The issuer or the origin is empty or too long.
    #[error("claim {claim} of the receipt has {found} bytes, it must have 1 to {limit}")]
    ClaimLength {
        /// The claim concerned.
        claim: i64,
        /// Bytes found.
        found: usize,
        /// Most bytes accepted.
        limit: usize,
    },
    /// Label 395 is not the RFC 9162 tree with SHA-256.
    #[error("verifiable data structure {found} is not accepted; use RFC9162_SHA256 (1)")]
    UnknownStructure {
        /// The number found.
        found: i64,
    },
    /// The payload is attached; it is the root, which the verifier must compute.
    #[error("the payload of a receipt must be detached")]
    PayloadAttached,
    /// Label 396 does not hold exactly one proof of one kind.
    #[error("the receipt does not hold exactly one inclusion or one consistency proof")]
    ProofCount,
    /// The proof is not `bstr .cbor [uint, uint, [+ bstr .size 32]]`.
    #[error("the proof is not two numbers and a path of SHA-256 hashes")]
    ProofShape,
    /// The path is empty or too long.
    #[error("the path has {found} hashes, it must have 1 to {limit}")]
    PathLength {
        /// Hashes found.
        found: usize,
        /// Most hashes accepted.
        limit: usize,
    },
    /// The tree is smaller than any tree with a path.
    #[error("a receipt for a tree of size {found} has no path; the smallest size is {required}")]
    TreeTooSmall {
        /// The size given.
        found: TreeSize,
        /// The smallest size.
        required: TreeSize,
    },
    /// The protected tree size is not an unsigned integer.
    #[error("the signed tree size is not an unsigned integer")]
    SignedSizeValue,
    /// The size in the proof is not the size in the protected header.
    #[error("the proof is for size {found}, the signed header says {required}")]
    SizeMismatch {
        /// The size in the proof.
        found: TreeSize,
        /// The size that is signed.
        required: TreeSize,
    },
    /// The receipt holds the other kind of proof.
    #[error("the receipt holds the other kind of proof")]
    OtherKind,
    /// The receipt is for another log.
    #[error("the receipt is for another log than the one asked about")]
    WrongOrigin,
    /// The key given is not the one that the receipt names.
    #[error("the receipt names key {required}, the key given is {found}")]
    WrongKey {
        /// Thumbprint of the key given.
        found: Thumbprint,
        /// Thumbprint in the receipt.
        required: Thumbprint,
    },
    /// The path does not fit the sizes, the index or the older root.
    #[error(transparent)]
    Path(#[from] ProofError),
    /// The older size of the proof is not the size of the root given.
    #[error("the receipt starts from size {found}, the root given is of size {required}")]
    OldSizeMismatch {
        /// The older size in the proof.
        found: TreeSize,
        /// The size of the root given.
        required: TreeSize,
    },
    /// The signature does not cover the root that the path leads to.
    #[error("the signature of the receipt does not cover the root that the path leads to")]
    SignatureInvalid,
}

/// What a log says when it signs a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptHeader {
    /// Label 4: the receipt key.
    pub kid: Thumbprint,
    /// Claim 1: who issues, for us the thumbprint URI of the receipt key.
    pub issuer: String,
    /// Claim 2: the origin of the log.
    pub origin: String,
    /// `attestry-tree-size`: the size of the tree whose root is signed.
    pub size: TreeSize,
}

/// A root before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedReceipt {
    protected: Vec<u8>,
    size: TreeSize,
    root: Hash,
}

impl UnsignedReceipt {
    /// Takes the header and the root of the tree of that size.
    ///
    /// # Errors
    /// [`ReceiptError::ClaimLength`] and [`ReceiptError::TreeTooSmall`].
    pub fn new(header: &ReceiptHeader, root: Hash) -> Result<Self, ReceiptError> {
        check_claim(CLAIM_ISSUER, &header.issuer)?;
        check_claim(CLAIM_SUBJECT, &header.origin)?;
        check_size(header.size)?;
        Ok(Self { protected: encode_header(header), size: header.size, root })
    }

    /// The bytes to sign: `Sig_structure` over the root as detached payload (RFC 9942 §5.2.1).
    #[must_use]
    pub fn to_be_signed(&self) -> Vec<u8> {
        message::to_be_signed(&self.protected, self.root.as_bytes())
    }

    /// Attaches a signature over [`UnsignedReceipt::to_be_signed`]; it is not verified here.
    #[must_use]
    pub fn attach(self, signature: [u8; SIGNATURE_BYTES]) -> RootSignature {
        let Self { protected, size, root } = self;
        RootSignature { protected, size, root, signature }
    }
}

/// A log's signature over the root at one size; it serves every receipt for that size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootSignature {
    protected: Vec<u8>,
    size: TreeSize,
    root: Hash,
    signature: [u8; SIGNATURE_BYTES],
}

impl RootSignature {
    /// The size of the tree.
    #[must_use]
    pub fn size(&self) -> TreeSize {
        self.size
    }

    /// The root that is signed.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The protected header as it was signed.
    #[must_use]
    pub fn protected_bytes(&self) -> &[u8] {
        &self.protected
    }

    /// The 64-byte signature.
    #[must_use]
    pub fn signature(&self) -> &[u8; SIGNATURE_BYTES] {
        &self.signature
    }

    /// Encodes the receipt of the leaf at `index`, whose path leads to this root.
    #[must_use]
    pub fn receipt(&self, index: LeafIndex, path: &[Hash]) -> Vec<u8> {
        self.encode(PROOF_INCLUSION, self.size.0, index.0, path)
    }

    /// Encodes the receipt that the tree of `old_size` is a prefix of this one.
    #[must_use]
    pub fn consistency_receipt(&self, old_size: TreeSize, path: &[Hash]) -> Vec<u8> {
        self.encode(PROOF_CONSISTENCY, old_size.0, self.size.0, path)
    }

    fn encode(&self, kind: i64, first: u64, second: u64, path: &[Hash]) -> Vec<u8> {
        let mut proof = Vec::with_capacity(24 + 34 * path.len());
        cbor::put_array(&mut proof, 3);
        cbor::put_uint(&mut proof, first);
        cbor::put_uint(&mut proof, second);
        cbor::put_array(&mut proof, path.len());
        path.iter().for_each(|hash| cbor::put_bytes(&mut proof, hash.as_bytes()));
        let mut unprotected = Vec::with_capacity(16 + proof.len());
        cbor::put_map(&mut unprotected, 1);
        cbor::put_int(&mut unprotected, LABEL_PROOFS);
        cbor::put_map(&mut unprotected, 1);
        cbor::put_int(&mut unprotected, kind);
        cbor::put_array(&mut unprotected, 1);
        cbor::put_bytes(&mut unprotected, &proof);
        message::encode(&self.protected, &unprotected, None, &self.signature)
    }
}

/// A position in the log, under the size that was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Where the leaf is.
    pub index: LeafIndex,
    /// The size of the tree in which it is there.
    pub size: TreeSize,
}

/// What a receipt proves once it is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptVerdict {
    /// The root that the log signed and that the leaf is under.
    pub root: Hash,
    /// Where the leaf is; `None` if the log did not sign the size, since the index is then only
    /// claimed.
    pub position: Option<Position>,
}

/// What a consistency receipt proves once it is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsistencyVerdict {
    /// The newer root, which the log signed and which extends the older one.
    pub root: Hash,
    /// The newer size; `None` if the log did not sign it.
    pub size: Option<TreeSize>,
}

/// A receipt that parsed; verify it before believing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    protected: Vec<u8>,
    kid: Thumbprint,
    issuer: String,
    origin: String,
    signed_size: Option<TreeSize>,
    proof: Proof,
    signature: [u8; SIGNATURE_BYTES],
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Proof {
    Inclusion { size: TreeSize, index: LeafIndex, path: Vec<Hash> },
    Consistency { old_size: TreeSize, new_size: TreeSize, path: Vec<Hash> },
}

impl Receipt {
    /// Reads a receipt. Protected labels and claims that are not known are left to their issuer, as
    /// COSE allows, except those marked critical; unknown unprotected labels are dropped.
    ///
    /// # Errors
    /// See [`ReceiptError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        if bytes.len() > MAX_RECEIPT_BYTES {
            return Err(ReceiptError::TooLarge { found: bytes.len(), limit: MAX_RECEIPT_BYTES });
        }
        let Sign1 { protected, unprotected, payload, signature } = Sign1::parse(bytes)?;
        if payload.is_some() {
            return Err(ReceiptError::PayloadAttached);
        }
        let mut fields = Fields::of_protected(protected)?;
        let _: Algorithm = fields.require_algorithm()?;
        let kid = fields.require_key_id()?;
        let mut claims = fields.require_claims()?;
        let issuer = claims.require_text_claim(CLAIM_ISSUER)?.to_owned();
        let origin = claims.require_text_claim(CLAIM_SUBJECT)?.to_owned();
        check_claim(CLAIM_ISSUER, &issuer)?;
        check_claim(CLAIM_SUBJECT, &origin)?;
        let label = LABEL_STRUCTURE;
        let found = fields.require(label)?.integer().ok_or(MessageError::LabelValue { label })?;
        if found != STRUCTURE_RFC9162 {
            return Err(ReceiptError::UnknownStructure { found });
        }
        let proof = Proof::parse(unprotected)?;
        let signed_size = match fields.take_text(LABEL_TREE_SIZE) {
            Some(value) => Some(signed_size(&value, &proof)?),
            None => None,
        };
        let protected = protected.to_vec();
        Ok(Self { protected, kid, issuer, origin, signed_size, proof, signature })
    }

    /// The key that the receipt names.
    #[must_use]
    pub fn kid(&self) -> Thumbprint {
        self.kid
    }

    /// Claim 1.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Claim 2: the log that the receipt is about.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The tree size under the signature, if the log put one there.
    #[must_use]
    pub fn signed_size(&self) -> Option<TreeSize> {
        self.signed_size
    }

    /// Verifies that the log `origin` signed, with `key`, a root that `leaf` is under.
    ///
    /// # Errors
    /// See [`ReceiptError`].
    pub fn verify_inclusion(
        &self,
        leaf: &Hash,
        key: &PublicKey,
        origin: &str,
    ) -> Result<ReceiptVerdict, ReceiptError> {
        self.claim_inclusion(leaf, key, origin)?.verify()
    }

    /// All of [`Receipt::verify_inclusion`] but the signature, for those who verify many receipts
    /// of one batch: they carry the same signature over the same root.
    ///
    /// # Errors
    /// See [`ReceiptError`]; never [`ReceiptError::SignatureInvalid`].
    pub fn claim_inclusion<'a>(
        &'a self,
        leaf: &Hash,
        key: &'a PublicKey,
        origin: &str,
    ) -> Result<InclusionClaim<'a>, ReceiptError> {
        let Proof::Inclusion { size, index, path } = &self.proof else {
            return Err(ReceiptError::OtherKind);
        };
        self.check_issuer(key, origin)?;
        let root = tree::root_from_inclusion(leaf, *index, *size, path)?;
        let position = self.signed_size.map(|size| Position { index: *index, size });
        Ok(InclusionClaim { receipt: self, key, verdict: ReceiptVerdict { root, position } })
    }

    /// Verifies that the log `origin` signed, with `key`, a root that extends the tree of
    /// `old_size` with `old_root`. The older root must come from somewhere the caller trusts.
    ///
    /// # Errors
    /// See [`ReceiptError`].
    pub fn verify_consistency(
        &self,
        old_size: TreeSize,
        old_root: &Hash,
        key: &PublicKey,
        origin: &str,
    ) -> Result<ConsistencyVerdict, ReceiptError> {
        let Proof::Consistency { old_size: found, new_size, path } = &self.proof else {
            return Err(ReceiptError::OtherKind);
        };
        self.check_issuer(key, origin)?;
        if *found != old_size {
            return Err(ReceiptError::OldSizeMismatch { found: *found, required: old_size });
        }
        let root = tree::root_from_consistency(old_size, old_root, *new_size, path)?;
        self.check_signature(&root, key)?;
        Ok(ConsistencyVerdict { root, size: self.signed_size })
    }

    fn check_issuer(&self, key: &PublicKey, origin: &str) -> Result<(), ReceiptError> {
        if self.origin != origin {
            return Err(ReceiptError::WrongOrigin);
        }
        let (found, required) = (key.thumbprint(), self.kid);
        if found != required {
            return Err(ReceiptError::WrongKey { found, required });
        }
        Ok(())
    }

    fn check_signature(&self, root: &Hash, key: &PublicKey) -> Result<(), ReceiptError> {
        let message = message::to_be_signed(&self.protected, root.as_bytes());
        key.verify(&message, &self.signature).map_err(|_| ReceiptError::SignatureInvalid)
    }
}

/// What a receipt proves if its signature is good.
#[derive(Clone, Copy, Debug)]
pub struct InclusionClaim<'a> {
    receipt: &'a Receipt,
    key: &'a PublicKey,
    verdict: ReceiptVerdict,
}

impl InclusionClaim<'_> {
    /// Verifies the signature over the root.
    ///
    /// # Errors
    /// [`ReceiptError::SignatureInvalid`].
    pub fn verify(&self) -> Result<ReceiptVerdict, ReceiptError> {
        self.receipt.check_signature(&self.verdict.root, self.key)?;
        Ok(self.verdict)
    }

    /// SHA-256 of everything that decides about the signature: key, root, signature and protected
    /// header. Once one claim verified, those with the same id are as good.
    #[must_use]
    pub fn signature_id(&self) -> Hash {
        let Receipt { protected, signature, .. } = self.receipt;
        // Only the last part varies in length, so no two lists of parts run into each other.
        Hash::of_parts(&[self.key.as_bytes(), self.verdict.root.as_bytes(), signature, protected])
    }

    /// What is proven, if a claim with this [`InclusionClaim::signature_id`] verified.
    #[must_use]
    pub const fn verdict(&self) -> ReceiptVerdict {
        self.verdict
    }
}

impl Proof {
    fn parse(unprotected: Vec<(Item<'_>, Item<'_>)>) -> Result<Self, ReceiptError> {
        let mut fields = Fields::of_pairs(unprotected)?;
        let Item::Map(proofs) = fields.require(LABEL_PROOFS)? else {
            return Err(MessageError::LabelValue { label: LABEL_PROOFS }.into());
        };
        let Ok([(kind, Item::Array(items))]) = <[(Item<'_>, Item<'_>); 1]>::try_from(proofs) else {
            return Err(ReceiptError::ProofCount);
        };
        let Ok([proof]) = <[Item<'_>; 1]>::try_from(items) else {
            return Err(ReceiptError::ProofCount);
        };
        let Item::Bytes(bytes) = proof else {
            return Err(ReceiptError::ProofShape);
        };
        let kind = kind.integer().ok_or(ReceiptError::ProofCount)?;
        // A consistency path may begin with a subtree of the older tree.
        let limit = if kind == PROOF_CONSISTENCY { MAX_PATH_HASHES } else { MAX_PATH_HASHES - 1 };
        let (first, second, path) = read_proof(bytes, limit)?;
        match kind {
            PROOF_INCLUSION => {
                Ok(Self::Inclusion { size: TreeSize(first), index: LeafIndex(second), path })
            }
            PROOF_CONSISTENCY => Ok(Self::Consistency {
                old_size: TreeSize(first),
                new_size: TreeSize(second),
                path,
            }),
            _ => Err(ReceiptError::ProofCount),
        }
    }
}

/// Two numbers and a path of 1 to `limit` hashes.
fn read_proof(bytes: &[u8], limit: usize) -> Result<(u64, u64, Vec<Hash>), ReceiptError> {
    let Item::Array(parts) = Item::read(bytes)? else {
        return Err(ReceiptError::ProofShape);
    };
    let Ok([first, second, Item::Array(path)]) = <[Item<'_>; 3]>::try_from(parts) else {
        return Err(ReceiptError::ProofShape);
    };
    if path.is_empty() || path.len() > limit {
        return Err(ReceiptError::PathLength { found: path.len(), limit });
    }
    let (Some(first), Some(second)) = (first.unsigned(), second.unsigned()) else {
        return Err(ReceiptError::ProofShape);
    };
    let mut hashes = Vec::with_capacity(path.len());
    for item in &path {
        hashes.push(hash(item).ok_or(ReceiptError::ProofShape)?);
    }
    Ok((first, second, hashes))
}

/// Reads `attestry-tree-size` and requires the proof to be for that size.
fn signed_size(value: &Item<'_>, proof: &Proof) -> Result<TreeSize, ReceiptError> {
    let required = value.unsigned().map(TreeSize).ok_or(ReceiptError::SignedSizeValue)?;
    check_size(required)?;
    let (Proof::Inclusion { size: found, .. } | Proof::Consistency { new_size: found, .. }) = proof;
    if *found != required {
        return Err(ReceiptError::SizeMismatch { found: *found, required });
    }
    Ok(required)
}

fn check_size(found: TreeSize) -> Result<(), ReceiptError> {
    if found < MIN_TREE_SIZE {
        return Err(ReceiptError::TreeTooSmall { found, required: MIN_TREE_SIZE });
    }
    Ok(())
}

fn check_claim(claim: i64, text: &str) -> Result<(), ReceiptError> {
    match text.len() {
        1..=MAX_CLAIM_BYTES => Ok(()),
        found => Err(ReceiptError::ClaimLength { claim, found, limit: MAX_CLAIM_BYTES }),
    }
}

fn encode_header(header: &ReceiptHeader) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    cbor::put_map(&mut out, 5);
    cbor::put_int(&mut out, LABEL_ALGORITHM);
    cbor::put_int(&mut out, Algorithm::EdDsa.number());
    cbor::put_int(&mut out, LABEL_KEY_ID);
    cbor::put_bytes(&mut out, header.kid.0.as_bytes());
    cbor::put_int(&mut out, LABEL_CLAIMS);
    cbor::put_map(&mut out, 2);
    cbor::put_int(&mut out, CLAIM_ISSUER);
    cbor::put_text(&mut out, &header.issuer);
    cbor::put_int(&mut out, CLAIM_SUBJECT);
    cbor::put_text(&mut out, &header.origin);
    cbor::put_int(&mut out, LABEL_STRUCTURE);
    cbor::put_int(&mut out, STRUCTURE_RFC9162);
    cbor::put_text(&mut out, LABEL_TREE_SIZE);
    cbor::put_uint(&mut out, header.size.0);
    out
}

#[cfg(test)]
mod tests;
