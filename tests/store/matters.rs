//! Holds, cases and orders to erase: what is due is found, in pages, and what stops it is known.

use attestry::store::{
    ledger::{Candidate, Effect},
    legal::{ConcernedSubmission, Held},
};
use attestry_proof::{
    hash::Hash,
    payload::case::{CaseChannel, CaseState},
    size::LeafIndex,
};
use uuid::Uuid;

use crate::{
    candidates::{append, place, said_by, thumbprint, with},
    engine::Engine,
};

const CASE: Uuid = Uuid::from_u128(1 << 100);

fn work(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn whole(number: u128) -> ConcernedSubmission {
    ConcernedSubmission { submission: work(number), files: None }
}

fn case(id: Uuid, channel: CaseChannel, concerned: Vec<ConcernedSubmission>) -> Candidate {
    let effect = Effect::OpenCase {
        case: id,
        program: "main".into(),
        ground: "withdrawal".into(),
        channel,
        link: None,
        concerned: Some((Hash([7; 32]), concerned)),
        lock: false,
        at: 0,
    };
    with(vec![], vec![effect])
}

fn concerns(id: Uuid, concerned: Vec<ConcernedSubmission>) -> Candidate {
    let effect = Effect::MoveCase {
        case: id,
        to: CaseState::Triaged,
        concerned: Some((Hash([8; 32]), concerned)),
        lock: None,
        at: 0,
    };
    with(vec![], vec![effect])
}

fn withdrawn(number: u128) -> Candidate {
    let mut said = said_by(1, work(number), true);
    said.effects.push(Effect::Withdraw { submission: work(number), purposes: None });
    said
}

fn hold(id: Uuid, on: Held) -> Candidate {
    with(vec![], vec![Effect::PlaceHold { hold: id, program: "main".into(), on }])
}

fn ordered(target: ConcernedSubmission) -> Candidate {
    with(vec![], vec![Effect::OrderErasure { case: CASE, target }])
}

pub async fn cases_and_orders_come_in_pages(engine: &impl Engine) {
    let ledger = engine.open().await;
    place(&*ledger, said_by(1, work(1), false)).await;
    let opened: Vec<Candidate> = (0..5)
        .map(|number| case(Uuid::from_u128(CASE.as_u128() + number), CaseChannel::Officer, vec![]))
        .collect();
    append(&*ledger, &opened).await;
    let legal = ledger.legal();
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = legal.cases_at(CaseState::Received, after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.opened);
        seen.extend(page.iter().map(|record| record.opened.0));
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
    let orders = [ordered(whole(1)), ordered(whole(2)), ordered(whole(3))];
    append(&*ledger, &orders).await;
    let first = legal.erasures_pending(None, 2).await.unwrap();
    assert_eq!(first.iter().map(|it| it.ordered.0).collect::<Vec<_>>(), [6, 7]);
    let rest = legal.erasures_pending(Some(LeafIndex(7)), 2).await.unwrap();
    assert_eq!(rest.iter().map(|it| it.ordered.0).collect::<Vec<_>>(), [8]);
}

pub async fn a_withdrawal_is_due_a_case_until_it_has_one(engine: &impl Engine) {
    let ledger = engine.open().await;
    let due = async || ledger.legal().withdrawn_without_case(10).await.unwrap();
    append(&*ledger, &[said_by(1, work(1), false), said_by(1, work(2), false)]).await;
    assert!(due().await.is_empty());
    append(&*ledger, &[withdrawn(1), withdrawn(2)]).await;
    assert_eq!(due().await, [work(1), work(2)]);
    // A case of another kind is not it.
    place(&*ledger, case(CASE, CaseChannel::Officer, vec![whole(1)])).await;
    assert_eq!(due().await, [work(1), work(2)]);
    let own = Uuid::from_u128(CASE.as_u128() + 1);
    place(&*ledger, case(own, CaseChannel::Withdrawal, vec![whole(1)])).await;
    assert_eq!(due().await, [work(2)]);
    place(&*ledger, withdrawn(1)).await;
    assert_eq!(due().await, [work(2)], "said twice");
    // Whatever leaves its case needs another.
    place(&*ledger, concerns(own, vec![whole(2)])).await;
    assert_eq!(due().await, [work(1)]);
    assert_eq!(engine.audit().await.submissions_apart(10).await.unwrap(), []);
}

pub async fn what_is_left_in_a_case_is_what_nothing_stops(engine: &impl Engine) {
    let ledger = engine.open().await;
    let said: Vec<Candidate> = (1..=6).map(|number| said_by(1, work(number), false)).collect();
    append(&*ledger, &said).await;
    let part = ConcernedSubmission { submission: work(5), files: Some(vec![Hash([5; 32])]) };
    let gone = ConcernedSubmission { submission: work(6), files: Some(vec![]) };
    let concerned = vec![whole(1), whole(2), whole(3), whole(4), part.clone(), gone];
    place(&*ledger, case(CASE, CaseChannel::Officer, concerned)).await;
    let left = async |free| {
        let legal = ledger.legal();
        let first = legal.left_in(CASE, free, None, 2).await.unwrap();
        let after = first.last().map(|it| it.submission);
        let rest = legal.left_in(CASE, free, after, 10).await.unwrap();
        let ids = first.iter().chain(&rest).map(|it| it.submission.as_u128());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(left(true).await, [1, 2, 3, 4, 5]);
    let held = work(77);
    place(&*ledger, hold(held, Held::Submissions(vec![work(1)]))).await;
    place(&*ledger, ordered(whole(2))).await;
    let order = place(&*ledger, ordered(whole(3))).await;
    place(&*ledger, ordered(part)).await;
    let erased = Effect::Erased { order, submission: work(3), whole: true };
    place(&*ledger, with(vec![], vec![erased])).await;
    assert_eq!(left(true).await, [4]);
    assert_eq!(left(false).await, [1, 2, 4, 5]);
    place(&*ledger, with(vec![], vec![Effect::ReleaseHold(held)])).await;
    assert_eq!(left(true).await, [1, 4]);
    for on in [Held::Contractor(thumbprint(1)), Held::Program] {
        let held = Uuid::new_v4();
        place(&*ledger, hold(held, on)).await;
        assert!(left(true).await.is_empty());
        place(&*ledger, with(vec![], vec![Effect::ReleaseHold(held)])).await;
    }
}
