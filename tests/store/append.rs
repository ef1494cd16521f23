//! Positions, batches and what is read back.

use std::collections::HashSet;

use attestry::store::ledger::{Head, Outcome, StoredPayload};
use attestry_proof::{
    cose::{ContentType, Subject},
    hash::Hash,
    log::tree::root_of,
    size::{LeafIndex, TreeSize},
};
use uuid::Uuid;

use crate::{
    candidates::{AT_MS, append, append_one, candidate, enrol_as, fresh, place, thumbprint, with},
    engine::Engine,
};

pub async fn an_empty_ledger_has_no_head(engine: &impl Engine) {
    let ledger = engine.open().await;
    assert_eq!(ledger.head().await.unwrap(), None);
    assert_eq!(ledger.edge().await.unwrap().size(), TreeSize(0));
    assert_eq!(ledger.entries(LeafIndex(0), 10).await.unwrap(), []);
    assert_eq!(ledger.batch_of(LeafIndex(0)).await.unwrap().map(|batch| batch.size), None);
    assert_eq!(ledger.find_batch(Uuid::new_v4()).await.unwrap(), None);
    assert_eq!(ledger.policy().await.unwrap(), None);
    assert_eq!(ledger.payload(LeafIndex(0)).await.unwrap(), None);
}

pub async fn entries_get_positions_in_order(engine: &impl Engine) {
    let ledger = engine.open().await;
    let candidates: Vec<_> = (0..7).map(candidate).collect();
    for (first, batch) in [(0, &candidates[..3]), (3, &candidates[3..])] {
        let appended = append(&*ledger, batch).await;
        let expected: Vec<_> = (first..first + batch.len() as u64)
            .map(|index| Outcome::Appended(LeafIndex(index)))
            .collect();
        assert_eq!(appended.outcomes, expected);
        let leaves: Vec<Hash> =
            candidates[..first as usize + batch.len()].iter().map(|one| one.leaf_hash).collect();
        let head = Head { size: TreeSize(leaves.len() as u64), root: root_of(&leaves) };
        assert_eq!(appended.head, head);
        assert_eq!(ledger.head().await.unwrap(), Some(head));
        let growth = appended.growth.expect("something was appended");
        assert_eq!(
            (growth.old_size(), growth.size(), growth.root()),
            (TreeSize(first), head.size, head.root)
        );
    }
    let entries = ledger.entries(LeafIndex(2), 4).await.unwrap();
    for (entry, (index, candidate)) in entries.iter().zip((2..).zip(&candidates[2..6])) {
        assert_eq!(entry.index, LeafIndex(index));
        assert_eq!((&entry.entry, entry.leaf_hash), (&candidate.entry, candidate.leaf_hash));
        assert_eq!((entry.issued_at, entry.issuer), (candidate.issued_at, candidate.issuer.0));
        assert_eq!(entry.content_type, candidate.content_type);
        assert_eq!(entry.subject, Uuid::from_u128(index.into()).as_bytes());
    }
    assert_eq!(entries.len(), 4);
    assert_eq!(ledger.entries(LeafIndex(5), 100).await.unwrap().len(), 2);
    assert_eq!(ledger.entries(LeafIndex(7), 1).await.unwrap(), []);
    assert_eq!(ledger.entries(LeafIndex(u64::MAX), 1).await.unwrap(), []);
}

pub async fn a_statement_has_one_position(engine: &impl Engine) {
    let ledger = engine.open().await;
    let (first, second) = (candidate(1), candidate(2));
    let outcomes = append(&*ledger, &[first.clone(), first.clone(), second.clone()]).await.outcomes;
    let (one, two) = (LeafIndex(0), LeafIndex(1));
    assert_eq!(
        outcomes,
        [Outcome::Appended(one), Outcome::AlreadyLogged(one), Outcome::Appended(two)]
    );
    let again = append(&*ledger, &[second.clone(), candidate(3), first.clone()]).await;
    let expected =
        [Outcome::AlreadyLogged(two), Outcome::Appended(LeafIndex(2)), Outcome::AlreadyLogged(one)];
    assert_eq!(again.outcomes, expected);
    assert_eq!(again.head.size, TreeSize(3));
    drop(ledger);

    // After a restart, too; and whatever its preconditions have become.
    let ledger = engine.open().await;
    let stale = vec![attestry::store::ledger::Precondition::Policy { version: 77 }];
    let late = attestry::store::ledger::Candidate { preconditions: stale, ..second.clone() };
    assert_eq!(append_one(&*ledger, late).await, Outcome::AlreadyLogged(two));
    assert_eq!(ledger.find_statement(second.issued_at, second.leaf_hash).await.unwrap(), Some(two));
    assert_eq!(ledger.find_statement(second.issued_at + 1, second.leaf_hash).await.unwrap(), None);
    assert_eq!(ledger.find_statement(second.issued_at, Hash([0; 32])).await.unwrap(), None);
}

pub async fn a_batch_is_found_by_its_name(engine: &impl Engine) {
    let ledger = engine.open().await;
    let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
    let first = ledger.append_batch(one, AT_MS, &[fresh(), fresh()]).await.unwrap().head;
    let second = ledger.append_batch(two, AT_MS + 5, &[fresh()]).await.unwrap().head;
    assert_eq!(ledger.find_batch(one).await.unwrap(), Some(first));
    assert_eq!(ledger.find_batch(two).await.unwrap(), Some(second));
    assert_eq!(ledger.find_batch(Uuid::new_v4()).await.unwrap(), None);

    for (index, batch, first_in, at_ms) in
        [(0, first, 0, AT_MS), (1, first, 0, AT_MS), (2, second, 2, AT_MS + 5)]
    {
        let record = ledger.batch_of(LeafIndex(index)).await.unwrap().unwrap();
        assert_eq!((record.size, record.root), (batch.size, batch.root));
        assert_eq!((record.first, record.committed_at_ms), (LeafIndex(first_in), at_ms));
    }
    assert!(ledger.batch_of(LeafIndex(3)).await.unwrap().is_none());
    let indices = [2, 0, 3, 1].map(LeafIndex);
    let times = ledger.committed_at(&indices).await.unwrap();
    assert_eq!(times, [Some(AT_MS + 5), Some(AT_MS), None, Some(AT_MS)]);
    let sizes = async |after, limit| -> Vec<u64> {
        let batches = ledger.batches_after(TreeSize(after), limit).await.unwrap();
        batches.into_iter().map(|batch| batch.size.0).collect()
    };
    assert_eq!(sizes(0, 10).await, [2, 3]);
    assert_eq!(sizes(0, 1).await, [2]);
    assert_eq!(sizes(2, 10).await, [3]);
    assert_eq!(sizes(3, 10).await, [] as [u64; 0]);
}

pub async fn nothing_new_makes_no_batch(engine: &impl Engine) {
    let ledger = engine.open().await;
    let head = append(&*ledger, &[candidate(1)]).await.head;
    let name = Uuid::new_v4();
    let again = ledger.append_batch(name, AT_MS, &[candidate(1)]).await.unwrap();
    assert_eq!(again.head, head);
    assert!(again.growth.is_none());
    assert_eq!(ledger.find_batch(name).await.unwrap(), None);
    assert_eq!(append(&*ledger, &[]).await.head, head);
    assert_eq!(ledger.batches_after(TreeSize(0), 10).await.unwrap().len(), 1);
}

/// A batch whose effects contradict the tables is refused as a whole.
pub async fn a_batch_that_fails_leaves_nothing(engine: &impl Engine) {
    use attestry::store::ledger::{AppendError, Roles};
    let ledger = engine.open().await;
    place(&*ledger, crate::candidates::enrolment(1)).await;
    let head = ledger.head().await.unwrap();
    let twice = enrol_as(1, Roles::default());
    let other = fresh();
    let name = Uuid::new_v4();
    let refused =
        ledger.append_batch(name, AT_MS, &[other.clone(), with(vec![], vec![twice])]).await;
    assert!(matches!(refused, Err(AppendError::NotCommitted(_))), "{refused:?}");
    assert_eq!(ledger.head().await.unwrap(), head);
    assert_eq!(ledger.find_batch(name).await.unwrap(), None);
    assert_eq!(ledger.find_statement(other.issued_at, other.leaf_hash).await.unwrap(), None);
    // And the next one goes through.
    assert_eq!(place(&*ledger, other).await, LeafIndex(1));
}

pub async fn entries_about_a_subject_come_in_pages(engine: &impl Engine) {
    let ledger = engine.open().await;
    let (submission, about_key) = (Uuid::from_u128(5), Subject::Key(thumbprint(3)));
    let about = Subject::Submission(submission);
    let mut candidates: Vec<_> = (0..9).map(candidate).collect();
    for at in [1, 4, 5, 8] {
        candidates[at].subject = about;
    }
    candidates[2].subject = about_key;
    append(&*ledger, &candidates).await;
    let positions = async |subject, from, limit| -> Vec<u64> {
        let entries = ledger.entries_about(subject, LeafIndex(from), limit).await.unwrap();
        entries.into_iter().map(|entry| entry.index.0).collect()
    };
    assert_eq!(positions(about, 0, 10).await, [1, 4, 5, 8]);
    assert_eq!(positions(about, 0, 2).await, [1, 4]);
    assert_eq!(positions(about, 5, 10).await, [5, 8]);
    assert_eq!(positions(about, 9, 10).await, [] as [u64; 0]);
    assert_eq!(positions(about_key, 0, 10).await, [2]);
    let last = async |before| {
        let entry = ledger.last_about(about, LeafIndex(before)).await.unwrap();
        entry.map(|entry| (entry.index.0, entry.leaf_hash))
    };
    assert_eq!(last(1).await, None);
    for (before, found) in [(2, 1), (4, 1), (5, 4), (8, 5), (9, 8), (u64::MAX, 8)] {
        assert_eq!(last(before).await, Some((found, candidates[found as usize].leaf_hash)));
    }
    assert_eq!(positions(Subject::Key(thumbprint(4)), 0, 10).await, [] as [u64; 0]);
}

pub async fn payloads_are_kept_with_their_entry(engine: &impl Engine) {
    let ledger = engine.open().await;
    let sealed = candidate(1);
    let mut public = candidate(2);
    let bytes = b"{\"published\":true}".to_vec();
    public.payload = StoredPayload::Public(bytes.clone());
    public.payload_digest = Hash::of(&bytes);
    public.content_type = ContentType::Policy.as_str();
    append(&*ledger, &[sealed.clone(), public.clone()]).await;
    let stored = async |index| ledger.payload(LeafIndex(index)).await.unwrap();
    let both = ledger.payloads(&[LeafIndex(1), LeafIndex(7), LeafIndex(0)]).await.unwrap();
    let expected = [
        Some((public.payload_digest, public.payload.clone())),
        None,
        Some((sealed.payload_digest, sealed.payload.clone())),
    ];
    assert_eq!(both, expected);
    assert_eq!(stored(0).await, Some((sealed.payload_digest, sealed.payload)));
    assert_eq!(stored(1).await, Some((public.payload_digest, public.payload)));
    assert_eq!(stored(2).await, None);
    // A sealed payload is published to nobody.
    assert_eq!(ledger.public_payload(public.payload_digest).await.unwrap(), Some(bytes));
    assert_eq!(ledger.public_payload(sealed.payload_digest).await.unwrap(), None);
}

pub async fn another_instance_reads_the_same(engine: &impl Engine) {
    let (one, two) = (engine.open().await, engine.open().await);
    for number in 0..6 {
        let writer = if number % 2 == 0 { &one } else { &two };
        assert_eq!(place(&**writer, candidate(number)).await, LeafIndex(number));
        assert_eq!(one.head().await.unwrap(), two.head().await.unwrap());
        assert_eq!(one.edge().await.unwrap(), two.edge().await.unwrap());
    }
    assert_eq!(
        one.entries(LeafIndex(0), 10).await.unwrap(),
        two.entries(LeafIndex(0), 10).await.unwrap()
    );
}

/// Nodes that append at once both succeed, and no position is given twice.
pub async fn two_instances_append_at_once(engine: &impl Engine) {
    const BATCHES: u64 = 40;
    const ENTRIES: u64 = 7;
    let mut tasks = tokio::task::JoinSet::new();
    for node in 0..2 {
        let ledger = engine.open().await;
        tasks.spawn(async move {
            let mut outcomes = Vec::new();
            for batch in 0..BATCHES {
                // Every third statement is sent to both nodes.
                let number = |at: u64| {
                    let at = batch * ENTRIES + at;
                    if at.is_multiple_of(3) { at } else { at + (node + 1) * 1_000_000 }
                };
                let candidates: Vec<_> = (0..ENTRIES).map(|at| candidate(number(at))).collect();
                let appended = append(&*ledger, &candidates).await;
                outcomes
                    .extend(candidates.into_iter().map(|one| one.leaf_hash).zip(appended.outcomes));
            }
            outcomes
        });
    }
    let outcomes: Vec<(Hash, Outcome)> = tasks.join_all().await.into_iter().flatten().collect();
    let ledger = engine.open().await;
    let head = ledger.head().await.unwrap().unwrap();
    let total = 2 * BATCHES * ENTRIES;
    let shared = (0..BATCHES * ENTRIES).filter(|at| at.is_multiple_of(3)).count() as u64;
    assert_eq!(head.size.0, total - shared);

    let mut positions = HashSet::new();
    let mut leaves = vec![Hash([0; 32]); head.size.0 as usize];
    for (leaf, outcome) in &outcomes {
        let (Outcome::Appended(index) | Outcome::AlreadyLogged(index)) = outcome else {
            panic!("{outcome:?}")
        };
        if let Outcome::Appended(index) = outcome {
            assert!(positions.insert(*index), "{index} was given twice");
        }
        leaves[index.0 as usize] = *leaf;
    }
    assert_eq!(positions.len() as u64, head.size.0);
    assert_eq!(root_of(&leaves), head.root);
    let mut end = 0;
    for batch in ledger.batches_after(TreeSize(0), 1000).await.unwrap() {
        assert_eq!(batch.first.0, end);
        end = batch.size.0;
        assert_eq!(batch.root, root_of(&leaves[..end as usize]), "size {end}");
    }
    assert_eq!(end, head.size.0);
}
