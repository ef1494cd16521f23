//! Which evidence belongs to which statement: by content, by name beside it, or by trying.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use attestry_proof::cose::SignedStatement;
use attestry_proof::hash::Hash;
use attestry_proof::log::checkpoint::SignedCheckpoint;
use attestry_proof::log::proof_file::LogProof;
use attestry_proof::log::tree::verify_inclusion;

use crate::evidence::Evidence;
use crate::input::{Inputs, Item, stem};
use crate::pool;

/// Most pairs of a proof and a statement that are tried.
const TRIALS_MAX: usize = 4_000_000;

/// Evidence for each statement, and the files that belong to none.
#[derive(Debug, Default)]
pub(crate) struct Pairing<'a> {
    /// In the order of the statements.
    pub(crate) evidence: Vec<Evidence<'a>>,
    /// Receipts that lie beside no statement.
    pub(crate) receipts_left: Vec<&'a Item>,
    /// Names of proofs that fit no statement.
    pub(crate) proofs_left: Vec<&'a str>,
}

/// Pairs everything; payloads are found by digest when a statement is judged.
pub(crate) fn pair(inputs: &Inputs, summaries: bool, jobs: NonZeroUsize) -> Pairing<'_> {
    let evidence = inputs.statements.iter().map(|item| Evidence {
        statement: &item.bytes,
        payloads: Some(&inputs.payloads),
        summaries,
        ..Evidence::default()
    });
    let mut pairing = Pairing { evidence: evidence.collect(), ..Pairing::default() };
    let mut beside: HashMap<&str, usize> = HashMap::with_capacity(inputs.statements.len());
    for (place, statement) in inputs.statements.iter().enumerate() {
        beside.entry(statement.stem()).or_insert(place);
    }
    for (name, digest) in &inputs.payload_files {
        if let Some(place) = beside.get(stem(name)) {
            pairing.evidence[*place].payload_beside = Some(*digest);
        }
    }
    for item in &inputs.receipts {
        match beside.get(item.stem()) {
            Some(place) => pairing.evidence[*place].receipts.push(&item.bytes),
            None => pairing.receipts_left.push(item),
        }
    }
    let mut loose = Vec::new();
    for item in &inputs.proofs {
        match beside.get(item.stem()) {
            Some(place) => pairing.evidence[*place].proofs.push(&item.bytes),
            None => loose.push(item),
        }
    }
    if !loose.is_empty() {
        pairing.try_each(&loose, jobs);
    }
    pairing
}

impl<'a> Pairing<'a> {
    /// Finds, for each loose proof, the statement that is at its index under its root.
    fn try_each(&mut self, loose: &[&'a Item], jobs: NonZeroUsize) {
        let leaves: Vec<Option<Hash>> = pool::map(jobs, &self.evidence, |evidence| {
            let parsed = SignedStatement::parse(evidence.statement).ok();
            parsed.map(|(statement, _)| statement.leaf_hash())
        });
        let tried_max = (TRIALS_MAX / leaves.len().max(1)).max(1);
        let places = pool::map(jobs, &loose[..loose.len().min(tried_max)], |item| {
            let proof = LogProof::parse(&item.bytes).ok()?;
            let signed = SignedCheckpoint::parse(proof.checkpoint()).ok()?;
            let (size, root) = (signed.checkpoint().size(), signed.checkpoint().root());
            leaves.iter().position(|leaf| {
                leaf.is_some_and(|leaf| {
                    verify_inclusion(&leaf, proof.index(), size, proof.path(), &root).is_ok()
                })
            })
        });
        let places = places.into_iter().chain(std::iter::repeat(None));
        for (item, place) in loose.iter().zip(places) {
            match place {
                Some(place) => self.evidence[place].proofs.push(&item.bytes),
                None => self.proofs_left.push(&item.name),
            }
        }
    }
}
