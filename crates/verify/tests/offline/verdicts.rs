//! One statement at a time: each verdict, and what leads to it.

use attestry_proof::cose::{Attachments, Receipt, SignedStatement};
use attestry_proof::hash::Hash;
use attestry_proof::key::PublicKey;
use attestry_proof::log::note::{KeyKind, VerifierKey};
use attestry_proof::log::trust::TrustPolicy;
use attestry_proof::size::LeafIndex;
use attestry_verify::verdict::{Fault, Finding, IssuerFact, PayloadFact, Shortfall};
use attestry_verify::{Evidence, PayloadStore, Verdict, Verifier};

use crate::world::{
    ALICE, NOTE, ORIGIN, RECEIPT, SERVICE, TASK, WITNESSES, World, log_key, public, sign,
    task_subject,
};

const ATTESTED: u64 = 3;

fn verifier(world: &World) -> Verifier {
    Verifier::new(world.policy())
}

/// A verifier that has adopted the genesis of the log.
fn introduced(world: &World, policy: TrustPolicy, witnesses: &[u8]) -> Verifier {
    let mut verifier = Verifier::new(policy);
    let genesis = world.attach(0, vec![], Some(world.proof(0, world.size(), witnesses)));
    let mut payloads = PayloadStore::default();
    payloads.insert(world.entry(0).payload.clone(), None);
    let evidence =
        Evidence { statement: &genesis, payloads: Some(&payloads), ..Evidence::default() };
    verifier.adopt_genesis(&evidence).expect("genesis");
    verifier
}

#[test]
fn a_proof_to_a_trusted_checkpoint_verifies() {
    let world = World::usual();
    let statement = world.attach(ATTESTED, vec![], Some(world.proof(ATTESTED, 5, &[])));
    let verdict = verifier(&world).verify_statement(&statement);
    assert_eq!(verdict.verdict(), Verdict::Verified, "{}", verdict.finding);
    assert_eq!(verdict.finding.code(), "log-signed");
    assert!(verdict.finding.to_string().contains("entry 3"));
    assert!(verdict.finding.to_string().contains("no witnesses asked for"));
    assert_eq!(verdict.payload, PayloadFact::Missing);
}

#[test]
fn without_proof_or_receipt_nothing_is_proven() {
    let world = World::usual();
    let verdict = verifier(&world).verify_statement(&world.attach(ATTESTED, vec![], None));
    assert_eq!(verdict.finding, Finding::NotProven(Shortfall::NoProof));
    assert_eq!(verdict.verdict(), Verdict::NotProven);
}

#[test]
fn a_receipt_counts_once_genesis_says_whose_key_it_is() {
    let world = World::usual();
    let statement = world.attach(ATTESTED, vec![world.receipt(ATTESTED, 4)], None);
    let stranger = verifier(&world).verify_statement(&statement);
    assert_eq!(stranger.finding.code(), "receipt-key-unknown");
    assert_eq!((stranger.receipts_verified, stranger.receipts_unchecked), (0, 1));
    // Genesis is proven as of size 5, the receipt is for size 4.
    let verdict = introduced(&world, world.policy(), &[]).verify_statement(&statement);
    assert_eq!(verdict.verdict(), Verdict::LoggedUnwitnessed, "{}", verdict.finding);
    assert_eq!(verdict.finding.position().map(|position| position.index), Some(LeafIndex(3)));
    assert_eq!(verdict.receipts_verified, 1);
}

#[test]
fn a_receipt_counts_under_a_key_the_user_vouches_for() {
    let world = World::usual();
    let statement = world.attach(ATTESTED, vec![world.receipt(ATTESTED, 4)], None);
    let mut verifier = verifier(&world);
    verifier.add_keys([public(RECEIPT)]);
    assert_eq!(verifier.verify_statement(&statement).finding.code(), "receipt-key-unknown");
    verifier.vouch_for_keys([public(RECEIPT)]);
    assert_eq!(verifier.verify_statement(&statement).finding.code(), "receipt-only");
}

#[test]
fn a_receipt_leads_to_a_checkpoint_of_its_size() {
    let world = World::usual();
    let with_receipt = world.attach(ATTESTED, vec![world.receipt(ATTESTED, 5)], None);
    let with_proof = world.attach(1, vec![], Some(world.proof(1, 5, &[])));
    let verifier = verifier(&world);
    let mut verdicts =
        [verifier.verify_statement(&with_receipt), verifier.verify_statement(&with_proof)];
    assert_eq!(verdicts[0].verdict(), Verdict::NotProven);
    verifier.settle(&mut verdicts);
    assert_eq!(verdicts[0].verdict(), Verdict::Verified, "{}", verdicts[0].finding);
    assert_eq!(verdicts[0].finding.position().map(|position| position.index.0), Some(ATTESTED));
}

#[test]
fn the_quorum_decides_between_verified_and_unwitnessed() {
    let world = World::usual();
    let policy = TrustPolicy::parse(&world.witnessed_policy()).expect("a policy");
    let proof = |witnesses| world.attach(ATTESTED, vec![], Some(world.proof(3, 5, witnesses)));
    let verifier = Verifier::new(policy);
    let seen = verifier.verify_statement(&proof(&WITNESSES[..2]));
    assert_eq!((seen.verdict(), seen.finding.code()), (Verdict::Verified, "witnessed"));
    assert!(seen.finding.to_string().contains("w20, w21"), "{}", seen.finding);
    let unseen = verifier.verify_statement(&proof(&WITNESSES[..1]));
    let expected = (Verdict::LoggedUnwitnessed, "quorum-not-met");
    assert_eq!((unseen.verdict(), unseen.finding.code()), expected);
    assert!(unseen.finding.to_string().contains("w21, w22"), "{}", unseen.finding);
}

#[test]
fn genesis_short_of_the_quorum_introduces_nobody() {
    let world = World::usual();
    let policy = TrustPolicy::parse(&world.witnessed_policy()).expect("a policy");
    let mut verifier = Verifier::new(policy.clone());
    let genesis = world.attach(0, vec![], Some(world.proof(0, 5, &WITNESSES[..1])));
    let mut payloads = PayloadStore::default();
    payloads.insert(world.entry(0).payload.clone(), None);
    let evidence =
        Evidence { statement: &genesis, payloads: Some(&payloads), ..Evidence::default() };
    let refusal = verifier.adopt_genesis(&evidence).expect_err("refused");
    assert_eq!(refusal.verdict(), Verdict::LoggedUnwitnessed);
    assert!(verifier.identity(ORIGIN).is_none());
    let witnessed = introduced(&world, policy, &WITNESSES);
    assert_eq!(witnessed.identity(ORIGIN).map(|log| log.service_key), Some(public(SERVICE)));
}

#[test]
fn a_log_the_policy_does_not_know_proves_nothing() {
    let world = World::usual();
    let statement = world.transparent(ATTESTED);
    let policy = |name, seed| {
        let key = VerifierKey::new(name, KeyKind::Ed25519, public(seed)).expect("a key");
        TrustPolicy::of_log(&key, None).expect("a policy")
    };
    for policy in [policy(ORIGIN, 99), policy("log.example/two", NOTE)] {
        let verdict = Verifier::new(policy).verify_statement(&statement);
        assert_eq!(verdict.verdict(), Verdict::NotProven);
        assert_eq!(verdict.finding.code(), "log-not-trusted");
        let sentence = verdict.finding.to_string();
        let key = log_key(ORIGIN).id();
        assert!(sentence.contains(&format!("signed by {key}")), "{sentence}");
        assert!(sentence.contains("which is not in the trust policy"), "{sentence}");
    }
}

#[test]
fn a_statement_for_another_log_is_refused_wherever_it_is() {
    let mut world = World::usual();
    let payload = world.entry(ATTESTED).payload.clone();
    let parsed = attestry_proof::payload::Payload::parse(&payload, true).expect("a payload");
    let stray = sign("log.example/staging", ALICE, task_subject(TASK), &parsed, &payload);
    world.entries[3].statement = stray;
    let proven = world.attach(ATTESTED, vec![], Some(world.proof(3, 5, &[])));
    let verdict = verifier(&world).verify_statement(&proven);
    assert!(matches!(verdict.finding, Finding::Failed(Fault::WrongAudience { .. })));
    let receipted = world.attach(ATTESTED, vec![world.receipt(3, 5)], None);
    let mut verifier = introduced(&world, world.policy(), &[]);
    verifier.vouch_for_keys([public(RECEIPT)]);
    let verdict = verifier.verify_statement(&receipted);
    assert_eq!(verdict.finding.code(), "receipt-invalid", "{}", verdict.finding);
}

#[test]
fn evidence_of_another_statement_fails() {
    let world = World::usual();
    let verifier = introduced(&world, world.policy(), &[]);
    let other_proof = world.attach(ATTESTED, vec![], Some(world.proof(4, 5, &[])));
    assert_eq!(verifier.verify_statement(&other_proof).finding.code(), "proof-invalid");
    let good_proof = || Some(world.proof(ATTESTED, 5, &[]));
    let other_receipt = world.attach(ATTESTED, vec![world.receipt(4, 5)], good_proof());
    assert_eq!(verifier.verify_statement(&other_receipt).finding.code(), "receipt-invalid");
    // Beside a good one, too.
    let receipts = vec![world.receipt(ATTESTED, 5), world.receipt(4, 5)];
    let both = world.attach(ATTESTED, receipts, good_proof());
    assert_eq!(verifier.verify_statement(&both).finding.code(), "receipt-invalid");
    let junk = world.attach(ATTESTED, vec![], Some(b"c2sp.org/tlog-proof@v1\n".to_vec()));
    assert_eq!(verifier.verify_statement(&junk).finding.code(), "proof-malformed");
}

#[test]
fn a_receipt_by_another_key_than_genesis_names_fails() {
    let world = World::usual();
    let mut parts = world.receipt(ATTESTED, 5);
    let kid = public(RECEIPT).thumbprint();
    let place = parts.windows(32).position(|bytes| bytes == kid.0.as_bytes()).expect("a kid");
    parts[place..place + 32].copy_from_slice(public(ALICE).thumbprint().0.as_bytes());
    assert!(Receipt::parse(&parts).is_ok());
    let statement = world.attach(ATTESTED, vec![parts], Some(world.proof(ATTESTED, 5, &[])));
    let verdict = introduced(&world, world.policy(), &[]).verify_statement(&statement);
    assert_eq!(verdict.finding.code(), "receipt-invalid", "{}", verdict.finding);
}

/// The same leaf twice in the tree: each proof is right, and together they are not.
#[test]
fn two_positions_disagree() {
    let mut world = World::usual();
    let twin = world.entry(ATTESTED).clone();
    world.entries.push(twin);
    let receipts = vec![world.receipt(ATTESTED, 6)];
    let statement = world.attach(ATTESTED, receipts, Some(world.proof(5, 6, &[])));
    let verdict = introduced(&world, world.policy(), &[]).verify_statement(&statement);
    let (first, second) = (LeafIndex(5), LeafIndex(3));
    let expected = Finding::Failed(Fault::PositionDisagreement { first, second });
    assert_eq!(verdict.finding, expected);
    let alone = world.attach(ATTESTED, vec![], Some(world.proof(5, 6, &[])));
    assert_eq!(verifier(&world).verify_statement(&alone).verdict(), Verdict::Verified);
}

#[test]
fn a_signature_by_nobody_known_is_not_proven_and_by_another_fails() {
    let world = World::usual();
    let proof = Some(world.proof(ATTESTED, 5, &[]));
    let keyless = Attachments { log_proof: proof, ..Attachments::default() };
    let keyless = keyless.encode(&world.entry(ATTESTED).statement).expect("a statement");
    let mut verifier = verifier(&world);
    let verdict = verifier.verify_statement(&keyless);
    assert_eq!(verdict.finding.code(), "issuer-key-missing");
    assert_eq!(verdict.verdict(), Verdict::NotProven);
    verifier.add_keys([public(ALICE)]);
    assert_eq!(verifier.verify_statement(&keyless).verdict(), Verdict::Verified);

    let (statement, _) = SignedStatement::parse(&keyless).expect("a statement");
    let place = keyless.windows(64).position(|bytes| bytes == statement.signature());
    let mut forged = keyless.clone();
    forged[place.expect("a signature") + 5] ^= 1;
    let verdict = verifier.verify_statement(&forged);
    assert_eq!(verdict.finding, Finding::Failed(Fault::Signature));
}

#[test]
fn payloads_are_matched_and_judged() {
    let world = World::usual();
    let statement = world.transparent(ATTESTED);
    let verifier = verifier(&world);
    let good = &world.entry(ATTESTED).payload;
    let judge = |payload: &[u8], named| {
        let mut store = PayloadStore::default();
        store.insert(payload.to_vec(), named);
        let payloads = Some(&store);
        verifier.verify(&Evidence { statement: &statement, payloads, ..Evidence::default() })
    };
    let matched = judge(good, None);
    assert_eq!(matched.verdict(), Verdict::Verified);
    assert!(matches!(matched.payload, PayloadFact::Matches { kind: Some(_), .. }));
    // Another payload is no concern of this statement, unless it goes by its digest.
    let other = judge(b"{}", None);
    assert_eq!((other.verdict(), other.payload), (Verdict::Verified, PayloadFact::Missing));
    let misnamed = judge(b"{}", Some(Hash::of(good)));
    assert_eq!(misnamed.finding.code(), "payload-mismatch");
    let beside = Evidence {
        statement: &statement,
        payload_beside: Some(Hash::of(b"{}")),
        ..Evidence::default()
    };
    assert_eq!(verifier.verify(&beside).finding.code(), "payload-mismatch");
}

#[test]
fn a_signed_payload_can_still_be_wrong() {
    let mut world = World::usual();
    let genuine = world.entry(ATTESTED).payload.clone();
    let parsed = attestry_proof::payload::Payload::parse(&genuine, true).expect("a payload");
    let text = String::from_utf8(genuine.clone()).expect("text");
    let mut judge = |bytes: Vec<u8>, task: &str| {
        world.entries[3].statement = sign(ORIGIN, ALICE, task_subject(task), &parsed, &bytes);
        let mut store = PayloadStore::default();
        store.insert(bytes, None);
        let statement = world.transparent(ATTESTED);
        let payloads = Some(&store);
        let evidence = Evidence { statement: &statement, payloads, ..Evidence::default() };
        Verifier::new(world.policy()).verify(&evidence)
    };
    assert_eq!(judge(genuine.clone(), TASK).verdict(), Verdict::Verified);
    let other = judge(genuine, crate::world::OTHER_TASK);
    assert_eq!(other.finding.code(), "payload-contradicts-header");
    let invalid = judge(text.replacen("\"count\":1", "\"count\":2", 1).into_bytes(), TASK);
    assert_eq!(invalid.finding.code(), "payload-invalid");
    // Kinds of later versions are taken by their digest alone.
    let later = text.replace("\"type\":\"manifest\"", "\"type\":\"later\"");
    let later = judge(later.into_bytes(), TASK);
    assert_eq!(later.verdict(), Verdict::Verified);
    assert!(matches!(later.payload, PayloadFact::Matches { kind: None, .. }));
}

#[test]
fn genesis_must_be_entry_0_and_name_the_trusted_key() {
    let mut world = World::usual();
    let genesis = world.genesis();
    let again = world.add(SERVICE, world.entry(0).statement.header().subject, &genesis);
    let mut payloads = PayloadStore::default();
    payloads.insert(world.entry(0).payload.clone(), None);
    let late = world.transparent(again);
    let evidence = Evidence { statement: &late, payloads: Some(&payloads), ..Evidence::default() };
    let mut verifier = verifier(&world);
    // Signed anew it is another statement, unless time and all else agree: then it is the same.
    let refusal = verifier.adopt_genesis(&evidence).expect_err("refused");
    assert_eq!(refusal.finding.code(), "genesis-invalid", "{}", refusal.finding);

    let stolen = VerifierKey::new(ORIGIN, KeyKind::Ed25519, public(NOTE)).expect("a key");
    let other: PublicKey = public(98);
    let other = VerifierKey::new(ORIGIN, KeyKind::Ed25519, other).expect("a key");
    let text = String::from_utf8(world.entry(0).payload.clone()).expect("text");
    let text = text.replace(&stolen.to_string(), &other.to_string());
    let subject = world.entry(0).statement.header().subject;
    world.entries[0].statement = sign(ORIGIN, SERVICE, subject, &genesis, text.as_bytes());
    let mut payloads = PayloadStore::default();
    payloads.insert(text.into_bytes(), None);
    let first = world.transparent(0);
    let evidence = Evidence { statement: &first, payloads: Some(&payloads), ..Evidence::default() };
    let refusal = Verifier::new(world.policy()).adopt_genesis(&evidence).map(drop);
    assert_eq!(refusal.expect_err("refused").finding.code(), "genesis-invalid");
}

#[test]
fn only_the_service_says_what_is_public() {
    let mut world = World::usual();
    let cleared = attestry_proof::payload::status::SubmissionStatus::Withdrawn;
    let by_alice = world.status(ALICE, TASK, cleared);
    let by_service = world.status(SERVICE, TASK, cleared);
    let verifier = introduced(&world, world.policy(), &[]);
    let verdict = verifier.verify_statement(&world.transparent(by_alice));
    assert_eq!(verdict.finding.code(), "not-by-service");
    let mut verdicts = [verifier.verify_statement(&world.transparent(by_service))];
    verifier.settle(&mut verdicts);
    assert_eq!(verdicts[0].verdict(), Verdict::Verified);
    assert_eq!(verdicts[0].standing.issuer, IssuerFact::Service);
}

#[test]
fn caches_do_not_change_verdicts() {
    let world = World::usual();
    let verifier = introduced(&world, world.policy(), &[]);
    for index in 0..world.size() {
        let statement = world.transparent(index);
        let first = verifier.verify_statement(&statement);
        assert_eq!(first.verdict(), Verdict::Verified);
        assert_eq!(verifier.verify_statement(&statement), first);
        // A signed root that is remembered does not vouch for another leaf.
        let other = (index + 1) % world.size();
        let crossed = world.attach(other, vec![world.receipt(index, 5)], None);
        assert_eq!(verifier.verify_statement(&crossed).finding.code(), "receipt-invalid");
    }
}
