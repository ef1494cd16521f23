//! What statements come to: the last word counts, and what follows is due until it is done.

use attestry::store::ledger::{AttestationSet, Candidate, Effect, Ledger, PurposeSet};
use attestry_policy::clearance::AttestationKind;
use attestry_proof::{hash::Hash, payload::withdrawal::Purpose, size::LeafIndex};
use uuid::Uuid;

use crate::{
    candidates::{append, place, said_by, thumbprint, with},
    engine::Engine,
};

const NONE: [Uuid; 0] = [];
const SUBMISSION: Uuid = Uuid::from_u128(1);

fn attested() -> Candidate {
    let kind = AttestationSet::of(AttestationKind::Effort);
    let mut said = said_by(1, SUBMISSION, false);
    said.effects.push(Effect::Attested { submission: SUBMISSION, kind });
    said
}

fn reviewed(accepted: bool) -> Candidate {
    let reviewer = thumbprint(2);
    with(vec![], vec![Effect::Reviewed { submission: SUBMISSION, accepted, reviewer }])
}

fn cleared() -> Candidate {
    let purposes = PurposeSet::default().with(Purpose::Training);
    with(vec![], vec![Effect::Cleared { submission: SUBMISSION, purposes, granted: true }])
}

fn adopted(version: u8) -> Candidate {
    let digest = Hash([version; 32]);
    with(vec![], vec![Effect::AdoptPolicy { digest, version: version.into() }])
}

async fn undecided(ledger: &dyn Ledger) -> Vec<Uuid> {
    ledger.people().submissions_undecided(10).await.unwrap()
}

pub async fn within_a_batch_the_last_word_counts(engine: &impl Engine) {
    let ledger = engine.open().await;
    append(&*ledger, &[attested(), reviewed(true), cleared(), attested()]).await;
    let record = ledger.submission(SUBMISSION).await.unwrap().unwrap();
    assert!(record.cleared.is_empty(), "attested again after it was cleared: {record:?}");
    assert_eq!((record.said, record.last_attested), (LeafIndex(3), Some(LeafIndex(3))));
    assert_eq!(record.current_review(), None);
    append(&*ledger, &[attested(), reviewed(true), cleared()]).await;
    let record = ledger.submission(SUBMISSION).await.unwrap().unwrap();
    assert!(record.cleared.contains(Purpose::Training), "{record:?}");
    assert_eq!((record.said, record.last_attested), (LeafIndex(5), Some(LeafIndex(4))));
}

pub async fn a_decision_is_due_after_an_accepting_review(engine: &impl Engine) {
    let ledger = engine.open().await;
    append(&*ledger, &[adopted(1), attested()]).await;
    let people = ledger.people();
    assert_eq!(undecided(&*ledger).await, NONE);
    place(&*ledger, reviewed(false)).await;
    assert_eq!(undecided(&*ledger).await, NONE);
    place(&*ledger, reviewed(true)).await;
    assert_eq!(undecided(&*ledger).await, [SUBMISSION]);
    // What was decided before the last word, or by other rules, is not done.
    people.note_decided((SUBMISSION, LeafIndex(2), None), 1).await.unwrap();
    people.note_decided((SUBMISSION, LeafIndex(3), None), 2).await.unwrap();
    assert_eq!(undecided(&*ledger).await, [SUBMISSION]);
    people.note_decided((SUBMISSION, LeafIndex(3), None), 1).await.unwrap();
    assert_eq!(undecided(&*ledger).await, NONE);
    // Attested again, it waits for a review, not for a decision.
    place(&*ledger, reviewed(true)).await;
    place(&*ledger, attested()).await;
    assert_eq!(undecided(&*ledger).await, NONE);
}

pub async fn new_rules_make_decisions_due_about_what_is_cleared(engine: &impl Engine) {
    let ledger = engine.open().await;
    append(&*ledger, &[adopted(1), attested(), said_by(1, Uuid::from_u128(2), false)]).await;
    append(&*ledger, &[reviewed(true), cleared()]).await;
    ledger.people().note_decided((SUBMISSION, LeafIndex(3), None), 1).await.unwrap();
    assert_eq!(undecided(&*ledger).await, NONE);
    place(&*ledger, adopted(2)).await;
    assert_eq!(undecided(&*ledger).await, [SUBMISSION]);
    // A decision that was under way by the old rules does not end that.
    ledger.people().note_decided((SUBMISSION, LeafIndex(3), None), 1).await.unwrap();
    assert_eq!(undecided(&*ledger).await, [SUBMISSION]);
    ledger.people().note_decided((SUBMISSION, LeafIndex(3), None), 2).await.unwrap();
    assert_eq!(undecided(&*ledger).await, NONE);
}

fn complete() -> Vec<Candidate> {
    let said = |kind: &AttestationKind| {
        let mut said = said_by(1, SUBMISSION, false);
        let kind = AttestationSet::of(*kind);
        said.effects.push(Effect::Attested { submission: SUBMISSION, kind });
        said
    };
    AttestationKind::ALL.iter().map(said).collect()
}

fn scanned() -> Candidate {
    with(vec![], vec![Effect::Scanned { submission: SUBMISSION }])
}

async fn unscanned(ledger: &dyn Ledger) -> Vec<Uuid> {
    let due = ledger.people().submissions_unscanned(10).await.unwrap();
    due.into_iter().map(|record| record.id).collect()
}

pub async fn a_complete_submission_is_scanned_once_and_again_after_new_words(engine: &impl Engine) {
    let ledger = engine.open().await;
    append(&*ledger, &[adopted(1)]).await;
    let mut said = complete();
    let last = said.pop().unwrap();
    append(&*ledger, &said).await;
    assert_eq!(unscanned(&*ledger).await, NONE, "it is not complete yet");
    place(&*ledger, last).await;
    assert_eq!(unscanned(&*ledger).await, [SUBMISSION]);
    place(&*ledger, reviewed(true)).await;
    let said = ledger.submission(SUBMISSION).await.unwrap().unwrap().said;
    ledger.people().note_decided((SUBMISSION, said, None), 1).await.unwrap();
    assert_eq!(undecided(&*ledger).await, NONE);
    // What was decided without the scan is decided again, and not taken for decided.
    place(&*ledger, scanned()).await;
    assert_eq!(
        (unscanned(&*ledger).await, undecided(&*ledger).await),
        (NONE.into(), vec![SUBMISSION])
    );
    ledger.people().note_decided((SUBMISSION, said, None), 1).await.unwrap();
    assert_eq!(undecided(&*ledger).await, [SUBMISSION]);
    let scan = ledger.submission(SUBMISSION).await.unwrap().unwrap().scan;
    ledger.people().note_decided((SUBMISSION, said, scan), 1).await.unwrap();
    assert_eq!(undecided(&*ledger).await, NONE);
    place(&*ledger, attested()).await;
    assert_eq!(unscanned(&*ledger).await, [SUBMISSION]);
}
