//! Manifests as a whole: commitments, proofs, and the forgeries that `merkle-cbt` alone accepts.

use merkle_cbt::MerkleProof;
use merkle_cbt::merkle_tree::Merge;
use proptest::prelude::*;

use super::batch::BatchProofError;
use super::*;
use crate::hash::node_hash;

fn record(path: &str, number: u8) -> FileRecord {
    FileRecord {
        path: path.to_owned(),
        size: u64::from(number) * 1000,
        media_type: "text/plain".to_owned(),
        sha256: Hash::of(&[number]),
        salt: Hash::of(&[b's', number]).0,
    }
}

fn named(paths: &[&str]) -> Result<Manifest, ManifestError> {
    let files = (0..).zip(paths).map(|(number, path)| record(path, number)).collect();
    Manifest::new(Role::Deliverable, files)
}

fn numbered(count: u8) -> Manifest {
    let files = (0..count).map(|number| record(&format!("f/{number:03}"), number)).collect();
    Manifest::new(Role::Request, files).unwrap()
}

fn leaves(manifest: &Manifest) -> Vec<Hash> {
    manifest.files().iter().map(FileRecord::leaf).collect()
}

/// The tree by its definition: the leaves last, every other node above its two children.
fn nodes(leaves: &[Hash]) -> Vec<Hash> {
    let inner = leaves.len() - 1;
    let mut nodes = [vec![Hash::default(); inner], leaves.to_vec()].concat();
    for node in (0..inner).rev() {
        nodes[node] = node_hash(&nodes[2 * node + 1], &nodes[2 * node + 2]);
    }
    nodes
}

fn picked<'a>(manifest: &'a Manifest, indices: &[usize]) -> Vec<(usize, &'a FileRecord)> {
    indices.iter().map(|index| (*index, &manifest.files()[*index])).collect()
}

#[test]
fn the_commitment_is_the_one_of_the_definition() {
    for count in 1..=40 {
        let manifest = numbered(count);
        let root = nodes(&leaves(&manifest))[0];
        let count = u64::from(count).to_be_bytes();
        let expected = Hash::of_parts(&[b"attestry/manifest/v1", &count, root.as_bytes()]);
        assert_eq!(manifest.commitment(), expected);
    }
}

#[test]
fn the_leaf_is_the_one_of_the_definition() {
    let record = record("a", 1);
    let mut bytes = b"\x00attestry/file/v1".to_vec();
    let size = 1000_u64.to_be_bytes();
    for field in [b"a", &size[..], b"text/plain", record.sha256.as_bytes(), &record.salt] {
        bytes.extend((field.len() as u64).to_be_bytes());
        bytes.extend(field);
    }
    assert_eq!(record.leaf(), Hash::of(&bytes));
}

#[test]
fn every_field_changes_the_commitment() {
    let base = record("a", 1);
    let changes: [fn(&mut FileRecord); 5] = [
        |file| file.path.push('b'),
        |file| file.size += 1,
        |file| file.media_type = "text/html".to_owned(),
        |file| file.sha256.0[31] ^= 1,
        |file| file.salt[0] ^= 1,
    ];
    for change in changes {
        let mut other = base.clone();
        change(&mut other);
        assert_ne!(other.leaf(), base.leaf());
    }
}

#[test]
fn files_are_sorted_by_bytes_and_counted() {
    let manifest = named(&["b", "a/b", "a.b", "é", "Z"]).unwrap();
    let paths: Vec<&str> = manifest.files().iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["Z", "a.b", "a/b", "b", "é"]);
    assert_eq!((manifest.count(), manifest.total_size()), (5, 10_000));
    assert_eq!(manifest.commitment(), named(&["b", "a/b", "a.b", "é", "Z"]).unwrap().commitment());
}

#[test]
fn lists_that_no_file_system_can_hold_are_refused() {
    let duplicate = |first, second| ManifestError::DuplicatePath { first, second };
    let directory = |file, inside| ManifestError::FileIsDirectory { file, inside };
    for (paths, error) in [
        (&[][..], ManifestError::Empty),
        (&["a", "b", "a"], duplicate(0, 2)),
        (&["a/README.md", "a/Readme.md"], duplicate(0, 1)),
        (&["straße", "STRASSE"], duplicate(0, 1)),
        (&["ÉTÉ", "x", "été"], duplicate(0, 2)),
        (&["a", "a/b"], directory(0, 1)),
        (&["a/b/c", "a!", "A/B"], directory(2, 0)),
    ] {
        assert_eq!(named(paths), Err(error), "{paths:?}");
    }
    for paths in [&["a", "a.b", "a-b/c"][..], &["a/x", "A/y"], &["ab/c", "a"]] {
        assert!(named(paths).is_ok(), "{paths:?}");
    }
}

#[test]
fn bad_records_and_sums_are_refused() {
    let path = RecordError::Path(PathError::Absolute);
    let error = ManifestError::Record { index: 1, source: path };
    assert_eq!(named(&["a", "/b"]), Err(error));
    let mut files = vec![record("a", 1), record("b", 2)];
    files[1].salt = files[0].salt;
    assert_eq!(Manifest::new(Role::Request, files.clone()), Err(ManifestError::SaltReused));
    files[1].salt = [9; 32];
    files.iter_mut().for_each(|file| file.size = MAX_TOTAL_SIZE / 2);
    assert!(Manifest::new(Role::Request, files.clone()).is_ok());
    files[0].size += 1;
    let error = ManifestError::TotalSize { limit: MAX_TOTAL_SIZE };
    assert_eq!(Manifest::new(Role::Request, files), Err(error));
}

#[test]
fn every_set_of_files_of_small_manifests_is_proven() {
    for count in 1..=8_u8 {
        let manifest = numbered(count);
        for set in 1..1_usize << count {
            let indices: Vec<usize> =
                (0..usize::from(count)).filter(|index| set >> index & 1 == 1).collect();
            let proof = manifest.prove(&indices).unwrap();
            let mut files = picked(&manifest, &indices);
            files.reverse();
            let commitment = manifest.commitment();
            assert_eq!(proof.verify(&commitment, manifest.count(), &files), Ok(()));
            assert!(proof.verify(&commitment, manifest.count() + 1, &files).is_err());
            let other = record("other", 99);
            files[0].1 = &other;
            assert!(proof.verify(&commitment, manifest.count(), &files).is_err());
        }
    }
}

#[test]
fn proofs_about_other_positions_are_refused() {
    let manifest = numbered(5);
    let (commitment, count) = (manifest.commitment(), manifest.count());
    let proof = manifest.prove(&[3, 1, 3]).unwrap();
    assert_eq!(proof.indices(), [1, 3]);
    let refuse = |files: &[(usize, &FileRecord)]| proof.verify(&commitment, count, files);
    let other = Err(ManifestProofError::OtherPositions);
    assert_eq!(refuse(&picked(&manifest, &[1])), other);
    assert_eq!(refuse(&picked(&manifest, &[1, 2])), other);
    assert_eq!(refuse(&[]), other);
    let repeated = BatchProofError::IndexRepeated { found: 1 };
    assert_eq!(refuse(&picked(&manifest, &[1, 1])), Err(repeated.into()));
    let swapped = [(1, &manifest.files()[3]), (3, &manifest.files()[1])];
    assert!(matches!(
        refuse(&swapped),
        Err(ManifestProofError::Batch(BatchProofError::CommitmentMismatch { .. }))
    ));
    let files = picked(&manifest, &[1, 3]);
    let error = ManifestProofError::TooManyFiles { found: u64::MAX, limit: MAX_FILES };
    assert_eq!(proof.verify(&commitment, u64::MAX, &files), Err(error));
    let mut escaped = manifest.files()[1].clone();
    escaped.path = "../x".to_owned();
    let source = RecordError::Path(PathError::DotSegment);
    let error = ManifestProofError::Record { index: 1, source };
    assert_eq!(refuse(&[(1, &escaped), (3, &manifest.files()[3])]), Err(error));
    let error = BatchProofError::IndexOutOfRange { found: 5, count: 5 };
    assert_eq!(manifest.prove(&[5]), Err(error.into()));
    assert_eq!(manifest.prove(&[]), Err(BatchProofError::NoIndex.into()));
}

struct Node;

impl Merge for Node {
    type Item = Hash;

    fn merge(left: &Hash, right: &Hash) -> Hash {
        node_hash(left, right)
    }
}

/// What `merkle-cbt` says by itself. It wants indices in the order of the leaves' hashes.
fn crate_accepts(root: &Hash, claims: &[(u32, Hash)], lemmas: &[Hash]) -> bool {
    let mut claims = claims.to_vec();
    claims.sort_by_key(|(_, leaf)| *leaf);
    let (nodes, leaves): (Vec<u32>, Vec<Hash>) = claims.into_iter().unzip();
    MerkleProof::<Hash, Node>::new(nodes, lemmas.to_vec()).verify(root, &leaves)
}

/// What the wrapper says of the same claims, with nodes counted as positions where they are leaves.
fn wrapper_refuses(
    manifest: &Manifest,
    claims: &[(u32, Hash)],
    lemmas: &[Hash],
) -> BatchProofError {
    // Node numbers above the leaves have no position at all; they wrap to ones out of range.
    let first = manifest.files().len() - 1;
    let claims: Vec<(usize, Hash)> =
        claims.iter().map(|(node, leaf)| ((*node as usize).wrapping_sub(first), *leaf)).collect();
    let commitment = manifest.commitment();
    batch::verify(&FILES, &commitment, manifest.count(), &claims, lemmas).unwrap_err()
}

/// A made-up leaf runs out of lemmas, is dropped by the crate, and the root stands for itself.
#[test]
fn a_fake_beside_the_root_is_refused_though_the_crate_accepts_it() {
    let manifest = numbered(5);
    let root = nodes(&leaves(&manifest))[0];
    let fake = Hash::of(b"never committed");
    let claims = [(0, root), (7, fake)];
    assert!(crate_accepts(&root, &claims, &[]));
    let refused = wrapper_refuses(&manifest, &claims, &[]);
    assert!(matches!(refused, BatchProofError::IndexOutOfRange { .. }), "{refused}");
    // Beside a true leaf instead of the root there is no lemma for the fake either.
    let refused = wrapper_refuses(&manifest, &[(4, leaves(&manifest)[0]), (7, fake)], &[]);
    assert!(matches!(refused, BatchProofError::LemmaCount { found: 0, .. }), "{refused}");
}

#[test]
fn an_index_beyond_the_leaves_is_refused_though_the_crate_accepts_it() {
    let manifest = numbered(5);
    let root = nodes(&leaves(&manifest))[0];
    // Nodes of a tree of five are 0 to 8.
    let claims = [(0, root), (9, Hash::of(b"never committed"))];
    assert!(crate_accepts(&root, &claims, &[]));
    let refused = wrapper_refuses(&manifest, &claims[1..], &[]);
    assert_eq!(refused, BatchProofError::IndexOutOfRange { found: 5, count: 5 });
}

#[test]
fn a_repeated_index_is_refused_though_the_crate_accepts_it() {
    let manifest = numbered(2);
    let leaves = leaves(&manifest);
    let root = nodes(&leaves)[0];
    // Each copy of node 2 takes or misses a lemma; only one of the two leaves is in the tree.
    let accepted = [Hash::of(b"fake 0"), Hash::of(b"fake 1"), Hash::of(b"fake 2")]
        .into_iter()
        .flat_map(|fake| [[(2, leaves[1]), (2, fake)], [(2, fake), (2, leaves[1])]])
        .filter(|claims| crate_accepts(&root, claims, &leaves[..1]))
        .inspect(|claims| {
            let refused = wrapper_refuses(&manifest, claims, &leaves[..1]);
            assert_eq!(refused, BatchProofError::IndexRepeated { found: 1 });
        })
        .count();
    assert!(accepted > 0, "the crate no longer accepts this forgery");
}

#[test]
fn an_inner_node_given_as_a_leaf_is_refused_though_the_crate_accepts_it() {
    let manifest = numbered(5);
    let nodes = nodes(&leaves(&manifest));
    let claims = [(1, nodes[1])];
    assert!(crate_accepts(&nodes[0], &claims, &nodes[2..3]));
    let refused = wrapper_refuses(&manifest, &claims, &nodes[2..3]);
    assert!(matches!(refused, BatchProofError::IndexOutOfRange { .. }), "{refused}");
    // Nor does a smaller count help: it is in the commitment.
    let claims = [(0, nodes[1])];
    let commitment = manifest.commitment();
    let refused = batch::verify(&FILES, &commitment, 2, &claims, &nodes[2..3]).unwrap_err();
    assert!(matches!(refused, BatchProofError::CommitmentMismatch { .. }), "{refused}");
    assert_eq!(
        batch::verify(&FILES, &commitment, 0, &claims, &[]).unwrap_err(),
        BatchProofError::Count { found: 0, limit: batch::MAX_LEAVES }
    );
}

#[test]
fn a_lemma_more_or_less_is_refused() {
    let manifest = numbered(5);
    let leaves = leaves(&manifest);
    let lemmas = batch::prove(&leaves, &[2]).unwrap();
    let commitment = manifest.commitment();
    let verify = |lemmas: &[Hash]| batch::verify(&FILES, &commitment, 5, &[(2, leaves[2])], lemmas);
    assert_eq!(verify(&lemmas), Ok(()));
    let required = lemmas.len();
    for wrong in [&lemmas[1..], &[&lemmas[..], &lemmas[..1]].concat()] {
        let found = wrong.len();
        assert_eq!(verify(wrong), Err(BatchProofError::LemmaCount { found, required }));
    }
}

#[test]
fn the_tags_of_a_release_are_another_domain() {
    let fields: &[&[u8]] = &[b"member"];
    let leaf = batch::leaf(&batch::MEMBERS, fields);
    assert_ne!(leaf, batch::leaf(&FILES, fields));
    let commitment = batch::commitment(&batch::MEMBERS, &[leaf]).unwrap();
    assert_eq!(batch::verify(&batch::MEMBERS, &commitment, 1, &[(0, leaf)], &[]), Ok(()));
    assert!(batch::verify(&FILES, &commitment, 1, &[(0, leaf)], &[]).is_err());
}

#[test]
fn the_openings_are_read_as_they_are_written() {
    let manifest = named(&["b", "a/b", "é"]).unwrap();
    let json = manifest.to_openings();
    assert_eq!(Manifest::parse_openings(&json), Ok(manifest));
    let text = String::from_utf8(json).unwrap();
    assert!(
        text.starts_with(r#"{"schema":"attestry/openings/v1","role":"deliverable","count":3,"#)
    );
}

#[test]
fn openings_that_contradict_themselves_are_refused() {
    let manifest = numbered(3);
    let text = String::from_utf8(manifest.to_openings()).unwrap();
    let refuse = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        Manifest::parse_openings(text.replacen(from, to, 1).as_bytes()).unwrap_err()
    };
    assert_eq!(refuse("openings/v1", "openings/v2"), OpeningsError::Schema);
    let error = OpeningsError::Count { found: 3, required: 4 };
    assert_eq!(refuse(r#""count":3"#, r#""count":4"#), error);
    let error = OpeningsError::TotalSize { found: 3000, required: 3001 };
    assert_eq!(refuse(r#""total_size":3000"#, r#""total_size":3001"#), error);
    let refused = refuse("text/plain", "text/html");
    assert!(matches!(refused, OpeningsError::Commitment { .. }), "{refused}");
    let refused = refuse("f/001", "f/000");
    assert!(matches!(refused, OpeningsError::Manifest(ManifestError::DuplicatePath { .. })));
    for (from, to) in [
        (r#""role":"request""#, r#""role":"Request""#),
        (r#""role":"#, r#""extra":1,"role":"#),
        (r#""count":3"#, r#""count":3,"count":3"#),
        (r#""size":0"#, r#""size":-1"#),
        (r#""size":0"#, r#""size":0.5"#),
        (r#""path":"f/000""#, r#""path":"f/000","path":"x""#),
        (r#""sha256":""#, r#""sha256":"AA"#),
        (r#""salt":""#, r#""salt":"="#),
    ] {
        let refused = refuse(from, to);
        assert!(matches!(refused, OpeningsError::Json { .. }), "{from} to {to}: {refused}");
    }
}

#[test]
fn the_proof_document_is_read_as_it_is_written() {
    let proof = numbered(7).prove(&[0, 6]).unwrap();
    let json = proof.to_json();
    assert_eq!(ManifestProof::parse(&json), Ok(proof));
    let text = String::from_utf8(json).unwrap();
    let refuse = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        ManifestProof::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err()
    };
    assert_eq!(refuse("[0,6]", "[6,0]"), ManifestProofError::Order);
    assert_eq!(refuse("[0,6]", "[0,0]"), ManifestProofError::Order);
    assert_eq!(refuse("proof/v1", "proof/v2"), ManifestProofError::Schema);
    for (from, to) in [("[0,6]", "[-1]"), (r#""lemmas""#, r#""lemma""#), (r#"[""#, r#"["G"#)] {
        assert!(matches!(refuse(from, to), ManifestProofError::Json { .. }), "{from}");
    }
}

proptest! {
    #[test]
    fn openings_and_proofs_are_parsed_without_panic(input: Vec<u8>) {
        prop_assert!(Manifest::parse_openings(&input).is_err());
        prop_assert!(ManifestProof::parse(&input).is_err());
    }

    #[test]
    fn any_set_of_files_is_proven_and_no_other_record_is(
        count in 1_u8..=120,
        seeds in proptest::collection::vec(any::<prop::sample::Index>(), 1..20),
        flipped: prop::sample::Index,
    ) {
        let manifest = numbered(count);
        let indices: Vec<usize> =
            seeds.iter().map(|seed| seed.index(usize::from(count))).collect();
        let proof = manifest.prove(&indices).unwrap();
        let (commitment, total) = (manifest.commitment(), manifest.count());
        let mut files = picked(&manifest, proof.indices());
        prop_assert_eq!(proof.verify(&commitment, total, &files), Ok(()));
        let at = flipped.index(files.len());
        let mut other = files[at].1.clone();
        other.sha256.0[0] ^= 1;
        files[at].1 = &other;
        prop_assert!(proof.verify(&commitment, total, &files).is_err());
    }
}
