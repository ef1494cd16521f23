//! How long it takes to load every member and program of a large organisation:
//! `cargo bench --bench people`.

#![allow(missing_docs, reason = "criterion's macros make functions without any")]

use std::time::Duration;

use attestry::store::{
    ledger::{Candidate, Effect, Ledger as _, Role, Roles, StoredPayload},
    people::ProgramRecord,
    sqlite::ledger::SqliteLedger,
};
use attestry_policy::words::ResidualRisk;
use attestry_proof::{
    cose::Subject,
    hash::{Hash, leaf_hash},
    key::PublicKey,
    size::LeafIndex,
};
use criterion::{Criterion, criterion_group, criterion_main};
use ed25519_dalek::SigningKey;
use tokio::runtime::Runtime;
use uuid::Uuid;

const MEMBERS: u64 = 10_000;
const PROGRAMS: u64 = 1_000;
const BATCH: u64 = 1_000;
const PAGE: u32 = 500;

fn enrolment(number: u64) -> Candidate {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    let public = SigningKey::from_bytes(&seed).verifying_key();
    let key = PublicKey::from_bytes(public.as_bytes()).expect("a fresh key is acceptable");
    let entry = number.to_be_bytes().to_vec();
    Candidate {
        leaf_hash: leaf_hash(&entry),
        entry,
        issued_at: 0,
        subject: Subject::Key(key.thumbprint()),
        issuer: key.thumbprint(),
        content_type: "application/vnd.attestry.key-enrolled+json",
        payload_digest: Hash([0; 32]),
        payload: StoredPayload::Public(Vec::new()),
        preconditions: vec![],
        effects: vec![Effect::EnrolKey {
            key: Box::new(key),
            roles: Roles::new(vec![Role::Contractor]),
            program: program(number % PROGRAMS),
            person: Some(Uuid::from_u128(number.into())),
            replaces: None,
        }],
    }
}

fn program(number: u64) -> String {
    format!("program-{number:04}")
}

async fn populate(ledger: &SqliteLedger) {
    for number in 0..PROGRAMS {
        let record = ProgramRecord {
            name: program(number),
            id: Uuid::from_u128(number.into()),
            clearance_policy: "standard".into(),
            allowed_risk: ResidualRisk::Low,
            profile: None,
            opened_at: 0,
        };
        ledger.people().open_program(&record).await.expect("a program is opened");
    }
    for first in (0..MEMBERS).step_by(BATCH as usize) {
        let batch: Vec<Candidate> = (first..first + BATCH).map(enrolment).collect();
        let name = Uuid::from_u128(first.into());
        ledger.append_batch(name, 0, &batch).await.expect("members are enrolled");
    }
}

async fn load(ledger: &SqliteLedger) -> (usize, usize) {
    let (mut members, mut programs) = (Vec::new(), Vec::new());
    loop {
        let from =
            members.last().map_or(0, |key: &attestry::store::ledger::KeyRecord| key.enrolled.0 + 1);
        let page = ledger.keys(LeafIndex(from), PAGE).await.expect("members are read");
        if page.is_empty() {
            break;
        }
        members.extend(page);
    }
    loop {
        let after = programs.last().map_or("", |program: &ProgramRecord| program.name.as_str());
        let page = ledger.people().programs(after, PAGE).await.expect("programs are read");
        if page.is_empty() {
            break;
        }
        programs.extend(page);
    }
    (members.len(), programs.len())
}

fn people(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime starts");
    let directory = tempfile::tempdir().expect("a directory is made");
    let ledger = runtime.block_on(async {
        let path = directory.path().join("ledger.db");
        let ledger = SqliteLedger::open(&path).await.expect("the ledger opens");
        populate(&ledger).await;
        ledger
    });
    let (members, programs) = runtime.block_on(load(&ledger));
    // The two that every ledger has from the beginning are there as well.
    assert_eq!((members as u64, programs as u64), (MEMBERS, PROGRAMS + 2));
    criterion.bench_function("load 10,000 members and 1,000 programs", |bencher| {
        bencher.iter(|| runtime.block_on(load(&ledger)));
    });
    runtime.block_on(ledger.close());
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(5));
    targets = people
}
criterion_main!(benches);
