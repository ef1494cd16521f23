//! Costs of the pure crate, one operation at a time: `cargo bench --bench proof`.
//!
//! What the whole service does is measured by `attestry bench`.

use std::{hint::black_box, time::Duration};

use attestry_proof::{
    cose::{
        ContentType, Header, Receipt, ReceiptHeader, SignedStatement, Subject, UnsignedReceipt,
        UnsignedStatement, statement::Algorithm,
    },
    hash::{Hash, leaf_hash},
    key::PublicKey,
    log::edge::{Edge, Growth},
    manifest::{FileRecord, Manifest, Role},
    payload::Payload,
    size::LeafIndex,
};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ed25519_dalek::{Signer as _, SigningKey};
use uuid::Uuid;

const ORIGIN: &str = "log.example/bench";
/// Leaves of the log that a batch is appended to.
const LOG_LEAVES: u64 = 1_000_000;
const BATCH_LEAVES: u64 = 64;
const MANIFEST_FILES: u64 = 100_000;

/// A payload as contractors sign it.
const PAYLOAD: &str = r#"{"schema":1,"type":"effort","salt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","envelope":{"subject":"3f1f6c2e-6a43-4a0e-9d0b-2f6f3c1f9a10","stated_at":"2026-03-01T12:00:00Z","clauses":{"set":"effort","version":"1.0","locale":"en","text_sha256":"c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1"},"answers":[{"clause":"time-honest","answer":"yes","text":null},{"clause":"on-the-job","answer":"yes","text":null},{"clause":"occupation-true","answer":"yes","text":null},{"clause":"records-kept","answer":"yes","text":null}],"manifests":[{"role":"deliverable","commitment":"1212121212121212121212121212121212121212121212121212121212121212","count":3}],"signer":{"capacity":"contractor","jurisdiction":"US-CA","governing_law":"US-CA"},"work_period":{"start":"2025-05-01","end":"2025-05-31"},"knowledge":"personal-knowledge","duty_to_update":"agreed","electronic_signature":{"esign":"not-applicable","ueta_intent":"agreed","eidas_level":"simple"},"supersedes":null,"tool":{"name":"attestry","version":"0.1.0"}},"body":{"occupation":{"scheme":"onet-soc","code":"13-2051.00","title":"Financial analyst"},"seniority":"senior","minutes":390,"basis":"timesheet","period":{"start":"2025-05-02","end":"2025-05-09"},"evidence":[],"on_the_job":"yes"}}"#;

fn leaves(range: std::ops::Range<u64>) -> Vec<Hash> {
    range.map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

fn public(secret: &SigningKey) -> PublicKey {
    PublicKey::from_bytes(secret.verifying_key().as_bytes()).expect("a fresh key is acceptable")
}

fn batch() -> (Edge, Growth) {
    let edge = Edge::empty().grow(&leaves(0..LOG_LEAVES)).into_edge();
    let growth = edge.grow(&leaves(LOG_LEAVES..LOG_LEAVES + BATCH_LEAVES));
    (edge, growth)
}

fn tree(criterion: &mut Criterion) {
    let (edge, growth) = batch();
    let more = leaves(LOG_LEAVES..LOG_LEAVES + BATCH_LEAVES);
    let mut group = criterion.benchmark_group("edge");
    group.throughput(Throughput::Elements(BATCH_LEAVES));
    group.bench_function("grow by 64 at 1,000,000", |run| run.iter(|| edge.grow(black_box(&more))));
    group.bench_function("64 inclusion paths", |run| {
        let indices = LOG_LEAVES..LOG_LEAVES + BATCH_LEAVES;
        run.iter(|| {
            indices.clone().map(|index| growth.inclusion(LeafIndex(index))).collect::<Vec<_>>()
        });
    });
    group.finish();
}

fn statement(criterion: &mut Criterion) {
    let secret = SigningKey::from_bytes(&[1; 32]);
    let key = public(&secret);
    let header = Header {
        algorithm: Algorithm::EdDsa,
        issuer: key.thumbprint(),
        subject: Subject::Submission(Uuid::from_u128(1)),
        audience: ORIGIN.to_owned(),
        issued_at: 1_770_000_000,
        content_type: ContentType::Sealed,
    };
    let unsigned = UnsignedStatement::new(header, Hash::of(PAYLOAD.as_bytes()));
    let unsigned = unsigned.expect("the header is acceptable");
    let message = unsigned.to_be_signed();
    let signature = secret.sign(&message).to_bytes();
    let signed = unsigned.attach(signature);
    let entry = signed.entry_bytes();

    let mut group = criterion.benchmark_group("statement");
    group.bench_function("strict signature alone", |run| {
        run.iter(|| key.verify(black_box(&message), &signature));
    });
    group.bench_function("parse", |run| {
        run.iter(|| SignedStatement::parse_entry(black_box(&entry)));
    });
    group.bench_function("parse and verify", |run| {
        run.iter(|| {
            SignedStatement::parse_entry(black_box(&entry)).map(|parsed| parsed.verify(&key))
        });
    });
    group.bench_function("public key from bytes", |run| {
        run.iter(|| PublicKey::from_bytes(black_box(key.as_bytes())));
    });
    group.bench_function("payload", |run| {
        run.iter(|| Payload::parse(black_box(PAYLOAD.as_bytes()), true));
    });
    group.finish();
    assert!(Payload::parse(PAYLOAD.as_bytes(), true).is_ok(), "the payload measured is valid");
}

fn receipt(criterion: &mut Criterion) {
    let secret = SigningKey::from_bytes(&[2; 32]);
    let key = public(&secret);
    let (_, growth) = batch();
    let kid = key.thumbprint();
    let (issuer, origin, size) = (kid.uri(), ORIGIN.to_owned(), growth.edge().size());
    let header = ReceiptHeader { kid, issuer, origin, size };
    let unsigned = UnsignedReceipt::new(&header, growth.root()).expect("the header is acceptable");
    let signature = secret.sign(&unsigned.to_be_signed()).to_bytes();
    let signed = unsigned.attach(signature);
    let index = LeafIndex(LOG_LEAVES + 7);
    let leaf = leaf_hash(&index.0.to_be_bytes());
    let path = growth.inclusion(index).expect("the batch has this leaf");
    let bytes = signed.receipt(index, &path);
    let parsed = Receipt::parse(&bytes).expect("what was written is read");
    assert!(parsed.verify_inclusion(&leaf, &key, ORIGIN).is_ok(), "the receipt measured is valid");

    let mut group = criterion.benchmark_group("receipt");
    group.bench_function("encode", |run| run.iter(|| signed.receipt(index, black_box(&path))));
    group.bench_function("parse", |run| run.iter(|| Receipt::parse(black_box(&bytes))));
    group.bench_function("follow the path", |run| {
        run.iter(|| parsed.claim_inclusion(black_box(&leaf), &key, ORIGIN).map(|_| ()));
    });
    group.bench_function("follow the path and verify", |run| {
        run.iter(|| parsed.verify_inclusion(black_box(&leaf), &key, ORIGIN));
    });
    group.finish();
}

fn files() -> Vec<FileRecord> {
    let file = |number: u64| FileRecord {
        path: format!("src/part-{:03}/file-{number:06}.rs", number / 500),
        size: number,
        media_type: "text/plain".to_owned(),
        sha256: Hash::of(&number.to_be_bytes()),
        salt: Hash::of_parts(&[b"salt", &number.to_be_bytes()]).0,
    };
    (0..MANIFEST_FILES).map(file).collect()
}

fn manifest(criterion: &mut Criterion) {
    let files = files();
    let manifest = Manifest::new(Role::Deliverable, files.clone()).expect("the files are in order");
    let openings = manifest.to_openings();
    let mut group = criterion.benchmark_group("manifest of 100,000 files");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    group.throughput(Throughput::Elements(MANIFEST_FILES));
    group.bench_function("commit", |run| {
        run.iter_batched(
            || files.clone(),
            |files| Manifest::new(Role::Deliverable, files),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("parse openings", |run| {
        run.iter(|| Manifest::parse_openings(black_box(&openings)));
    });
    group.finish();
}

criterion_group!(benches, tree, statement, receipt, manifest);
criterion_main!(benches);
