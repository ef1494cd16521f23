//! How long one decision takes, remembered and afresh: criterion for the typical time, and the
//! quantiles of single decisions, since a request waits for its own.

#![allow(clippy::print_stdout, reason = "the quantiles are what this program is for")]
#![allow(missing_docs, reason = "criterion's macros make functions without any")]

use std::{
    collections::{BTreeMap, BTreeSet},
    hint::black_box,
    time::{Duration, Instant},
};

use attestry_policy::{
    access::{
        AccessRequest, Action, ContextFacts, KEY_ID_BYTES, KeyId, MemberFacts, PrincipalFacts,
        ResourceFacts, SubmissionFacts,
    },
    clearance::{AttestationFact, AttestationKind, ClearanceFacts, ReviewFact, ScanFact},
    engine::PolicyEngine,
    words::{Purpose, ResidualRisk, Role, RoleSet, State, Verdict},
};
use criterion::{Criterion, criterion_group};

const BUNDLE: [(&str, &[u8]); 3] = [
    ("attestry.cedarschema", include_bytes!("../../../policies/attestry.cedarschema")),
    ("access.cedar", include_bytes!("../../../policies/access.cedar")),
    ("clearance.cedar", include_bytes!("../../../policies/clearance.cedar")),
];

const SAMPLES: usize = 50_000;

fn engine() -> PolicyEngine {
    PolicyEngine::load(&BUNDLE).expect("the shipped bundle loads")
}

fn requests() -> Vec<(&'static str, AccessRequest<'static>)> {
    let member = |key: u8, role| MemberFacts {
        key: KeyId([key; KEY_ID_BYTES]),
        roles: RoleSet::EMPTY.with(role),
        program: "main",
        revoked: false,
        person: Some("17"),
        replaces: None,
    };
    let submission = ResourceFacts::Submission(SubmissionFacts {
        id: "6f1c2d1e-3b7a-4c55-9a56-0d6f0f5f2a11",
        owner: KeyId([1; KEY_ID_BYTES]),
        owner_person: Some("4"),
        program: "main",
        withdrawn: false,
        held: false,
        state: State::Attested,
    });
    let request = |key, role, action, resource| AccessRequest {
        principal: PrincipalFacts::Member(member(key, role)),
        action,
        resource,
        context: ContextFacts::default(),
    };
    let log = ResourceFacts::Log { public_entries: false };
    vec![
        ("attest own", request(1, Role::Contractor, Action::Attest, submission)),
        ("read own", request(1, Role::Contractor, Action::ReadContent, submission)),
        ("read another's, denied", request(2, Role::Contractor, Action::ReadContent, submission)),
        ("review", request(2, Role::Reviewer, Action::Review, submission)),
        ("invite", request(3, Role::Admin, Action::Invite, ResourceFacts::Program("main"))),
        ("read entries", request(3, Role::Auditor, Action::ReadEntries, log)),
    ]
}

fn clearance() -> ClearanceFacts {
    let attestation = AttestationFact {
        position: 9,
        current: true,
        withdrawn: false,
        key_valid: true,
        purposes: BTreeSet::from([Purpose::Training, Purpose::Evaluation]),
        refusals: 0,
        declared_risk: Some(ResidualRisk::Low),
    };
    let kinds = AttestationKind::ALL.iter();
    ClearanceFacts {
        purpose: Purpose::Training,
        clearance_policy: "standard".into(),
        allowed_risk: ResidualRisk::Low,
        attestations: kinds.map(|kind| (*kind, attestation.clone())).collect::<BTreeMap<_, _>>(),
        withdrawn: false,
        scan: Some(ScanFact { position: 20, residual_risk: ResidualRisk::NoneKnown }),
        review: Some(ReviewFact {
            position: 21,
            reviewer: KeyId([7; KEY_ID_BYTES]),
            same_person: false,
            current: true,
            key_valid: true,
            verdict: Verdict::Accepted,
        }),
        holds: Some(0),
        open_cases: Some(0),
    }
}

fn typical(criterion: &mut Criterion) {
    let engine = engine();
    let mut group = criterion.benchmark_group("decide");
    for (name, request) in requests() {
        group.bench_function(name, |bencher| bencher.iter(|| engine.decide(black_box(&request))));
        group.bench_function(format!("{name}, afresh"), |bencher| {
            bencher.iter(|| engine.decide_afresh(black_box(&request)));
        });
    }
    let facts = clearance();
    group.bench_function("clear", |bencher| bencher.iter(|| engine.clear(black_box(&facts))));
    group.bench_function("clear, afresh", |bencher| {
        bencher.iter(|| engine.clear_afresh(black_box(&facts)));
    });
    group.finish();
    criterion.bench_function("load the bundle", |bencher| {
        bencher.iter(|| PolicyEngine::load(black_box(&BUNDLE)));
    });
}

fn quantiles(name: &str, mut act: impl FnMut()) {
    let mut times: Vec<Duration> = (0..SAMPLES)
        .map(|_| {
            let start = Instant::now();
            act();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    println!("{name}: p50 {:.1} µs, p99 {:.1} µs, p99.9 {:.1} µs", at(0.5), at(0.99), at(0.999));
}

criterion_group!(benches, typical);

fn main() {
    let engine = engine();
    for (name, request) in requests() {
        quantiles(name, || {
            black_box(engine.decide(black_box(&request)));
        });
        quantiles(&format!("{name}, afresh"), || {
            black_box(engine.decide_afresh(black_box(&request)));
        });
    }
    let facts = clearance();
    quantiles("clear", || {
        black_box(engine.clear(black_box(&facts)));
    });
    quantiles("clear, afresh", || {
        black_box(engine.clear_afresh(black_box(&facts)));
    });
    benches();
    Criterion::default().configure_from_args().final_summary();
}
