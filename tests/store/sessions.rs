//! Who is signed in, and whom a provider means.

use attestry::store::{
    ledger::{Effect, Invitation, Ledger},
    people::PersonRecord,
    sessions::{Moment, SessionMethod, SessionRecord},
};
use attestry_proof::hash::Hash;
use uuid::Uuid;

use crate::{
    candidates::{append, enrol_as, enrolment, invitation, place, thumbprint, with},
    engine::Engine,
};

const START: i64 = 1_700_000_000;

fn at(now: i64) -> Moment {
    Moment { now, idle_since: now - 1800 }
}

fn session(number: u8, seed: u8, created_at: i64) -> SessionRecord {
    SessionRecord {
        id: Uuid::from_u128(number.into()),
        secret_digest: Hash::of(&[number]),
        thumbprint: thumbprint(seed),
        method: if number.is_multiple_of(2) { SessionMethod::Key } else { SessionMethod::Oidc },
        created_at,
        last_used_at: created_at,
        expires_at: created_at + 43_200,
    }
}

async fn open(ledger: &dyn Ledger, session: &SessionRecord) {
    let moment = at(session.created_at);
    ledger.sessions().open_session(session, moment, 3).await.unwrap();
}

/// Whether each of these sessions is on.
async fn are_on(ledger: &dyn Ledger, numbers: &[u8], now: i64) -> Vec<bool> {
    let mut on = Vec::new();
    for number in numbers {
        let found = ledger.sessions().session_with(Hash::of(&[*number]), at(now)).await.unwrap();
        on.push(found.is_some());
    }
    on
}

pub async fn a_session_is_found_by_its_secret_until_it_is_over(engine: &impl Engine) {
    let ledger = engine.open().await;
    append(&*ledger, &[enrolment(5), enrolment(6)]).await;
    let record = session(1, 5, START);
    open(&*ledger, &record).await;
    let sessions = ledger.sessions();
    let with = |number: u8, now| sessions.session_with(Hash::of(&[number]), at(now));
    assert_eq!(with(1, START).await.unwrap(), Some(record));
    assert_eq!(with(2, START).await.unwrap(), None);
    assert_eq!(with(1, START + 1799).await.unwrap(), Some(record));
    assert_eq!(with(1, START + 1800).await.unwrap(), None, "not used for too long");
    sessions.touch_session(record.id, START + 43_000).await.unwrap();
    // Going back in time is no use.
    sessions.touch_session(record.id, START).await.unwrap();
    let used = SessionRecord { last_used_at: START + 43_000, ..record };
    assert_eq!(sessions.session(record.id, at(START + 43_199)).await.unwrap(), Some(used));
    assert_eq!(sessions.session(record.id, at(START + 43_200)).await.unwrap(), None);
    let of = |seed, now| sessions.sessions_of(thumbprint(seed), at(now));
    assert_eq!(of(5, START + 43_199).await.unwrap(), [used]);
    assert_eq!(of(5, START + 43_200).await.unwrap(), []);
    assert_eq!(of(6, START).await.unwrap(), []);
    assert!(sessions.end_session(record.id).await.unwrap());
    assert!(!sessions.end_session(record.id).await.unwrap());
    assert_eq!(with(1, START + 43_000).await.unwrap(), None);
}

pub async fn a_key_has_so_many_sessions(engine: &impl Engine) {
    let ledger = engine.open().await;
    append(&*ledger, &[enrolment(5), enrolment(6)]).await;
    open(&*ledger, &session(9, 6, START)).await;
    for number in 1..=4 {
        open(&*ledger, &session(number, 5, START + i64::from(number))).await;
    }
    let on = are_on(&*ledger, &[1, 2, 3, 4, 9], START + 5).await;
    assert_eq!(on, [false, true, true, true, true]);
    let listed = ledger.sessions().sessions_of(thumbprint(5), at(START + 5)).await.unwrap();
    let ids: Vec<u128> = listed.iter().map(|session| session.id.as_u128()).collect();
    assert_eq!(ids, [4, 3, 2], "newest first");
    let sessions = ledger.sessions();
    sessions.end_sessions_of(thumbprint(5), SessionMethod::Oidc).await.unwrap();
    let on = are_on(&*ledger, &[2, 3, 4, 9], START + 5).await;
    assert_eq!(on, [true, false, true, true], "only those that began in this way");
}

pub async fn sessions_end_with_their_key(engine: &impl Engine) {
    let ledger = engine.open().await;
    append(&*ledger, &[enrolment(5), enrolment(6), enrolment(7)]).await;
    for (number, seed) in [(1, 5), (2, 6), (3, 7)] {
        open(&*ledger, &session(number, seed, START)).await;
    }
    place(&*ledger, with(vec![], vec![Effect::RevokeKey(thumbprint(5))])).await;
    assert_eq!(are_on(&*ledger, &[1, 2, 3], START).await, [false, true, true]);
    let (from, to) = (thumbprint(6), thumbprint(8));
    let next = enrol_as(8, attestry::store::ledger::Roles::new(vec![]));
    place(&*ledger, with(vec![], vec![next, Effect::HandOver { from, to }])).await;
    assert_eq!(are_on(&*ledger, &[1, 2, 3], START).await, [false, false, true]);
    // None begins for a key that has ended, or never was.
    for (number, seed) in [(4, 5), (5, 6), (6, 99)] {
        open(&*ledger, &session(number, seed, START + 1)).await;
    }
    assert_eq!(are_on(&*ledger, &[4, 5, 6], START + 1).await, [false; 3]);
}

pub async fn an_identity_is_one_person_s_until_that_person_is_erased(engine: &impl Engine) {
    let ledger = engine.open().await;
    let sessions = ledger.sessions();
    let person = |number: u8| PersonRecord {
        id: Uuid::from_u128(number.into()),
        address: Hash::of(&[number]),
        profile: None,
    };
    let (one, other) = (person(1), person(2));
    let identity = |name: &str| Hash::of(name.as_bytes());
    assert_eq!(sessions.identity(identity("a")).await.unwrap(), None);
    assert!(sessions.add_identity(identity("a"), &one).await.unwrap());
    assert_eq!(sessions.identity(identity("a")).await.unwrap(), Some(one.id));
    // Another identity under a known address, and the same identity again: nothing is kept.
    let same_address = PersonRecord { address: one.address, ..other.clone() };
    assert!(!sessions.add_identity(identity("b"), &same_address).await.unwrap());
    assert!(!sessions.add_identity(identity("a"), &other).await.unwrap());
    assert_eq!(sessions.identity(identity("b")).await.unwrap(), None);
    assert!(ledger.people().person(other.id).await.unwrap().is_none());
    // Whoever is linked first stays.
    assert!(sessions.add_identity(identity("c"), &other).await.unwrap());
    assert_eq!(sessions.link_identity(identity("d"), one.id).await.unwrap(), one.id);
    assert_eq!(sessions.link_identity(identity("d"), other.id).await.unwrap(), one.id);

    let mut made_by_sign_in = Vec::new();
    for (code, person) in [("first", &one), ("second", &one), ("third", &other)] {
        let open = invitation(code.as_bytes(), START + 100);
        let open = Invitation { inviter: None, person: Some(person.id), ..open };
        ledger.invite(&open).await.unwrap();
        made_by_sign_in.push(open);
    }
    let are_open = async || {
        let mut open = Vec::new();
        for made in &made_by_sign_in {
            let found = ledger.open_invitation(made.code_digest, START).await.unwrap();
            open.push(found.is_some());
        }
        open
    };
    assert_eq!(are_open().await, [false, true, true], "the newest of a person stays");
    ledger.people().forget_person(one.id).await.unwrap();
    for name in ["a", "d"] {
        assert_eq!(sessions.identity(identity(name)).await.unwrap(), None, "{name}");
    }
    assert_eq!(sessions.identity(identity("c")).await.unwrap(), Some(other.id));
    assert_eq!(are_open().await, [false, false, true]);
}
