//! Facts that judgements rest on: each holds, or drops its candidate and says which, in one batch and across batches.

use attestry::store::ledger::{Effect, Outcome, Precondition, Role, Roles};
use attestry_proof::{hash::Hash, size::LeafIndex};
use uuid::Uuid;

use crate::{
    candidates::{
        append, append_one, enrol_as, enrolment, fresh, invitation, is_appended, place, said_by,
        thumbprint, with,
    },
    engine::Engine,
};

fn key_at(seed: u8, version: u64) -> Precondition {
    Precondition::Key { thumbprint: thumbprint(seed), version }
}

pub async fn a_key_must_be_at_its_version(engine: &impl Engine) {
    let ledger = engine.open().await;
    let unknown = with(vec![key_at(1, 1)], vec![]);
    assert_eq!(append_one(&*ledger, unknown).await, Outcome::Dropped(key_at(1, 1)));
    // Enrolled and used in one batch.
    let outcomes =
        append(&*ledger, &[enrolment(1), with(vec![key_at(1, 1)], vec![])]).await.outcomes;
    assert!(outcomes.iter().all(is_appended), "{outcomes:?}");
    assert!(is_appended(&append_one(&*ledger, with(vec![key_at(1, 1)], vec![])).await));
    for version in [0, 2, u64::MAX] {
        let outcome = append_one(&*ledger, with(vec![key_at(1, version)], vec![])).await;
        assert_eq!(outcome, Outcome::Dropped(key_at(1, version)));
    }
    // Revoked and used in one batch.
    let revoke = with(vec![key_at(1, 1)], vec![Effect::RevokeKey(thumbprint(1))]);
    let outcomes = append(
        &*ledger,
        &[with(vec![key_at(1, 1)], vec![]), revoke, with(vec![key_at(1, 1)], vec![])],
    )
    .await
    .outcomes;
    assert!(is_appended(&outcomes[0]) && is_appended(&outcomes[1]));
    assert_eq!(outcomes[2], Outcome::Dropped(key_at(1, 1)));
    let Outcome::Appended(revoked) = outcomes[1] else { panic!() };
    let record = ledger.key(thumbprint(1)).await.unwrap().unwrap();
    assert_eq!((record.revoked, record.version), (Some(revoked), 2));
    assert_eq!(
        append_one(&*ledger, with(vec![key_at(1, 1)], vec![])).await,
        Outcome::Dropped(key_at(1, 1))
    );
}

pub async fn a_key_is_enrolled_once(engine: &impl Engine) {
    let ledger = engine.open().await;
    let unknown = Precondition::KeyUnknown(thumbprint(1));
    let outcomes = append(&*ledger, &[enrolment(1), enrolment(1), enrolment(2)]).await.outcomes;
    assert_eq!(
        outcomes,
        [
            Outcome::Appended(LeafIndex(0)),
            Outcome::Dropped(unknown.clone()),
            Outcome::Appended(LeafIndex(1))
        ]
    );
    assert_eq!(append_one(&*ledger, enrolment(1)).await, Outcome::Dropped(unknown));
    assert!(is_appended(&append_one(&*ledger, enrolment(3)).await));
}

pub async fn a_submission_belongs_to_whoever_came_first(engine: &impl Engine) {
    let ledger = engine.open().await;
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let batch = [
        said_by(1, one, false),
        said_by(2, one, false),
        said_by(2, two, false),
        said_by(1, one, false),
    ];
    let outcomes = append(&*ledger, &batch).await.outcomes;
    let (first, second, third) = (LeafIndex(0), LeafIndex(1), LeafIndex(2));
    assert_eq!(
        (&outcomes[0], &outcomes[2], &outcomes[3]),
        (&Outcome::Appended(first), &Outcome::Appended(second), &Outcome::Appended(third))
    );
    assert_eq!(outcomes[1], Outcome::Dropped(batch[1].preconditions[0].clone()));
    for (submission, owner, opened) in [(one, 1, first), (two, 2, second)] {
        let record = ledger.submission(submission).await.unwrap().unwrap();
        assert_eq!(
            (record.owner, record.opened, record.withdrawn),
            (thumbprint(owner), opened, false)
        );
    }
    let stranger = said_by(1, two, false);
    let fact = stranger.preconditions[0].clone();
    assert_eq!(append_one(&*ledger, stranger).await, Outcome::Dropped(fact));
    assert!(is_appended(&append_one(&*ledger, said_by(2, two, false)).await));
    assert_eq!(ledger.submission(two).await.unwrap().unwrap().opened, second);
}

pub async fn a_withdrawn_submission_accepts_what_may_follow(engine: &impl Engine) {
    let ledger = engine.open().await;
    let submission = Uuid::from_u128(1);
    place(&*ledger, said_by(1, submission, false)).await;
    let mut withdrawal = said_by(1, submission, true);
    withdrawal.effects.push(Effect::Withdraw { submission, purposes: None });
    let late = said_by(1, submission, false);
    let fact = late.preconditions[0].clone();
    // In the batch of the withdrawal, and after it.
    let outcomes =
        append(&*ledger, &[withdrawal, late, said_by(1, submission, true)]).await.outcomes;
    assert!(is_appended(&outcomes[0]) && is_appended(&outcomes[2]), "{outcomes:?}");
    assert_eq!(outcomes[1], Outcome::Dropped(fact.clone()));
    assert!(ledger.submission(submission).await.unwrap().unwrap().withdrawn);
    assert_eq!(append_one(&*ledger, said_by(1, submission, false)).await, Outcome::Dropped(fact));
    assert!(is_appended(&append_one(&*ledger, said_by(1, submission, true)).await));
    // Withdrawn by its first statement.
    let other = Uuid::from_u128(2);
    let mut at_once = said_by(1, other, true);
    at_once.effects.push(Effect::Withdraw { submission: other, purposes: None });
    place(&*ledger, at_once).await;
    assert!(ledger.submission(other).await.unwrap().unwrap().withdrawn);
}

pub async fn an_invitation_is_used_once(engine: &impl Engine) {
    let ledger = engine.open().await;
    let code_digest = Hash::of(b"code");
    let open_at = |at| Precondition::InvitationOpen { code_digest, at };
    let used_by = |seed| {
        let spend = Effect::UseInvitation { code_digest, by: thumbprint(seed) };
        with(vec![open_at(99)], vec![spend])
    };
    assert_eq!(append_one(&*ledger, used_by(1)).await, Outcome::Dropped(open_at(99)));
    ledger.invite(&invitation(b"code", 100)).await.unwrap();
    for late in [100, 101, i64::MAX] {
        let outcome = append_one(&*ledger, with(vec![open_at(late)], vec![])).await;
        assert_eq!(outcome, Outcome::Dropped(open_at(late)), "it expires at 100");
    }
    let outcomes = append(&*ledger, &[used_by(1), used_by(2)]).await.outcomes;
    assert!(is_appended(&outcomes[0]), "{outcomes:?}");
    assert_eq!(outcomes[1], Outcome::Dropped(open_at(99)));
    assert_eq!(append_one(&*ledger, used_by(3)).await, Outcome::Dropped(open_at(99)));
    assert_eq!(ledger.open_invitation(code_digest, 0).await.unwrap(), None);
}

pub async fn the_first_key_is_enrolled_when_nobody_is(engine: &impl Engine) {
    let ledger = engine.open().await;
    let first = |seed| {
        let mut candidate = enrolment(seed);
        candidate.preconditions.push(Precondition::NobodyEnrolled);
        candidate
    };
    let outcomes = append(&*ledger, &[first(1), first(2)]).await.outcomes;
    assert!(is_appended(&outcomes[0]), "{outcomes:?}");
    assert_eq!(outcomes[1], Outcome::Dropped(Precondition::NobodyEnrolled));
    // Nor when everybody is revoked.
    place(&*ledger, with(vec![], vec![Effect::RevokeKey(thumbprint(1))])).await;
    assert_eq!(
        append_one(&*ledger, first(2)).await,
        Outcome::Dropped(Precondition::NobodyEnrolled)
    );
}

pub async fn an_administrator_remains(engine: &impl Engine) {
    let ledger = engine.open().await;
    let admin = |seed| {
        let roles = Roles::new(vec![Role::Legal, Role::Admin]);
        with(vec![], vec![enrol_as(seed, roles)])
    };
    let leave = |seed| {
        let remains = admin_besides(seed);
        with(vec![remains], vec![Effect::RevokeKey(thumbprint(seed))])
    };
    let refused = |seed| Outcome::Dropped(admin_besides(seed));
    append(&*ledger, &[enrolment(9), admin(1)]).await;
    assert_eq!(append_one(&*ledger, leave(1)).await, refused(1), "others have other roles");
    // Within one batch: an administrator who comes first counts, one who left does not.
    let outcomes = append(&*ledger, &[leave(1), admin(2), leave(1), leave(2)]).await.outcomes;
    assert_eq!((&outcomes[0], &outcomes[3]), (&refused(1), &refused(2)));
    assert!(is_appended(&outcomes[1]) && is_appended(&outcomes[2]), "{outcomes:?}");
    assert_eq!(append_one(&*ledger, leave(2)).await, refused(2));
}

pub async fn a_draft_belongs_to_whoever_began_it(engine: &impl Engine) {
    let ledger = engine.open().await;
    let (kept, left) = (Uuid::from_u128(1), Uuid::from_u128(2));
    ledger.touch_draft(kept, thumbprint(1), 200, 9).await.unwrap();
    ledger.touch_draft(left, thumbprint(1), 100, 9).await.unwrap();
    assert_eq!(ledger.abandon_drafts(200, 9).await.unwrap(), [left]);
    for refused in [said_by(2, kept, false), said_by(1, left, false), said_by(2, left, true)] {
        let fact = refused.preconditions[0].clone();
        assert_eq!(append_one(&*ledger, refused).await, Outcome::Dropped(fact));
    }
    // Still so when its content is gone.
    ledger.clear_draft(left).await.unwrap();
    let late = said_by(1, left, false);
    let fact = late.preconditions[0].clone();
    assert_eq!(append_one(&*ledger, late).await, Outcome::Dropped(fact));
    assert!(is_appended(&append_one(&*ledger, said_by(1, kept, false)).await));
    assert_eq!(ledger.submission(left).await.unwrap(), None);
}

pub async fn a_policy_must_be_in_force(engine: &impl Engine) {
    let ledger = engine.open().await;
    let under = |version| Precondition::Policy { version };
    let adopt = |from, version: u64| {
        let digest = Hash::of(&version.to_be_bytes());
        with(vec![under(from)], vec![Effect::AdoptPolicy { digest, version }])
    };
    assert_eq!(
        append_one(&*ledger, with(vec![under(1)], vec![])).await,
        Outcome::Dropped(under(1))
    );
    let outcomes =
        append(&*ledger, &[adopt(0, 1), adopt(0, 1), with(vec![under(1)], vec![])]).await.outcomes;
    assert_eq!(
        outcomes,
        [
            Outcome::Appended(LeafIndex(0)),
            Outcome::Dropped(under(0)),
            Outcome::Appended(LeafIndex(1))
        ]
    );
    assert_eq!(ledger.policy().await.unwrap(), Some((Hash::of(&1_u64.to_be_bytes()), 1)));
    assert!(is_appended(&append_one(&*ledger, adopt(1, 2)).await));
    assert_eq!(
        append_one(&*ledger, with(vec![under(1)], vec![])).await,
        Outcome::Dropped(under(1))
    );
    assert_eq!(ledger.policy().await.unwrap(), Some((Hash::of(&2_u64.to_be_bytes()), 2)));
}

pub async fn the_first_fact_that_fails_is_named(engine: &impl Engine) {
    let ledger = engine.open().await;
    place(&*ledger, enrolment(1)).await;
    let facts = vec![
        key_at(1, 1),
        Precondition::KeyUnknown(thumbprint(1)),
        Precondition::Policy { version: 5 },
    ];
    let outcome = append_one(&*ledger, with(facts.clone(), vec![])).await;
    assert_eq!(outcome, Outcome::Dropped(facts[1].clone()));
}

/// Neither its own effects, nor the submission it would have opened, nor a position.
pub async fn what_a_dropped_candidate_would_change_does_not_happen(engine: &impl Engine) {
    let ledger = engine.open().await;
    let submission = Uuid::from_u128(1);
    let mut dropped = said_by(1, submission, false);
    dropped.preconditions.push(key_at(1, 1));
    dropped.effects = vec![
        enrol_as(2, Roles::new(vec![Role::Admin])),
        Effect::AdoptPolicy { digest: Hash([1; 32]), version: 1 },
    ];
    let batch =
        [dropped.clone(), said_by(3, submission, false), with(vec![key_at(2, 1)], vec![]), fresh()];
    let outcomes = append(&*ledger, &batch).await.outcomes;
    assert_eq!(outcomes[0], Outcome::Dropped(key_at(1, 1)));
    assert_eq!(outcomes[1], Outcome::Appended(LeafIndex(0)));
    assert_eq!(outcomes[2], Outcome::Dropped(key_at(2, 1)));
    assert_eq!(outcomes[3], Outcome::Appended(LeafIndex(1)));
    assert_eq!(ledger.key(thumbprint(2)).await.unwrap(), None);
    assert_eq!(ledger.policy().await.unwrap(), None);
    assert_eq!(ledger.submission(submission).await.unwrap().unwrap().owner, thumbprint(3));
    assert_eq!(ledger.find_statement(dropped.issued_at, dropped.leaf_hash).await.unwrap(), None);
}

fn admin_besides(seed: u8) -> Precondition {
    Precondition::AdminBesides { thumbprint: thumbprint(seed), program: "main".into() }
}
