//! `manifests.json`: file records, commitments and proofs for several files.

use attestry_proof::hash::Hash;
use attestry_proof::manifest::batch::{self, FILES};
use attestry_proof::manifest::{FileRecord, Manifest, ManifestProof, Role};
use serde_json::{Value, json};

use crate::case::{Case, Disagreements, File};

fn record(value: &Value) -> FileRecord {
    serde_json::from_value(value.clone()).unwrap_or_else(|e| panic!("{value}: {e}"))
}

fn records(case: Case<'_>) -> Vec<FileRecord> {
    case.list("files").iter().map(record).collect()
}

fn indices(proof: Case<'_>) -> Vec<usize> {
    serde_json::from_value(proof.get("indices").clone()).expect("indices")
}

#[test]
fn commitments_agree() {
    for case in File::load("manifests").cases("manifests") {
        let manifest = Manifest::new(Role::Deliverable, records(case)).expect("a manifest");
        let leaves: Vec<Hash> = manifest.files().iter().map(FileRecord::leaf).collect();
        assert_eq!(leaves, case.hashes("leaves"), "{}", case.about());
        assert_eq!(manifest.count(), case.number("count"), "{}", case.about());
        assert_eq!(manifest.total_size(), case.number("total_size"), "{}", case.about());
        assert_eq!(manifest.commitment(), case.hash("commitment"), "{}", case.about());
        // The order in which files are handed over is not part of the commitment.
        let backwards = records(case).into_iter().rev().collect();
        let again = Manifest::new(Role::Request, backwards).expect("a manifest");
        assert_eq!(again.commitment(), case.hash("commitment"), "{}", case.about());
    }
}

#[test]
fn proofs_are_made_and_accepted() {
    for case in File::load("manifests").cases("manifests") {
        let (files, commitment) = (records(case), case.hash("commitment"));
        let manifest = Manifest::new(Role::Deliverable, files.clone()).expect("a manifest");
        for expected in case.objects("proofs") {
            let (indices, lemmas) = (indices(expected), expected.hashes("lemmas"));
            let proof = manifest.prove(&indices).expect("positions of the manifest");
            assert_eq!((proof.indices(), proof.lemmas()), (&indices[..], &lemmas[..]));
            let shown: Vec<(usize, &FileRecord)> =
                indices.iter().map(|i| (*i, &files[*i])).collect();
            let verdict = proof.verify(&commitment, manifest.count(), &shown);
            assert_eq!(verdict, Ok(()), "{} {indices:?}", case.about());
            assert_eq!(ManifestProof::parse(&proof.to_json()), Ok(proof));
        }
    }
}

/// For every proof of the vectors: a changed lemma, one too many, one too few, another count, and a
/// leaf in the wrong place.
#[test]
fn bent_proofs_are_refused() {
    for case in File::load("manifests").cases("manifests") {
        let (leaves, commitment, count) =
            (case.hashes("leaves"), case.hash("commitment"), case.number("count"));
        for proof in case.objects("proofs") {
            let shown: Vec<(usize, Hash)> =
                indices(proof).into_iter().map(|index| (index, leaves[index])).collect();
            let lemmas = proof.hashes("lemmas");
            let verify = |count, shown: &[(usize, Hash)], lemmas: &[Hash]| {
                batch::verify(&FILES, &commitment, count, shown, lemmas)
            };
            assert_eq!(verify(count, &shown, &lemmas), Ok(()));
            for at in 0..lemmas.len() {
                let mut bent = lemmas.clone();
                bent[at].0[0] ^= 1;
                assert!(verify(count, &shown, &bent).is_err(), "{} lemma {at}", case.about());
            }
            let longer = [lemmas.clone(), vec![commitment]].concat();
            assert!(verify(count, &shown, &longer).is_err(), "{} longer", case.about());
            if let Some((_, shorter)) = lemmas.split_last() {
                assert!(verify(count, &shown, shorter).is_err(), "{} shorter", case.about());
            }
            assert!(verify(count + 1, &shown, &lemmas).is_err(), "{} count", case.about());
            let mut foreign = shown.clone();
            foreign[0].1.0[31] ^= 0x80;
            assert!(verify(count, &foreign, &lemmas).is_err(), "{} leaf", case.about());
            let beyond = [shown, vec![(leaves.len(), commitment)]].concat();
            assert!(verify(count, &beyond, &lemmas).is_err(), "{} beyond", case.about());
        }
    }
}

#[test]
fn every_field_of_a_record_is_in_its_leaf() {
    let file = File::load("manifests");
    let mut seen = std::collections::BTreeSet::new();
    for case in file.cases("records") {
        let leaf = record(case.get("file")).leaf();
        assert_eq!(leaf, case.hash("leaf"), "{}", case.about());
        assert!(seen.insert(leaf), "{} does not change the leaf", case.about());
    }
}

#[test]
fn paths_are_judged_as_the_vectors_say() {
    let mut wrong = Disagreements::default();
    for case in File::load("manifests").cases("paths") {
        let mut file = named("x");
        file.path = case.text("path").to_owned();
        let verdict = file.validate();
        wrong.check(case, verdict.is_ok() == case.yes("accepted"), verdict);
    }
    wrong.none();
}

#[test]
fn sets_of_paths_are_judged_as_the_vectors_say() {
    let mut wrong = Disagreements::default();
    for case in File::load("manifests").cases("sets") {
        let paths = case.list("paths").iter().map(|path| path.as_str().expect("text"));
        let files = paths.enumerate().map(|(number, path)| {
            let mut file = named(path);
            file.salt[0] = u8::try_from(number).expect("few files");
            file
        });
        let verdict = Manifest::new(Role::Deliverable, files.collect());
        wrong.check(case, verdict.is_ok() == case.yes("accepted"), verdict);
    }
    wrong.none();
}

fn named(path: &str) -> FileRecord {
    record(&json!({
        "path": path, "size": 1, "media_type": "text/plain", "sha256": "00".repeat(32),
        "salt": "A".repeat(43),
    }))
}
