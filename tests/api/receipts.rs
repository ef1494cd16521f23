//! Receipts, proofs and checkpoints: each leads to a root that the log's own keys signed.

use attestry_proof::{
    cose::{
        Receipt, ReceiptError, SignedStatement, TransparentStatement,
        key::{parse_key, parse_key_set},
        receipt::Position,
    },
    hash::Hash,
    key::PublicKey,
    log::{
        checkpoint::SignedCheckpoint, note::VerifierKey, proof_file::LogProof,
        tree::verify_consistency, trust::TrustPolicy,
    },
    payload::{Payload, genesis::Genesis},
    size::TreeSize,
};
use coset::cbor::Value;

use crate::support::{ORIGIN, Refusal, Server, cbor};

const NOT_FOUND: Refusal = (404, "not-found", "Not found");
const MALFORMED: Refusal = (400, "malformed-request", "Malformed request");

async fn receipt_key(server: &Server) -> PublicKey {
    let answer = server.get("/.well-known/scitt-keys").send().await.status(200);
    assert_eq!(answer.header("content-type"), "application/cbor");
    let keys = parse_key_set(&answer.body).unwrap();
    assert_eq!(keys.len(), 1);
    keys[0]
}

fn leaf(statement: &[u8]) -> Hash {
    SignedStatement::parse(statement).unwrap().0.leaf_hash()
}

/// Verifies a receipt as a stranger does, with the keys that the service publishes.
pub async fn verify(server: &Server, receipt: &[u8], statement: &[u8]) -> Position {
    let key = receipt_key(server).await;
    let receipt = Receipt::parse(receipt).unwrap();
    let verdict = receipt.verify_inclusion(&leaf(statement), &key, ORIGIN).unwrap();
    verdict.position.expect("the size is signed")
}

#[tokio::test]
async fn registration_answers_with_a_receipt_and_a_place() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let statement = server.draft(&member).signed(&member).encode();
    let answer = server.post("/entries").cose(&statement).send().await.status(201);
    assert_eq!(answer.header("content-type"), "application/cose");
    let position = verify(&server, &answer.body, &statement).await;
    assert_eq!(position.size, server.size());
    let place = format!("/entries/{}", position.index);
    assert_eq!(answer.header("location"), format!("{}{place}", server.url));

    // Later, with more entries, a fresh receipt for the same place.
    server.submission(&member).await;
    let fresh = server.get(place).send().await.status(200);
    assert_eq!(fresh.header("content-type"), "application/cose");
    assert_ne!(fresh.body, answer.body);
    let later = verify(&server, &fresh.body, &statement).await;
    assert_eq!((later.index, later.size), (position.index, server.size()));
}

#[tokio::test]
async fn a_receipt_counts_under_the_size_that_was_signed_and_no_other() {
    let server = Server::start().await;
    let member = server.contractor().await;
    for _ in 0..4 {
        server.submission(&member).await;
    }
    let statement = server.draft(&member).signed(&member).encode();
    let answer = server.post("/entries").cose(&statement).send().await.status(201);
    let position = verify(&server, &answer.body, &statement).await;
    let key = receipt_key(&server).await;
    let check = |receipt: &[u8], leaf: &Hash, origin: &str| {
        Receipt::parse(receipt).and_then(|receipt| receipt.verify_inclusion(leaf, &key, origin))
    };
    let leaf = leaf(&statement);
    let (size, index) = (position.size.0, position.index.0);
    for (size, index) in [(size + 1, index), (size - 1, index), (size, index - 1), (1 << 40, index)]
    {
        let forged = with_position(&answer.body, size, index);
        assert!(check(&forged, &leaf, ORIGIN).is_err(), "{size} {index}");
    }
    assert_eq!(with_position(&answer.body, size, index), answer.body);
    let other = check(&answer.body, &Hash::of(b"another leaf"), ORIGIN);
    assert_eq!(other, Err(ReceiptError::SignatureInvalid));
    assert_eq!(check(&answer.body, &leaf, "other.log"), Err(ReceiptError::WrongOrigin));
}

/// The receipt with another size and index in its proof.
fn with_position(receipt: &[u8], size: u64, index: u64) -> Vec<u8> {
    let Value::Tag(tag, message) = coset::cbor::de::from_reader(receipt).unwrap() else { panic!() };
    let mut parts = message.into_array().unwrap();
    let proof = parts[1].as_map_mut().unwrap()[0].1.as_map_mut().unwrap();
    let proof = proof[0].1.as_array_mut().unwrap()[0].as_bytes_mut().unwrap();
    let Value::Array(mut fields) = coset::cbor::de::from_reader(&proof[..]).unwrap() else {
        panic!()
    };
    (fields[0], fields[1]) = (Value::from(size), Value::from(index));
    *proof = cbor(&Value::Array(fields));
    cbor(&Value::Tag(tag, Box::new(Value::Array(parts))))
}

async fn genesis(server: &Server) -> Genesis {
    let bytes = server.get("/api/v1/entries/0/statement").send().await.status(200).body;
    let (statement, _) = SignedStatement::parse(&bytes).unwrap();
    let path = format!("/api/v1/payloads/{}", statement.payload_digest());
    let payload = server.get(path).send().await.status(200);
    assert_eq!(payload.digest(), statement.payload_digest());
    let payload = Payload::parse(&payload.body, false).unwrap();
    payload.check(statement.header()).unwrap();
    let Payload::Genesis(genesis) = payload else { panic!("entry 0 is a {}", payload.kind()) };
    statement.verify(&genesis.body().service_key.public_key.0).unwrap();
    genesis.body().clone()
}

#[tokio::test]
async fn the_first_entry_names_the_keys_that_everything_else_is_signed_with() {
    let server = Server::start().await;
    let genesis = genesis(&server).await;
    let about = server.get("/api/v1/log").send().await.status(200).json();
    assert_eq!(about["origin"], ORIGIN);
    assert_eq!(genesis.origin.as_str(), ORIGIN);
    assert_eq!(about["note_vkey"], genesis.note_vkey.as_str());
    assert_eq!(about["receipt_key"], genesis.receipt_key.thumbprint.0.to_string());
    assert_eq!(about["service_key"], genesis.service_key.thumbprint.0.to_string());
    assert_eq!(about["entries_public"], false);
    assert_eq!(about["size"], server.size().0);
    let key = receipt_key(&server).await;
    assert_eq!(genesis.receipt_key.public_key.0, key);
    let one = server.get(format!("/.well-known/scitt-keys/{}", key.thumbprint())).send().await;
    assert_eq!(parse_key(&one.status(200).body), Ok(key));
    let other = server.admin.thumbprint();
    let missing = server.get(format!("/.well-known/scitt-keys/{other}")).send().await;
    missing.refused_concisely(404, "No such key");
    let receipt = server.get("/entries/0").send().await.status(200);
    let bytes = server.get("/api/v1/entries/0/statement").send().await.status(200).body;
    assert_eq!(verify(&server, &receipt.body, &bytes).await.index.0, 0);
}

#[tokio::test]
async fn checkpoints_verify_and_continue_each_other() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let genesis = genesis(&server).await;
    let key = VerifierKey::parse(genesis.note_vkey.as_str()).unwrap();
    let first = checkpoint(&server, &key).await;
    let index = {
        let statement = server.draft(&member).signed(&member).encode();
        server.register(&statement).await
    };
    // A proof that waits is under a checkpoint that covers the entry.
    let path = format!("/api/v1/entries/{index}/proof?wait=true");
    let proof = LogProof::parse(&server.get(path).send().await.status(200).body).unwrap();
    let entry =
        server.get(format!("/api/v1/entries/{index}")).by(&member).send().await.status(200).json();
    let leaf = Hash::from_hex(entry["leaf_hash"].as_str().unwrap()).unwrap();
    let policy = TrustPolicy::of_log(&key, None).unwrap();
    let proven = proof.verify(&leaf, &policy).unwrap();
    assert_eq!(proof.index().0, index);
    assert!(proof.verify(&Hash::of(b"other"), &policy).is_err());
    drop(proven);

    let second = checkpoint(&server, &key).await;
    let (old, new) = (first.checkpoint(), second.checkpoint());
    assert!(new.size() > old.size());
    let path = format!("/api/v1/consistency?from={}&to={}", old.size(), new.size());
    let answer = server.get(path).send().await.status(200).json();
    let path: Vec<Hash> = serde_json::from_value::<Vec<String>>(answer["path"].clone())
        .unwrap()
        .iter()
        .map(|hex| Hash::from_hex(hex).unwrap())
        .collect();
    verify_consistency(old.size(), &old.root(), new.size(), &new.root(), &path).unwrap();
    assert!(
        verify_consistency(old.size(), &Hash::of(b""), new.size(), &new.root(), &path).is_err()
    );
}

async fn checkpoint(server: &Server, key: &VerifierKey) -> SignedCheckpoint {
    let answer = server.get("/checkpoint").send().await.status(200);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    let checkpoint = SignedCheckpoint::parse(&answer.body).unwrap();
    checkpoint.verify_log_key(key).unwrap();
    assert_eq!(checkpoint.checkpoint().origin(), ORIGIN);
    checkpoint
}

#[tokio::test]
async fn transparent_statements_carry_all_that_a_stranger_needs() {
    let server = Server::start().await;
    let member = server.contractor().await;
    let message = server.draft(&member).signed(&member);
    let index = server.register(&message.encode()).await;
    let path = format!("/api/v1/entries/{index}/statement?wait=true");
    let answer = server.get(path).by(&member).send().await.status(200);
    assert_eq!(answer.header("content-type"), "application/cose");
    let whole = TransparentStatement::parse(&answer.body).unwrap();
    assert_eq!(whole.statement.entry_bytes(), message.clone().bare().encode());
    assert_eq!(whole.issuer_key, Some(member.public));
    assert_eq!(whole.receipts.len(), 1);
    let position = verify(&server, &whole.receipts[0], &message.encode()).await;
    assert_eq!(position.index.0, index);
    assert_eq!(LogProof::parse(&whole.log_proof.unwrap()).unwrap().index().0, index);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let server = Server::start().await;
    let size = server.size();
    for id in [size.to_string(), "99999999".into(), "00".into(), "-1".into(), "x".into()] {
        server.get(format!("/entries/{id}")).send().await.refused_concisely(404, "Not found");
        for path in ["", "/proof", "/statement"] {
            server.get(format!("/api/v1/entries/{id}{path}")).send().await.refused(NOT_FOUND);
        }
    }
    let digest = Hash::of(b"nothing").to_hex();
    server.get(format!("/api/v1/payloads/{digest}")).send().await.refused(NOT_FOUND);
    server.get("/api/v1/payloads/abc").send().await.refused(MALFORMED);
    server.get("/api/v1/clauses/effort/9.9/en").send().await.refused(NOT_FOUND);
    let TreeSize(beyond) = TreeSize(size.0 + 1);
    for (from, to) in [(1, beyond), (beyond, beyond), (size.0, 1)] {
        let path = format!("/api/v1/consistency?from={from}&to={to}");
        server.get(path).send().await.refused(NOT_FOUND);
    }
    for query in ["", "?from=1", "?from=1&to=x", "?from=-1&to=2"] {
        server.get(format!("/api/v1/consistency{query}")).send().await.refused(MALFORMED);
    }
}

#[tokio::test]
async fn clause_texts_are_the_ones_announced() {
    let server = Server::start().await;
    let about = server.get("/api/v1/log").send().await.status(200).json();
    let sets = about["clause_sets"].as_array().unwrap();
    assert!(sets.len() >= 7, "{sets:?}");
    for set in sets {
        let text = |name: &str| set[name].as_str().unwrap();
        let path =
            format!("/api/v1/clauses/{}/{}/{}", text("set"), text("version"), text("locale"));
        let answer = server.get(path).send().await.status(200);
        assert_eq!(answer.digest().to_hex(), text("sha256"));
        assert_eq!(answer.header("content-type"), "text/markdown; charset=utf-8");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_that_checks_packs_is_there_for_everybody_and_may_fetch_nothing() {
    let server = Server::start().await;
    let page = server.get("/verify.html").send().await.status(200);
    assert_eq!(page.body, attestry::export::verifier::page().as_bytes());
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(policy.ends_with("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
}
