//! What is kept beside entries.

use attestry::store::ledger::{
    DraftOutcome, DraftRecord, Effect, Invitation, ManifestRecord, Role, Roles, STAGED_SECONDS_MAX,
};
use attestry_proof::{hash::Hash, manifest::Role as ManifestRole, size::LeafIndex};
use uuid::Uuid;

use crate::{
    candidates::{append, enrolment, fresh, invitation, key, place, said_by, thumbprint, with},
    engine::Engine,
};

pub async fn keys_are_listed_by_enrolment(engine: &impl Engine) {
    let ledger = engine.open().await;
    append(&*ledger, &[fresh(), enrolment(5), enrolment(2), fresh(), enrolment(7)]).await;
    place(&*ledger, with(vec![], vec![Effect::RevokeKey(thumbprint(2))])).await;
    let record = ledger.key(thumbprint(2)).await.unwrap().unwrap();
    assert_eq!((record.key, record.enrolled), (key(2), LeafIndex(2)));
    assert_eq!((record.roles.to_words().as_str(), record.program.as_str()), ("contractor", "main"));
    assert_eq!((record.revoked, record.version), (Some(LeafIndex(5)), 2));
    assert_eq!(ledger.key(thumbprint(9)).await.unwrap(), None);

    let listed = async |from, limit| -> Vec<u64> {
        let keys = ledger.keys(LeafIndex(from), limit).await.unwrap();
        keys.into_iter().map(|key| key.enrolled.0).collect()
    };
    assert_eq!(listed(0, 10).await, [1, 2, 4]);
    assert_eq!(listed(0, 2).await, [1, 2]);
    assert_eq!(listed(2, 10).await, [2, 4]);
    assert_eq!(listed(5, 10).await, [] as [u64; 0]);
    // Revoked a second time, it keeps the first position.
    place(&*ledger, with(vec![], vec![Effect::RevokeKey(thumbprint(2))])).await;
    let record = ledger.key(thumbprint(2)).await.unwrap().unwrap();
    assert_eq!((record.revoked, record.version), (Some(LeafIndex(5)), 3));
}

pub async fn submissions_are_listed_newest_first(engine: &impl Engine) {
    let ledger = engine.open().await;
    let id = |number: u128| Uuid::from_u128(number);
    let batch: Vec<_> = (1..=5).map(|number| said_by(1, id(number), false)).collect();
    append(&*ledger, &batch).await;
    place(&*ledger, said_by(2, id(6), false)).await;
    let listed = async |owner, before, limit| -> Vec<u128> {
        let page =
            ledger.submissions_of(thumbprint(owner), LeafIndex(before), limit).await.unwrap();
        page.into_iter().map(|submission| submission.id.as_u128()).collect()
    };
    assert_eq!(listed(1, u64::MAX, 10).await, [5, 4, 3, 2, 1]);
    assert_eq!(listed(1, u64::MAX, 2).await, [5, 4]);
    assert_eq!(listed(1, 3, 2).await, [3, 2]);
    assert_eq!(listed(1, 1, 2).await, [1]);
    assert_eq!(listed(1, 0, 2).await, [] as [u128; 0]);
    assert_eq!(listed(2, u64::MAX, 10).await, [6]);
    assert_eq!(listed(3, u64::MAX, 10).await, [] as [u128; 0]);
    assert_eq!(ledger.submission(id(7)).await.unwrap(), None);
}

pub async fn staged_payloads_wait_for_their_statement(engine: &impl Engine) {
    let ledger = engine.open().await;
    let (one, two, digest) = (Uuid::from_u128(1), Uuid::from_u128(2), Hash([7; 32]));
    assert_eq!(ledger.staged_payload(one, digest).await.unwrap(), None);
    ledger.stage_payload(one, digest, b"first", 1000).await.unwrap();
    ledger.stage_payload(two, digest, b"other", 1000).await.unwrap();
    ledger.stage_payload(one, digest, b"again", 1001).await.unwrap();
    assert_eq!(ledger.staged_payload(one, digest).await.unwrap(), Some(b"again".to_vec()));
    place(&*ledger, with(vec![], vec![Effect::Unstage { submission: one, digest }])).await;
    assert_eq!(ledger.staged_payload(one, digest).await.unwrap(), None);
    assert_eq!(ledger.staged_payload(two, digest).await.unwrap(), Some(b"other".to_vec()));
    // The one that waited too long goes when another comes.
    let late = 1001 + STAGED_SECONDS_MAX;
    ledger.stage_payload(one, Hash([8; 32]), b"new", late).await.unwrap();
    assert_eq!(ledger.staged_payload(two, digest).await.unwrap(), None);
    assert_eq!(ledger.staged_payload(one, Hash([8; 32])).await.unwrap(), Some(b"new".to_vec()));
}

pub async fn manifests_are_recorded_once(engine: &impl Engine) {
    let ledger = engine.open().await;
    let submission = Uuid::from_u128(1);
    let manifest = |byte: u8, role| ManifestRecord {
        submission,
        commitment: Hash([byte; 32]),
        role,
        files: 3,
        bytes: 1 << 40,
        openings: Hash([byte + 100; 32]),
    };
    let request = manifest(1, ManifestRole::Request);
    let deliverable = manifest(2, ManifestRole::Deliverable);
    ledger.record_manifest(&deliverable).await.unwrap();
    ledger.record_manifest(&request).await.unwrap();
    // The same commitment again changes nothing.
    ledger.record_manifest(&ManifestRecord { openings: Hash([9; 32]), ..request }).await.unwrap();
    assert_eq!(ledger.manifest(submission, request.commitment).await.unwrap(), Some(request));
    assert_eq!(ledger.manifests_of(submission).await.unwrap(), [request, deliverable]);
    assert_eq!(ledger.manifest(submission, Hash([3; 32])).await.unwrap(), None);
    assert_eq!(ledger.manifest(Uuid::from_u128(2), request.commitment).await.unwrap(), None);
    assert_eq!(ledger.manifests_of(Uuid::from_u128(2)).await.unwrap(), []);
}

pub async fn invitations_are_known_by_their_digest(engine: &impl Engine) {
    let ledger = engine.open().await;
    let invitation = invitation(b"code", 100);
    ledger.invite(&invitation).await.unwrap();
    assert_eq!(
        ledger.open_invitation(invitation.code_digest, 99).await.unwrap(),
        Some(invitation.clone())
    );
    assert_eq!(ledger.open_invitation(invitation.code_digest, 100).await.unwrap(), None);
    assert_eq!(ledger.open_invitation(Hash::of(b"other"), 0).await.unwrap(), None);
    assert_eq!(invitation.roles, Roles::new(vec![Role::Contractor, Role::Reviewer]));
    assert!(ledger.invite(&invitation).await.is_err(), "a code is made once");
}

pub async fn open_invitations_are_listed(engine: &impl Engine) {
    let ledger = engine.open().await;
    let by = |code: &[u8], inviter: u8, expires_at| Invitation {
        inviter: Some(thumbprint(inviter)),
        ..invitation(code, expires_at)
    };
    append(&*ledger, &[enrolment(1), enrolment(2)]).await;
    let mut open = vec![by(b"one", 1, 100), by(b"two", 1, 200), by(b"three", 2, 200)];
    for invitation in open.iter().chain([&by(b"of nobody", 3, 200)]) {
        ledger.invite(invitation).await.unwrap();
    }
    open.sort_by_key(|invitation| invitation.code_digest.0);
    let list = async |at, after, limit| ledger.open_invitations(at, after, limit).await.unwrap();
    assert_eq!(list(99, None, 10).await, open);
    assert_eq!(list(99, None, 2).await, open[..2]);
    assert_eq!(list(99, Some(open[0].code_digest), 10).await, open[1..]);
    // Expired, cancelled, used, or made by a key that ended.
    let names = async |at| -> Vec<Hash> {
        list(at, None, 10).await.into_iter().map(|invitation| invitation.code_digest).collect()
    };
    open.retain(|invitation| invitation.expires_at > 100);
    assert_eq!(list(100, None, 10).await, open);
    let (two, three) = (Hash::of(b"two"), Hash::of(b"three"));
    place(&*ledger, with(vec![], vec![Effect::RevokeKey(thumbprint(2))])).await;
    assert_eq!(names(100).await, [two]);
    let spend = Effect::UseInvitation { code_digest: three, by: thumbprint(1) };
    place(&*ledger, with(vec![], vec![spend])).await;
    assert!(!ledger.cancel_invitation(three).await.unwrap(), "it was used");
    assert!(!ledger.cancel_invitation(Hash::of(b"unknown")).await.unwrap());
    assert!(ledger.cancel_invitation(two).await.unwrap());
    assert!(!ledger.cancel_invitation(two).await.unwrap());
    assert_eq!(names(100).await, []);
    ledger.drop_expired(100).await.unwrap();
    assert_eq!(names(0).await, [] as [Hash; 0], "the one that expired is gone");
}

pub async fn a_first_invitation_replaces_those_before(engine: &impl Engine) {
    let ledger = engine.open().await;
    let first = |code: &[u8]| Invitation { inviter: None, ..invitation(code, 100) };
    ledger.invite(&first(b"one")).await.unwrap();
    ledger.invite(&invitation(b"of a key", 100)).await.unwrap();
    ledger.invite(&first(b"two")).await.unwrap();
    let open = async |code: &[u8]| ledger.open_invitation(Hash::of(code), 0).await.unwrap();
    assert_eq!(open(b"one").await, None);
    assert_eq!(open(b"two").await, Some(first(b"two")));
    assert!(open(b"of a key").await.is_some());
    assert_eq!(ledger.open_invitations(0, None, 10).await.unwrap(), []);
}

pub async fn drafts_are_counted_until_their_statement(engine: &impl Engine) {
    let ledger = engine.open().await;
    let id = |number: u128| Uuid::from_u128(number);
    let touch = async |number, seed, at| {
        ledger.touch_draft(id(number), thumbprint(seed), at, 2).await.unwrap()
    };
    assert_eq!(ledger.draft(id(1)).await.unwrap(), None);
    assert_eq!(touch(1, 1, 100).await, DraftOutcome::Open);
    assert_eq!(touch(2, 1, 100).await, DraftOutcome::Open);
    assert_eq!(touch(3, 1, 100).await, DraftOutcome::TooMany);
    assert_eq!(touch(1, 1, 150).await, DraftOutcome::Open);
    assert_eq!(touch(1, 2, 150).await, DraftOutcome::OfAnotherKey);
    assert_eq!(touch(4, 2, 150).await, DraftOutcome::Open, "another key has its own");
    let record = DraftRecord { owner: thumbprint(1), touched_at: 150, abandoned: false };
    assert_eq!(ledger.draft(id(1)).await.unwrap(), Some(record));
    place(&*ledger, said_by(1, id(2), false)).await;
    assert_eq!(touch(3, 1, 160).await, DraftOutcome::Open);
    assert_eq!(touch(5, 1, 160).await, DraftOutcome::TooMany);
}

pub async fn abandoned_drafts_are_found_until_they_are_cleared(engine: &impl Engine) {
    let ledger = engine.open().await;
    let (left, stated, fresh) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
    let digest = Hash([7; 32]);
    for (id, at) in [(left, 100), (stated, 100), (fresh, 101)] {
        ledger.touch_draft(id, thumbprint(1), at, 9).await.unwrap();
        ledger.stage_payload(id, digest, b"payload", 100).await.unwrap();
    }
    place(&*ledger, said_by(1, stated, false)).await;
    assert_eq!(ledger.abandon_drafts(100, 9).await.unwrap(), [] as [Uuid; 0]);
    // Clearing is for abandoned ones.
    ledger.clear_draft(left).await.unwrap();
    assert!(ledger.staged_payload(left, digest).await.unwrap().is_some());
    for _ in 0..2 {
        assert_eq!(ledger.abandon_drafts(101, 9).await.unwrap(), [left], "until it is cleared");
    }
    assert!(ledger.draft(left).await.unwrap().unwrap().abandoned);
    let touched = ledger.touch_draft(left, thumbprint(1), 102, 9).await.unwrap();
    assert_eq!(touched, DraftOutcome::Abandoned);
    ledger.clear_draft(left).await.unwrap();
    assert_eq!(ledger.abandon_drafts(101, 9).await.unwrap(), [] as [Uuid; 0]);
    assert!(ledger.draft(left).await.unwrap().unwrap().abandoned, "for good");
    assert_eq!(ledger.staged_payload(left, digest).await.unwrap(), None);
    for id in [stated, fresh] {
        assert!(ledger.staged_payload(id, digest).await.unwrap().is_some());
    }
    ledger.drop_expired(101 + STAGED_SECONDS_MAX).await.unwrap();
    assert_eq!(ledger.staged_payload(fresh, digest).await.unwrap(), None);
}

pub async fn token_ids_are_spent_once(engine: &impl Engine) {
    let (ledger, other) = (engine.open().await, engine.open().await);
    assert!(ledger.spend_token("a", 200, 100).await.unwrap());
    assert!(!ledger.spend_token("a", 200, 100).await.unwrap());
    assert!(
        !other.spend_token("a", 300, 200).await.unwrap(),
        "it has not expired at its last second"
    );
    assert!(other.spend_token("b", 200, 100).await.unwrap());
    // An expired id is forgotten: the token itself is refused by then.
    assert!(ledger.spend_token("a", 400, 201).await.unwrap());
    // Sent twice at once, it counts once.
    let both = tokio::join!(ledger.spend_token("c", 500, 300), other.spend_token("c", 500, 300));
    assert_eq!(u8::from(both.0.unwrap()) + u8::from(both.1.unwrap()), 1);
}

pub async fn policies_follow_each_other(engine: &impl Engine) {
    let ledger = engine.open().await;
    for version in 1..=12_u64 {
        let digest = Hash::of(&version.to_be_bytes());
        place(&*ledger, with(vec![], vec![Effect::AdoptPolicy { digest, version }])).await;
        assert_eq!(ledger.policy().await.unwrap(), Some((digest, version)));
    }
}

pub async fn a_ledger_answers_pings(engine: &impl Engine) {
    let ledger = engine.open().await;
    ledger.ping().await.unwrap();
    place(&*ledger, fresh()).await;
    ledger.ping().await.unwrap();
}
