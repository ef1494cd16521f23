//! Whether a key may say what a payload turns out to say: by its role, and by whose key it is.
//!
//! Keys that hand over to each other, or stand in for a lost one, are one holder's. That two keys
//! enrolled apart are one person's, the log does not say.

use attestry_proof::{
    cose::{SignedStatement, Subject},
    key::Thumbprint,
    payload::{Payload, Speaker, StatementKind},
};

use super::facts::{Facts, Predecessor};
use crate::store::ledger::Roles;

/// Why a statement is not its issuer's to make.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unentitled {
    #[error("a {kind} is made by the service, this one by the key {issuer}")]
    NotTheService { kind: StatementKind, issuer: Thumbprint },
    #[error("a {kind} is made by a member, this one by the service")]
    NotAMember { kind: StatementKind },
    #[error("a {kind} takes the role {required}, the key {issuer} was enrolled as {found}")]
    RoleMissing { kind: StatementKind, required: String, issuer: Thumbprint, found: String },
    #[error("it is signed by the key {issuer}, the submission was opened by {owner}")]
    NotTheOwner { issuer: Thumbprint, owner: Thumbprint },
    #[error(
        "it is signed by a key that stands in for the lost one {lost}: that may withdraw what was \
         submitted with the lost key, and attest to none of it"
    )]
    ReplacementAttests { lost: Thumbprint },
    #[error("the reviewer's key {issuer} and the contractor's, {owner}, are of one holder")]
    OwnReview { issuer: Thumbprint, owner: Thumbprint },
    #[error("the officer's key {issuer} and the lost one {lost} are of one holder")]
    OwnKeyApproved { issuer: Thumbprint, lost: Thumbprint },
}

/// Earlier keys of a holder, the latest first, as far as entries tell.
struct Lineage {
    keys: Vec<Predecessor>,
    /// Whether the last one is known to be the first.
    complete: bool,
}

impl Facts {
    /// Whether `statement` is its issuer's to make. `opened_by` signed the first entry about the
    /// submission, if it is about one. What entries do not tell is held against nobody.
    pub fn entitle(
        &self,
        statement: &SignedStatement,
        payload: &Payload,
        opened_by: Option<Thumbprint>,
    ) -> Result<(), Unentitled> {
        let header = statement.header();
        let (kind, issuer) = (payload.kind(), header.issuer);
        match (kind.speaker() == Speaker::Service, self.is_service(issuer)) {
            (true, true) => return Ok(()),
            (true, false) => return Err(Unentitled::NotTheService { kind, issuer }),
            (false, true) => return Err(Unentitled::NotAMember { kind }),
            (false, false) => {}
        }
        self.check_role(kind, payload, issuer)?;
        match (kind.speaker(), header.subject, opened_by) {
            (Speaker::Contractor, _, Some(owner)) => self.check_owner(kind, issuer, owner),
            (Speaker::Reviewer, _, Some(owner))
                if self.first_key(issuer) == self.first_key(owner) =>
            {
                Err(Unentitled::OwnReview { issuer, owner })
            }
            (Speaker::Officer, Subject::Key(lost), _)
                if self.first_key(issuer) == self.first_key(lost) =>
            {
                Err(Unentitled::OwnKeyApproved { issuer, lost })
            }
            _ => Ok(()),
        }
    }

    fn check_role(
        &self,
        kind: StatementKind,
        payload: &Payload,
        issuer: Thumbprint,
    ) -> Result<(), Unentitled> {
        let details = self.keys.get(&issuer).and_then(|known| known.details.as_ref());
        let Some(found) = details.map(|details| &details.roles) else { return Ok(()) };
        let required = payload.required_roles();
        if required.iter().any(|role| found.contains(*role)) {
            return Ok(());
        }
        let required = Roles::new(required.to_vec()).to_words();
        Err(Unentitled::RoleMissing { kind, required, issuer, found: found.to_words() })
    }

    fn check_owner(
        &self,
        kind: StatementKind,
        issuer: Thumbprint,
        owner: Thumbprint,
    ) -> Result<(), Unentitled> {
        if issuer == owner {
            return Ok(());
        }
        let Lineage { keys, complete } = self.lineage(issuer);
        match keys.iter().find(|earlier| earlier.key == owner) {
            Some(Predecessor { lost: true, .. }) if kind != StatementKind::Withdrawal => {
                Err(Unentitled::ReplacementAttests { lost: owner })
            }
            None if complete => Err(Unentitled::NotTheOwner { issuer, owner }),
            _ => Ok(()),
        }
    }

    /// Each key says whether it, or a later one, was lost.
    fn lineage(&self, key: Thumbprint) -> Lineage {
        let mut lineage = Lineage { keys: Vec::new(), complete: false };
        let mut current = Predecessor { key, lost: false };
        while let Some(known) = self.keys.get(&current.key) {
            let Some(details) = &known.details else { return lineage };
            let Some(before) = details.before else {
                lineage.complete = true;
                return lineage;
            };
            // A key that comes before itself is damage, and must not keep the check from ending.
            let earlier = self.keys.get(&before.key).map(|earlier| earlier.enrolled);
            if earlier.is_some_and(|earlier| earlier >= known.enrolled) {
                return lineage;
            }
            current = Predecessor { key: before.key, lost: current.lost || before.lost };
            lineage.keys.push(current);
        }
        lineage
    }

    /// The first key known of whoever holds this one: the same for keys known to be one holder's.
    pub fn first_key(&self, key: Thumbprint) -> Thumbprint {
        self.lineage(key).keys.last().map_or(key, |first| first.key)
    }

    /// The lost key that this one stands in for, itself or by rotation.
    pub fn stands_in_for(&self, key: Thumbprint) -> Option<Thumbprint> {
        let keys = self.lineage(key).keys;
        keys.iter().find(|earlier| earlier.lost).map(|earlier| earlier.key)
    }

    /// The key that owns now what `opened_by` opened: its last successor by rotation.
    pub fn owner_now(&self, opened_by: Thumbprint) -> Thumbprint {
        let (mut owner, mut steps) = (opened_by, 0);
        // As many steps as there are keys: rotations that lead in a circle are damage.
        while let Some(next) = self.successors.get(&owner).filter(|_| steps < self.keys.len()) {
            (owner, steps) = (*next, steps + 1);
        }
        owner
    }
}

#[cfg(test)]
mod tests {
    use attestry_proof::{
        cose::{Header, UnsignedStatement, statement::Algorithm},
        hash::Hash,
        key::PublicKey,
        payload::{
            Announcement,
            fields::{KeyId, NamedKey},
            key_event::{
                EnrolmentBasis, KeyEnrolled, KeyRotated, MemberRole as Role, RotationReason,
            },
        },
    };

    use super::*;
    use crate::keys::{LocalSigner, Signer as _};

    const SERVICE: u8 = 1;
    const ALICE: u8 = 2;
    const BOB: u8 = 3;
    const REVIEWER: u8 = 4;
    const LEGAL: u8 = 5;
    const NEXT: u8 = 6;

    fn key(seed: u8) -> PublicKey {
        LocalSigner::from_seed(&[seed; 32]).unwrap().public_key()
    }

    fn thumbprint(seed: u8) -> Thumbprint {
        key(seed).thumbprint()
    }

    /// A statement whose signature and digest nobody asks about here.
    fn said(by: u8, payload: &Payload) -> SignedStatement {
        let header = Header {
            algorithm: Algorithm::EdDsa,
            issuer: thumbprint(by),
            subject: payload.subject().unwrap(),
            audience: "log.example".into(),
            issued_at: 1,
            content_type: payload.kind().content_type(),
        };
        UnsignedStatement::new(header, Hash([0; 32])).unwrap().attach([0; 64])
    }

    /// A payload of each sealed kind, from the corpus.
    fn example(kind: StatementKind) -> Payload {
        let name = format!("tests/fuzz/corpus/payload/{kind}.json");
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        Payload::parse(&std::fs::read(path).unwrap(), true).unwrap()
    }

    fn approval(lost: u8) -> Payload {
        use attestry_proof::payload::Official;
        let Payload::KeyApproval(example) = example(StatementKind::KeyApproval) else { panic!() };
        let mut body = example.body().clone();
        body.lost = KeyId(thumbprint(lost));
        Official::new(*example.salt(), example.envelope().clone(), body).unwrap().into()
    }

    struct Log(Facts, u64);

    impl Log {
        /// Alice and Bob contract, with a reviewer and a legal officer.
        fn staffed() -> Self {
            let mut log = Self(Facts::new(Some(key(SERVICE))), 2);
            log.enrol(ALICE, &[Role::Contractor], None);
            log.enrol(BOB, &[Role::Contractor, Role::Reviewer], None);
            log.enrol(REVIEWER, &[Role::Reviewer], None);
            log.enrol(LEGAL, &[Role::Legal], None);
            log
        }

        fn learn(&mut self, payload: &Payload) {
            self.0.learn(self.1, &said(SERVICE, payload), Some(payload));
            self.1 += 1;
        }

        fn enrol(&mut self, seed: u8, roles: &[Role], lost: Option<u8>) {
            let body = KeyEnrolled {
                key: NamedKey::new(key(seed)),
                program: "main".parse().unwrap(),
                roles: roles.to_vec(),
                valid_from: "2026-01-02T00:00:00Z".parse().unwrap(),
                basis: lost.map_or(EnrolmentBasis::Invitation, |_| EnrolmentBasis::LostKey),
                replaces: lost.map(|lost| KeyId(thumbprint(lost))),
            };
            self.learn(&Announcement::new(body).unwrap().into());
        }

        fn rotate(&mut self, from: u8, to: u8, roles: &[Role]) {
            let body = KeyRotated {
                previous: KeyId(thumbprint(from)),
                key: NamedKey::new(key(to)),
                program: "main".parse().unwrap(),
                roles: roles.to_vec(),
                valid_from: "2026-01-02T00:00:00Z".parse().unwrap(),
                reason: RotationReason::Scheduled,
            };
            self.learn(&Announcement::new(body).unwrap().into());
        }

        fn judge(&self, by: u8, kind: StatementKind, opened_by: u8) -> Result<(), Unentitled> {
            let payload = example(kind);
            self.0.entitle(&said(by, &payload), &payload, Some(thumbprint(opened_by)))
        }
    }

    #[test]
    fn everybody_says_what_is_theirs() {
        let log = Log::staffed();
        assert_eq!(log.judge(ALICE, StatementKind::Effort, ALICE), Ok(()));
        assert_eq!(log.judge(REVIEWER, StatementKind::Review, ALICE), Ok(()));
        assert_eq!(log.judge(BOB, StatementKind::Review, ALICE), Ok(()));
        for kind in [StatementKind::Clearance, StatementKind::Access] {
            assert_eq!(log.judge(SERVICE, kind, ALICE), Ok(()));
        }
        let approval = approval(ALICE);
        assert_eq!(log.0.entitle(&said(LEGAL, &approval), &approval, None), Ok(()));
    }

    #[test]
    fn nobody_says_what_is_not_theirs() {
        let log = Log::staffed();
        for (by, kind) in [
            (ALICE, StatementKind::Review),
            (LEGAL, StatementKind::Review),
            (REVIEWER, StatementKind::Effort),
            (LEGAL, StatementKind::Withdrawal),
            (REVIEWER, StatementKind::KeyApproval),
        ] {
            let judged = log.judge(by, kind, BOB);
            assert!(matches!(judged, Err(Unentitled::RoleMissing { .. })), "{kind}: {judged:?}");
        }
        for kind in [StatementKind::Clearance, StatementKind::Access] {
            let issuer = thumbprint(LEGAL);
            let expected = Err(Unentitled::NotTheService { kind, issuer });
            assert_eq!(log.judge(LEGAL, kind, ALICE), expected);
        }
        for kind in [StatementKind::Review, StatementKind::Effort, StatementKind::KeyApproval] {
            let expected = Err(Unentitled::NotAMember { kind });
            assert_eq!(log.judge(SERVICE, kind, ALICE), expected);
        }
        let (issuer, owner) = (thumbprint(BOB), thumbprint(ALICE));
        let stranger = log.judge(BOB, StatementKind::Effort, ALICE);
        assert_eq!(stranger, Err(Unentitled::NotTheOwner { issuer, owner }));
    }

    #[test]
    fn nobody_reviews_or_approves_for_themselves() {
        let mut log = Log::staffed();
        let own = |by, owner| {
            let (issuer, owner) = (thumbprint(by), thumbprint(owner));
            Err(Unentitled::OwnReview { issuer, owner })
        };
        assert_eq!(log.judge(BOB, StatementKind::Review, BOB), own(BOB, BOB));
        log.rotate(BOB, NEXT, &[Role::Reviewer, Role::Contractor]);
        assert_eq!(log.judge(NEXT, StatementKind::Review, BOB), own(NEXT, BOB));
        assert_eq!(log.judge(BOB, StatementKind::Review, NEXT), own(BOB, NEXT));
        assert_eq!(log.judge(NEXT, StatementKind::Review, ALICE), Ok(()));
        log.rotate(LEGAL, 7, &[Role::Legal]);
        let approval = approval(LEGAL);
        let (issuer, lost) = (thumbprint(7), thumbprint(LEGAL));
        let judged = log.0.entitle(&said(7, &approval), &approval, None);
        assert_eq!(judged, Err(Unentitled::OwnKeyApproved { issuer, lost }));
    }

    #[test]
    fn ownership_follows_rotation_and_a_stand_in_only_withdraws() {
        let mut log = Log::staffed();
        log.rotate(ALICE, NEXT, &[Role::Contractor]);
        assert_eq!(log.0.owner_now(thumbprint(ALICE)), thumbprint(NEXT));
        assert_eq!(log.0.owner_now(thumbprint(BOB)), thumbprint(BOB));
        assert_eq!(log.judge(NEXT, StatementKind::Effort, ALICE), Ok(()));
        log.enrol(7, &[Role::Contractor], Some(NEXT));
        // Both the lost key and the one before it.
        for owner in [ALICE, NEXT] {
            let lost = thumbprint(owner);
            let again = log.judge(7, StatementKind::Effort, owner);
            assert_eq!(again, Err(Unentitled::ReplacementAttests { lost }));
            assert_eq!(log.judge(7, StatementKind::Withdrawal, owner), Ok(()));
        }
        assert_eq!(log.judge(7, StatementKind::Effort, 7), Ok(()));
        assert_eq!(log.0.owner_now(thumbprint(ALICE)), thumbprint(NEXT));
        log.rotate(7, 8, &[Role::Contractor]);
        for (seed, lost) in [(7, Some(NEXT)), (8, Some(NEXT)), (NEXT, None), (BOB, None)] {
            assert_eq!(log.0.stands_in_for(thumbprint(seed)), lost.map(thumbprint));
        }
        assert!(log.judge(8, StatementKind::Effort, ALICE).is_err());
        assert_eq!(log.judge(8, StatementKind::Effort, 7), Ok(()));
    }

    #[test]
    fn what_is_lost_is_held_against_nobody_and_circles_end() {
        let mut log = Log::staffed();
        let about = said(SERVICE, &approval(NEXT)).header().clone();
        let header =
            Header { content_type: attestry_proof::cose::ContentType::KeyEnrolled, ..about };
        let lost = UnsignedStatement::new(header, Hash([0; 32])).unwrap().attach([0; 64]);
        log.0.learn(20, &lost, None);
        assert_eq!(log.judge(NEXT, StatementKind::Effort, ALICE), Ok(()));
        assert_eq!(log.judge(NEXT, StatementKind::Review, ALICE), Ok(()));
        let mut circle = Log::staffed();
        circle.rotate(ALICE, BOB, &[Role::Contractor]);
        circle.rotate(BOB, ALICE, &[Role::Contractor]);
        circle.0.owner_now(thumbprint(ALICE));
        assert_eq!(circle.judge(ALICE, StatementKind::Effort, ALICE), Ok(()));
    }
}
