use coset::cbor::Value;
use coset::{CoseSign1, TaggedCborSerializable as _};
use proptest::prelude::*;

use super::*;
use crate::cose::testing::{Key, ORIGIN, Pairs, encode, pairs, set, sorted, value};
use crate::hash::leaf_hash;

fn key() -> Key {
    Key::new(7)
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
}

fn header(size: u64) -> ReceiptHeader {
    let kid = key().public().thumbprint();
    ReceiptHeader { kid, issuer: kid.uri(), origin: ORIGIN.to_owned(), size: TreeSize(size) }
}

fn signed_root(leaves: &[Hash]) -> RootSignature {
    let root = tree::root_of(leaves);
    let unsigned = UnsignedReceipt::new(&header(leaves.len() as u64), root).unwrap();
    let signature = key().sign(&unsigned.to_be_signed());
    unsigned.attach(signature)
}

fn receipt(leaves: &[Hash], index: u64) -> Vec<u8> {
    let path = tree::inclusion_path(leaves, LeafIndex(index)).unwrap();
    signed_root(leaves).receipt(LeafIndex(index), &path)
}

fn verify(bytes: &[u8], leaf: &Hash) -> Result<ReceiptVerdict, ReceiptError> {
    Receipt::parse(bytes)?.verify_inclusion(leaf, &key().public(), ORIGIN)
}

/// An inclusion receipt whose parts may lie; protected header and root are signed as they are.
struct Forge {
    protected: Pairs,
    unprotected: Vec<u8>,
    payload: Option<Vec<u8>>,
    root: Hash,
}

impl Forge {
    fn of(leaves: &[Hash], index: u64) -> Self {
        let bytes = receipt(leaves, index);
        let protected = Sign1::parse(&bytes).unwrap().protected;
        let parts = value(&bytes).into_tag().unwrap().1.into_array().unwrap();
        Self {
            protected: pairs(value(protected)),
            unprotected: encode(&parts[1]),
            payload: None,
            root: tree::root_of(leaves),
        }
    }

    fn bytes(self) -> Vec<u8> {
        let protected = encode(&sorted(self.protected));
        let signature = key().sign(&message::to_be_signed(&protected, self.root.as_bytes()));
        message::encode(&protected, &self.unprotected, self.payload.as_deref(), &signature)
    }
}

fn with_header(change: impl FnOnce(&mut Pairs)) -> Result<ReceiptVerdict, ReceiptError> {
    let leaves = leaves(11);
    let mut forge = Forge::of(&leaves, 4);
    change(&mut forge.protected);
    verify(&forge.bytes(), &leaves[4])
}

fn with_proofs(proofs: &Value) -> Result<ReceiptVerdict, ReceiptError> {
    let leaves = leaves(11);
    let mut forge = Forge::of(&leaves, 4);
    forge.unprotected = encode(&Value::Map(vec![(Value::from(LABEL_PROOFS), proofs.clone())]));
    verify(&forge.bytes(), &leaves[4])
}

fn proof(size: u64, index: i64, path: Vec<Value>) -> Value {
    Value::Array(vec![Value::from(size), Value::from(index), Value::Array(path)])
}

fn inclusion(proof: &Value) -> Value {
    let list = Value::Array(vec![Value::Bytes(encode(proof))]);
    Value::Map(vec![(Value::from(PROOF_INCLUSION), list)])
}

fn path_values(leaves: &[Hash], index: u64) -> Vec<Value> {
    let path = tree::inclusion_path(leaves, LeafIndex(index)).unwrap();
    path.iter().map(|hash| Value::Bytes(hash.0.to_vec())).collect()
}

#[test]
fn every_leaf_of_small_trees_gets_a_receipt_that_verifies() {
    for count in 2..=20 {
        let leaves = leaves(count);
        let signature = signed_root(&leaves);
        assert_eq!((signature.size(), signature.root()), (TreeSize(count), tree::root_of(&leaves)));
        for (index, leaf) in (0..).zip(&leaves) {
            let index = LeafIndex(index);
            let path = tree::inclusion_path(&leaves, index).unwrap();
            let bytes = signature.receipt(index, &path);
            let position = Some(Position { index, size: TreeSize(count) });
            let verdict = ReceiptVerdict { root: tree::root_of(&leaves), position };
            assert_eq!(verify(&bytes, leaf), Ok(verdict));
            assert!(verify(&bytes, &leaf_hash(b"other")).is_err());
        }
    }
}

#[test]
fn receipts_of_one_batch_share_their_signature_and_no_other_does() {
    let leaves = leaves(11);
    let (key, other_key) = (key().public(), Key::new(8).public());
    let parsed = |bytes: &[u8]| Receipt::parse(bytes).unwrap();
    let (first, second) = (parsed(&receipt(&leaves, 4)), parsed(&receipt(&leaves, 9)));
    let claim = first.claim_inclusion(&leaves[4], &key, ORIGIN).unwrap();
    let same = second.claim_inclusion(&leaves[9], &key, ORIGIN).unwrap();
    assert_eq!(claim.signature_id(), same.signature_id());
    assert_eq!(same.verify(), Ok(same.verdict()));
    assert_ne!(claim.verdict(), same.verdict());

    // Another leaf leads to another root, so it never finds the signature already verified.
    let forged = first.claim_inclusion(&leaves[5], &key, ORIGIN).unwrap();
    assert_ne!(forged.signature_id(), claim.signature_id());
    assert_eq!(forged.verify(), Err(ReceiptError::SignatureInvalid));
    let mut damaged = first.clone();
    damaged.signature[0] ^= 1;
    let damaged = damaged.claim_inclusion(&leaves[4], &key, ORIGIN).unwrap();
    assert_ne!(damaged.signature_id(), claim.signature_id());
    let mut relabelled = first.clone();
    relabelled.protected.push(0);
    let relabelled = relabelled.claim_inclusion(&leaves[4], &key, ORIGIN).unwrap();
    assert_ne!(relabelled.signature_id(), claim.signature_id());
    assert_eq!(relabelled.verify(), Err(ReceiptError::SignatureInvalid));
    assert!(first.claim_inclusion(&leaves[4], &other_key, ORIGIN).is_err());
    assert!(first.claim_inclusion(&leaves[4], &key, "other.example").is_err());
}

#[test]
fn what_the_receipt_says_of_itself_can_be_read() {
    let parsed = Receipt::parse(&receipt(&leaves(11), 4)).unwrap();
    let expected = header(11);
    assert_eq!(parsed.kid(), expected.kid);
    assert_eq!((parsed.issuer(), parsed.origin()), (&expected.issuer[..], ORIGIN));
    assert_eq!(parsed.signed_size(), Some(TreeSize(11)));
}

#[test]
fn coset_reads_the_receipt_and_verifies_its_signature() {
    let leaves = leaves(11);
    let message = CoseSign1::from_tagged_slice(&receipt(&leaves, 4)).unwrap();
    assert_eq!(message.payload, None);
    let root = tree::root_of(&leaves);
    let verified = message.verify_detached_signature(root.as_bytes(), &[], |signature, signed| {
        key().public().verify(signed, signature.try_into().unwrap())
    });
    assert_eq!(verified, Ok(()));
}

/// The path of leaf 0 of 3 leads to the same root for leaf 0 of 4: only the signed size tells.
#[test]
fn an_alias_of_the_position_is_refused_under_a_signed_size() {
    let leaves = leaves(3);
    let root = tree::root_of(&leaves);
    let alias = inclusion(&proof(4, 0, path_values(&leaves, 0)));
    let unprotected = encode(&Value::Map(vec![(Value::from(LABEL_PROOFS), alias)]));

    let mut forge = Forge::of(&leaves, 0);
    forge.unprotected.clone_from(&unprotected);
    let error = ReceiptError::SizeMismatch { found: TreeSize(4), required: TreeSize(3) };
    assert_eq!(verify(&forge.bytes(), &leaves[0]), Err(error));

    // Without the signed size the alias verifies, so no position may be concluded from it.
    let mut forge = Forge::of(&leaves, 0);
    forge.unprotected = unprotected;
    set(&mut forge.protected, LABEL_TREE_SIZE.to_owned(), None);
    let verdict = ReceiptVerdict { root, position: None };
    assert_eq!(verify(&forge.bytes(), &leaves[0]), Ok(verdict));
}

#[test]
fn every_flipped_bit_fails_to_parse_or_to_verify() {
    let leaves = leaves(5);
    let bytes = receipt(&leaves, 2);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(verify(&flipped, &leaves[2]).is_err(), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn another_key_origin_or_kind_is_refused() {
    let leaves = leaves(11);
    let parsed = Receipt::parse(&receipt(&leaves, 4)).unwrap();
    let other = Key::new(8).public();
    let (found, required) = (other.thumbprint(), parsed.kid());
    let error = ReceiptError::WrongKey { found, required };
    assert_eq!(parsed.verify_inclusion(&leaves[4], &other, ORIGIN), Err(error));
    let refused = parsed.verify_inclusion(&leaves[4], &key().public(), "staging.example");
    assert_eq!(refused, Err(ReceiptError::WrongOrigin));
    let refused = parsed.verify_consistency(TreeSize(4), &leaves[4], &key().public(), ORIGIN);
    assert_eq!(refused, Err(ReceiptError::OtherKind));
}

#[test]
fn each_fault_of_the_header_is_named() {
    let int = |number: i64| Some(Value::from(number));
    assert!(with_header(|_| ()).is_ok());
    for label in [LABEL_ALGORITHM, LABEL_KEY_ID, LABEL_CLAIMS, LABEL_STRUCTURE] {
        let error = MessageError::MissingLabel { label };
        assert_eq!(with_header(|map| set(map, label, None)), Err(error.into()));
    }
    let critical = Some(Value::Array(vec![Value::from(LABEL_STRUCTURE)]));
    let refused = with_header(|map| set(map, 2, critical));
    assert_eq!(refused, Err(MessageError::CriticalPresent.into()));
    let refused = with_header(|map| set(map, LABEL_ALGORITHM, int(-7)));
    assert_eq!(refused, Err(MessageError::UnknownAlgorithm { found: -7 }.into()));
    let refused = with_header(|map| set(map, LABEL_STRUCTURE, int(2)));
    assert_eq!(refused, Err(ReceiptError::UnknownStructure { found: 2 }));
    let size = || LABEL_TREE_SIZE.to_owned();
    for wrong in [int(-11), Some(Value::Text("11".to_owned()))] {
        let refused = with_header(|map| set(map, size(), wrong));
        assert_eq!(refused, Err(ReceiptError::SignedSizeValue));
    }
    let error = ReceiptError::SizeMismatch { found: TreeSize(11), required: TreeSize(12) };
    assert_eq!(with_header(|map| set(map, size(), int(12))), Err(error));
    for found in [0_u8, 1] {
        let refused = with_header(|map| set(map, size(), int(found.into())));
        let found = TreeSize(found.into());
        assert_eq!(refused, Err(ReceiptError::TreeTooSmall { found, required: MIN_TREE_SIZE }));
    }
    let claims = |origin: &str| {
        let text = |text: &str| Value::Text(text.to_owned());
        let (iss, sub) = (Value::from(CLAIM_ISSUER), Value::from(CLAIM_SUBJECT));
        Some(Value::Map(vec![(iss, text("x")), (sub, text(origin))]))
    };
    assert!(with_header(|map| set(map, LABEL_CLAIMS, claims(ORIGIN))).is_ok());
    for found in [0, MAX_CLAIM_BYTES + 1] {
        let refused = with_header(|map| set(map, LABEL_CLAIMS, claims(&"x".repeat(found))));
        let (claim, limit) = (CLAIM_SUBJECT, MAX_CLAIM_BYTES);
        assert_eq!(refused, Err(ReceiptError::ClaimLength { claim, found, limit }));
    }
}

#[test]
fn labels_of_other_services_are_left_to_them() {
    let verdict = with_header(|map| set(map, 16, Some(Value::Text("x".to_owned())))).unwrap();
    assert!(verdict.position.is_some());
}

#[test]
fn each_fault_of_the_proof_is_named() {
    let leaves = leaves(11);
    let path = path_values(&leaves, 4);
    let list = |items: Vec<Value>| Value::Map(vec![(Value::from(-1), Value::Array(items))]);
    let good = Value::Bytes(encode(&proof(11, 4, path.clone())));
    assert!(with_proofs(&list(vec![good.clone()])).is_ok());

    let one = |kind: i64| (Value::from(kind), Value::Array(vec![good.clone()]));
    for wrong in [
        list(vec![]),
        list(vec![good.clone(), good.clone()]),
        Value::Map(vec![]),
        Value::Map(vec![one(-1), one(-2)]),
        Value::Map(vec![one(-3)]),
        Value::Map(vec![(Value::from(-1), good.clone())]),
    ] {
        assert_eq!(with_proofs(&wrong), Err(ReceiptError::ProofCount), "{wrong:?}");
    }
    let bare = list(vec![proof(11, 4, path.clone())]);
    assert_eq!(with_proofs(&bare), Err(ReceiptError::ProofShape));
    let label = LABEL_PROOFS;
    assert_eq!(with_proofs(&good), Err(MessageError::LabelValue { label }.into()));

    let mut short = path.clone();
    short[0] = Value::Bytes(vec![0; 31]);
    for wrong in [
        Value::from(1),
        Value::Array(vec![Value::from(11), Value::from(4)]),
        proof(11, -1, path.clone()),
        proof(11, 4, short),
    ] {
        assert_eq!(with_proofs(&inclusion(&wrong)), Err(ReceiptError::ProofShape), "{wrong:?}");
    }
    let trailing = [&encode(&proof(11, 4, path.clone()))[..], &[0]].concat();
    let error = CborError::TrailingBytes { found: 1 };
    assert_eq!(with_proofs(&list(vec![Value::Bytes(trailing)])), Err(error.into()));
    let limit = MAX_PATH_HASHES - 1;
    for found in [0, limit + 1] {
        let wrong = proof(11, 4, vec![path[0].clone(); found]);
        let error = ReceiptError::PathLength { found, limit };
        assert_eq!(with_proofs(&inclusion(&wrong)), Err(error));
    }
    for wrong in [proof(11, 11, path.clone()), proof(11, 4, path[1..].to_vec())] {
        let refused = with_proofs(&inclusion(&wrong));
        assert!(matches!(refused, Err(ReceiptError::Path(_))), "{refused:?}");
    }
    let wrong = proof(11, 5, path);
    assert_eq!(with_proofs(&inclusion(&wrong)), Err(ReceiptError::SignatureInvalid));
}

#[test]
fn an_attached_payload_or_a_long_receipt_is_refused() {
    let leaves = leaves(11);
    let mut forge = Forge::of(&leaves, 4);
    forge.payload = Some(forge.root.0.to_vec());
    assert_eq!(verify(&forge.bytes(), &leaves[4]), Err(ReceiptError::PayloadAttached));
    let (found, limit) = (MAX_RECEIPT_BYTES + 1, MAX_RECEIPT_BYTES);
    let error = ReceiptError::TooLarge { found, limit };
    assert_eq!(Receipt::parse(&vec![0; found]), Err(error));
    let longest = ReceiptHeader { issuer: "x".repeat(255), ..header(u64::MAX) };
    let unsigned = UnsignedReceipt::new(&longest, Hash::default()).unwrap();
    let bytes = unsigned.attach([0; 64]).receipt(LeafIndex(u64::MAX - 1), &[Hash::default(); 64]);
    assert!(Receipt::parse(&bytes).is_ok());
}

#[test]
fn trees_without_a_path_get_no_receipt() {
    for found in [0, 1] {
        let error = ReceiptError::TreeTooSmall { found: TreeSize(found), required: MIN_TREE_SIZE };
        assert_eq!(UnsignedReceipt::new(&header(found), Hash::default()), Err(error));
    }
    let nameless = ReceiptHeader { origin: String::new(), ..header(2) };
    assert!(UnsignedReceipt::new(&nameless, Hash::default()).is_err());
}

#[test]
fn consistency_of_all_small_trees_is_proven() {
    let all = leaves(17);
    for new in 2..=all.len() {
        let signature = signed_root(&all[..new]);
        for old in 1..new {
            let old_size = TreeSize(old as u64);
            let path = tree::consistency_path(&all[..new], old_size).unwrap();
            let bytes = signature.consistency_receipt(old_size, &path);
            let parsed = Receipt::parse(&bytes).unwrap();
            let check = |size, root: &Hash, origin| {
                parsed.verify_consistency(size, root, &key().public(), origin)
            };
            let old_root = tree::root_of(&all[..old]);
            let verdict = ConsistencyVerdict {
                root: tree::root_of(&all[..new]),
                size: Some(TreeSize(new as u64)),
            };
            assert_eq!(check(old_size, &old_root, ORIGIN), Ok(verdict));
            assert!(check(old_size, &leaf_hash(b"other"), ORIGIN).is_err());
            assert_eq!(check(old_size, &old_root, "x"), Err(ReceiptError::WrongOrigin));
            let required = TreeSize(old as u64 + 1);
            let error = ReceiptError::OldSizeMismatch { found: old_size, required };
            assert_eq!(check(required, &old_root, ORIGIN), Err(error));
            let refused = parsed.verify_inclusion(&old_root, &key().public(), ORIGIN);
            assert_eq!(refused, Err(ReceiptError::OtherKind));
        }
    }
}

#[test]
fn a_consistency_path_that_was_touched_is_refused() {
    let all = leaves(11);
    let (old_size, old_root) = (TreeSize(6), tree::root_of(&all[..6]));
    let path = tree::consistency_path(&all, old_size).unwrap();
    for at in 0..path.len() {
        let mut wrong = path.clone();
        wrong[at].0[0] ^= 1;
        let bytes = signed_root(&all).consistency_receipt(old_size, &wrong);
        let parsed = Receipt::parse(&bytes).unwrap();
        assert!(parsed.verify_consistency(old_size, &old_root, &key().public(), ORIGIN).is_err());
    }
}

proptest! {
    #[test]
    fn anything_is_parsed_without_panic(input: Vec<u8>) {
        let _ = Receipt::parse(&input);
    }

    #[test]
    fn edits_of_a_receipt_never_prove_another_leaf(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let leaves = leaves(11);
        let mut bytes = receipt(&leaves, 4);
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        for (index, leaf) in leaves.iter().enumerate() {
            prop_assert!(verify(&bytes, leaf).is_err() || index == 4);
        }
    }
}
