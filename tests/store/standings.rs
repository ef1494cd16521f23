//! What statements come to: the last word counts, and what follows is due until it is done.

use attestry::store::{
    ledger::{AttestationSet, Candidate, Effect, Ledger, Outcome, Precondition, PurposeSet},
    legal::{ConcernedSubmission, Held, MattersOn},
};
use attestry_policy::clearance::AttestationKind;
use attestry_proof::{
    hash::Hash,
    payload::{case::CaseChannel, withdrawal::Purpose},
    size::LeafIndex,
};
use uuid::Uuid;

use crate::{
    candidates::{append, append_one, is_appended, place, said_by, thumbprint, with},
    engine::Engine,
};

const NONE: [Uuid; 0] = [];
const NOTHING: MattersOn = MattersOn { holds: 0, open_cases: 0 };
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
    people.note_decided((SUBMISSION, LeafIndex(2), None), NOTHING, 1).await.unwrap();
    people.note_decided((SUBMISSION, LeafIndex(3), None), NOTHING, 2).await.unwrap();
    assert_eq!(undecided(&*ledger).await, [SUBMISSION]);
    people.note_decided((SUBMISSION, LeafIndex(3), None), NOTHING, 1).await.unwrap();
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
    ledger.people().note_decided((SUBMISSION, LeafIndex(3), None), NOTHING, 1).await.unwrap();
    assert_eq!(undecided(&*ledger).await, NONE);
    place(&*ledger, adopted(2)).await;
    assert_eq!(undecided(&*ledger).await, [SUBMISSION]);
    // A decision that was under way by the old rules does not end that.
    ledger.people().note_decided((SUBMISSION, LeafIndex(3), None), NOTHING, 1).await.unwrap();
    assert_eq!(undecided(&*ledger).await, [SUBMISSION]);
    ledger.people().note_decided((SUBMISSION, LeafIndex(3), None), NOTHING, 2).await.unwrap();
    assert_eq!(undecided(&*ledger).await, NONE);
}

fn placed(hold: Uuid) -> Candidate {
    let on = Held::Submissions(vec![SUBMISSION]);
    with(vec![], vec![Effect::PlaceHold { hold, program: "main".into(), on }])
}

fn opened(case: Uuid, lock: bool) -> Candidate {
    let concerned = ConcernedSubmission { submission: SUBMISSION, files: None };
    let effect = Effect::OpenCase {
        case,
        program: "main".into(),
        ground: "court-order".into(),
        channel: CaseChannel::Officer,
        link: None,
        concerned: Some((Hash([7; 32]), vec![concerned])),
        lock,
        at: 0,
    };
    with(vec![], vec![effect])
}

fn standing(holds: u32, open_cases: u32) -> Precondition {
    let found = MattersOn { holds, open_cases };
    Precondition::Matters { submission: SUBMISSION, found }
}

/// A decision that rests on what stood against the submission is not logged when that changed; in the
/// batch in which it changes neither.
pub async fn a_decision_rests_on_the_holds_and_cases_it_saw(engine: &impl Engine) {
    let ledger = engine.open().await;
    let decided = |holds, cases| with(vec![standing(holds, cases)], cleared().effects);
    append(&*ledger, &[adopted(1), attested(), reviewed(true)]).await;
    let (one, two, case) = (Uuid::from_u128(11), Uuid::from_u128(12), Uuid::from_u128(13));
    let release = with(vec![], vec![Effect::ReleaseHold(one)]);
    let changes = [
        (placed(one), (0, 0), (1, 0)),
        (placed(two), (1, 0), (2, 0)),
        (release, (2, 0), (1, 0)),
        (opened(case, false), (1, 0), (1, 1)),
    ];
    for (change, before, after) in changes {
        assert!(is_appended(&append_one(&*ledger, decided(before.0, before.1)).await));
        let batch = [change, decided(before.0, before.1), decided(after.0, after.1)];
        let outcomes = append(&*ledger, &batch).await.outcomes;
        assert!(is_appended(&outcomes[0]));
        assert_eq!(outcomes[1], Outcome::Dropped(standing(before.0, before.1)));
        assert_eq!(outcomes[2], Outcome::Dropped(standing(after.0, after.1)));
        let late = append_one(&*ledger, decided(before.0, before.1)).await;
        assert_eq!(late, Outcome::Dropped(standing(before.0, before.1)));
        let found = ledger.legal().matters_on(SUBMISSION).await.unwrap();
        assert_eq!((found.holds, found.open_cases), after);
    }
}

pub async fn a_hold_or_case_that_comes_keeps_a_decision_due(engine: &impl Engine) {
    let ledger = engine.open().await;
    append(&*ledger, &[adopted(1), attested(), reviewed(true)]).await;
    let note = async |matters| {
        ledger.people().note_decided((SUBMISSION, LeafIndex(2), None), matters, 1).await.unwrap();
        undecided(&*ledger).await
    };
    place(&*ledger, placed(Uuid::from_u128(11))).await;
    assert_eq!(note(NOTHING).await, [SUBMISSION]);
    let held = MattersOn { holds: 1, open_cases: 0 };
    assert_eq!(note(held).await, NONE);
    place(&*ledger, opened(Uuid::from_u128(13), false)).await;
    assert_eq!(note(held).await, [SUBMISSION]);
    assert_eq!(note(MattersOn { open_cases: 1, ..held }).await, NONE);
}

pub async fn a_case_locks_what_it_opens_about_if_it_says_so(engine: &impl Engine) {
    let ledger = engine.open().await;
    append(&*ledger, &[adopted(1), attested(), reviewed(true), cleared()]).await;
    place(&*ledger, opened(Uuid::from_u128(13), false)).await;
    let record = ledger.submission(SUBMISSION).await.unwrap().unwrap();
    assert!(!record.quarantined && !record.cleared.is_empty(), "{record:?}");
    place(&*ledger, opened(Uuid::from_u128(14), true)).await;
    let record = ledger.submission(SUBMISSION).await.unwrap().unwrap();
    assert!(record.quarantined && record.cleared.is_empty(), "{record:?}");
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
    ledger.people().note_decided((SUBMISSION, said, None), NOTHING, 1).await.unwrap();
    assert_eq!(undecided(&*ledger).await, NONE);
    // What was decided without the scan is decided again, and not taken for decided.
    place(&*ledger, scanned()).await;
    assert_eq!(
        (unscanned(&*ledger).await, undecided(&*ledger).await),
        (NONE.into(), vec![SUBMISSION])
    );
    ledger.people().note_decided((SUBMISSION, said, None), NOTHING, 1).await.unwrap();
    assert_eq!(undecided(&*ledger).await, [SUBMISSION]);
    let scan = ledger.submission(SUBMISSION).await.unwrap().unwrap().scan;
    ledger.people().note_decided((SUBMISSION, said, scan), NOTHING, 1).await.unwrap();
    assert_eq!(undecided(&*ledger).await, NONE);
    place(&*ledger, attested()).await;
    assert_eq!(unscanned(&*ledger).await, [SUBMISSION]);
}
