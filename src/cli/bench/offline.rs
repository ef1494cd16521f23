//! A log made in memory, and transparent statements out of it as its members would hold them.

use std::sync::Arc;

use attestry_policy::clauses::ClauseCatalogue;
use attestry_proof::{
    cose::{
        Attachments, ReceiptHeader, RootSignature, SignedStatement, TransparentStatement,
        UnsignedReceipt,
    },
    hash::Hash,
    key::PublicKey,
    log::{
        checkpoint::Checkpoint,
        edge::{Edge, Growth},
        note::{KeyKind, Note, NoteSignature, VerifierKey},
        proof_file::LogProof,
        trust::TrustPolicy,
    },
    size::LeafIndex,
};
use chrono::Utc;

use super::statements::{self, Batch};
use crate::{
    assets,
    cli::output::Failure,
    entropy::{OsEntropy, random_bytes},
    http::routes::log::ClauseSetInfo,
    keys::{LocalSigner, LogSigners, Signer},
    service::genesis::genesis,
    store::ledger::StoredPayload,
};

const ORIGIN: &str = "bench.attestry.localhost/log";
/// Entries of one batch: as many receipts carry the same signature.
const BATCH_ENTRIES: usize = 64;
/// Contractors who sign in turn.
const CONTRACTORS: usize = 8;

/// What a consumer holds.
pub struct Held {
    /// Trusts the log, asks for no witness.
    pub policy: TrustPolicy,
    /// The genesis statement with its proof, and the payload it commits to.
    pub genesis: (Vec<u8>, Vec<u8>),
    /// Statements with receipt, proof and issuer's key.
    pub statements: Vec<Vec<u8>>,
    /// Bytes that the signature of each covers.
    pub signed_bytes: usize,
}

/// Makes a log of `count` statements.
///
/// # Errors
/// Policies that are built in cannot be read; nothing else is expected.
pub fn hold(count: usize) -> Result<Held, Failure> {
    let signers = LogSigners { note: signer()?, receipt: signer()?, service: signer()? };
    let contractors = (0..CONTRACTORS).map(|_| local_signer()).collect::<Result<Vec<_>, _>>()?;
    let policies = assets::policies();
    let first = genesis(&signers, ORIGIN, &policies, Utc::now()).map_err(Failure::service)?;
    let Batch { statements, signed_bytes, .. } =
        statements::prepare(count, &contractors, ORIGIN, &clause_sets(&policies)?)?;
    let first_leaves = first.iter().map(|candidate| candidate.leaf_hash);
    let leaves: Vec<Hash> = first_leaves.chain(statements.iter().map(|one| one.leaf)).collect();

    let log = MemoryLog::new(&signers, &leaves)?;
    let service_key = signers.service.public_key();
    let (Some(opening), Some(StoredPayload::Public(payload))) =
        (first.first(), first.first().map(|candidate| candidate.payload.clone()))
    else {
        return Err(Failure::service("the genesis statement is not public"));
    };
    let genesis = SignedStatement::parse_entry(&opening.entry).map_err(Failure::service)?;
    let genesis = log.transparent(LeafIndex(0), genesis, service_key)?;
    let keys: Vec<PublicKey> = contractors.iter().map(Signer::public_key).collect();
    let mut held = Vec::with_capacity(count);
    for (number, prepared) in statements.iter().enumerate() {
        let (statement, Attachments { .. }) =
            SignedStatement::parse(&prepared.bytes).map_err(Failure::service)?;
        let index = LeafIndex((first.len() + number) as u64);
        held.push(log.transparent(index, statement, keys[number % keys.len()])?);
    }
    let policy = TrustPolicy::of_log(&log.note_key, None).map_err(Failure::service)?;
    Ok(Held { policy, genesis: (genesis, payload), statements: held, signed_bytes })
}

struct MemoryLog {
    note_key: VerifierKey,
    /// The whole tree at once, for proofs to the checkpoint.
    whole: Growth,
    checkpoint: Vec<u8>,
    /// Batch after batch, for receipts.
    batches: Vec<(Growth, RootSignature)>,
}

impl MemoryLog {
    fn new(signers: &LogSigners, leaves: &[Hash]) -> Result<Self, Failure> {
        let mut edge = Edge::empty();
        let mut batches = Vec::with_capacity(leaves.len().div_ceil(BATCH_ENTRIES));
        for batch in leaves.chunks(BATCH_ENTRIES) {
            let growth = edge.grow(batch);
            edge = growth.edge().clone();
            let signature = sign_root(&*signers.receipt, &growth)?;
            batches.push((growth, signature));
        }
        let note_key = VerifierKey::new(ORIGIN, KeyKind::Ed25519, signers.note.public_key());
        let note_key = note_key.map_err(Failure::service)?;
        let whole = Edge::empty().grow(leaves);
        let checkpoint = Checkpoint::new(ORIGIN, whole.edge().size(), whole.root());
        let text = checkpoint.and_then(|made| Ok(made.text()?)).map_err(Failure::service)?;
        let signature = signers.note.sign(text.to_be_signed()).map_err(Failure::service)?;
        let line = NoteSignature::by(&note_key, &signature).map_err(Failure::service)?;
        let note = Note::new(text, vec![line]).map_err(Failure::service)?;
        Ok(Self { note_key, whole, checkpoint: note.to_bytes(), batches })
    }

    fn transparent(
        &self,
        index: LeafIndex,
        statement: SignedStatement,
        issuer_key: PublicKey,
    ) -> Result<Vec<u8>, Failure> {
        let missing = || Failure::service(format!("entry {index} has no proof"));
        let (growth, signature) = usize::try_from(index.0)
            .ok()
            .and_then(|index| self.batches.get(index / BATCH_ENTRIES))
            .ok_or_else(missing)?;
        let path = growth.inclusion(index).ok_or_else(missing)?;
        let receipt = signature.receipt(index, &path);
        let path = self.whole.inclusion(index).ok_or_else(missing)?;
        let proof = LogProof::new(index, path, self.checkpoint.clone()).to_bytes();
        let whole = TransparentStatement {
            statement,
            receipts: vec![receipt],
            issuer_key: Some(issuer_key),
            log_proof: Some(proof),
        };
        whole.encode().map_err(Failure::service)
    }
}

fn sign_root(signer: &dyn Signer, growth: &Growth) -> Result<RootSignature, Failure> {
    let kid = signer.public_key().thumbprint();
    let (issuer, origin, size) = (kid.uri(), ORIGIN.to_owned(), growth.edge().size());
    let header = ReceiptHeader { kid, issuer, origin, size };
    let unsigned = UnsignedReceipt::new(&header, growth.root()).map_err(Failure::service)?;
    let signature = signer.sign(&unsigned.to_be_signed()).map_err(Failure::service)?;
    Ok(unsigned.attach(signature))
}

fn signer() -> Result<Arc<dyn Signer>, Failure> {
    Ok(Arc::new(local_signer()?))
}

fn local_signer() -> Result<LocalSigner, Failure> {
    LocalSigner::from_seed(&random_bytes(&OsEntropy)).map_err(Failure::service)
}

/// The texts of the policies, as a service lists them.
fn clause_sets(policies: &[assets::NamedFile]) -> Result<Vec<ClauseSetInfo>, Failure> {
    let files: Vec<(&str, &[u8])> =
        policies.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    let catalogue = ClauseCatalogue::parse(&files).map_err(Failure::service)?;
    let info = |text: &attestry_policy::clauses::ClauseText| ClauseSetInfo {
        set: text.set().to_owned(),
        version: text.version().to_owned(),
        locale: text.locale().to_owned(),
        sha256: Hash(*text.sha256()).to_hex(),
        clauses: text.clauses().to_vec(),
    };
    Ok(catalogue.texts().iter().map(info).collect())
}

#[cfg(test)]
mod tests {
    use attestry_verify::{Evidence, PayloadStore, Verdict, Verifier};

    use super::*;

    #[test]
    fn what_is_held_verifies_and_anything_else_does_not() {
        let held = hold(70).unwrap();
        let mut verifier = Verifier::new(held.policy.clone());
        let mut payloads = PayloadStore::default();
        payloads.insert(held.genesis.1.clone(), None);
        let evidence = Evidence {
            statement: &held.genesis.0,
            payloads: Some(&payloads),
            ..Evidence::default()
        };
        verifier.adopt_genesis(&evidence).unwrap();
        assert_eq!(held.statements.len(), 70);
        for statement in &held.statements {
            let verdict = verifier.verify_statement(statement);
            assert_eq!((verdict.verdict(), verdict.receipts_verified), (Verdict::Verified, 1));
        }
        let stranger = Verifier::new(hold(2).unwrap().policy);
        let verdict = stranger.verify_statement(&held.statements[0]);
        assert_ne!(verdict.verdict(), Verdict::Verified);
    }
}
