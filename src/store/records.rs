//! Rows of the ledger, as domain values.

use attestry_policy::{clearance::AttestationKind, words::State};
pub use attestry_proof::payload::key_event::MemberRole as Role;
use attestry_proof::{
    hash::Hash,
    key::{PublicKey, Thumbprint},
    manifest::Role as ManifestRole,
    payload::{status::SubmissionStatus, withdrawal::Purpose},
    size::LeafIndex,
};
use uuid::Uuid;

/// A set of roles, sorted and without repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// Sorts and removes repeats.
    #[must_use]
    pub fn new(mut roles: Vec<Role>) -> Self {
        roles.sort_unstable();
        roles.dedup();
        Self(roles)
    }

    /// Whether `role` is among them.
    #[must_use]
    pub fn contains(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// The roles in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Role] {
        &self.0
    }

    /// Space separated words.
    #[must_use]
    pub fn to_words(&self) -> String {
        self.0.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Reads [`Roles::to_words`] back; `None` if a word is unknown.
    #[must_use]
    pub fn from_words(words: &str) -> Option<Self> {
        words.split_whitespace().map(Role::parse).collect::<Option<Vec<_>>>().map(Self::new)
    }
}

/// A key the log knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// The key.
    pub key: PublicKey,
    /// Its roles.
    pub roles: Roles,
    /// In which program.
    pub program: String,
    /// Position of the statement that enrolled it.
    pub enrolled: LeafIndex,
    /// Position of the statement that revoked it.
    pub revoked: Option<LeafIndex>,
    /// Who holds it; `None` if that is not known, or erased.
    pub person: Option<Uuid>,
    /// The lost key that two officers enrolled it for.
    pub replaces: Option<Thumbprint>,
    /// Raised with every change.
    pub version: u64,
}

/// What a review came to, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Review {
    /// Position of the statement.
    pub index: LeafIndex,
    /// Whether it accepts.
    pub accepted: bool,
    /// Key that signed it.
    pub reviewer: Thumbprint,
}

/// The public word on a submission: what `status` statements say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicWord {
    /// Where it stands.
    pub status: SubmissionStatus,
    /// What it is cleared for; empty unless it is.
    pub purposes: PurposeSet,
}

/// A submission, as the ledger knows it: what the statements about it come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmissionRecord {
    /// Its id.
    pub id: Uuid,
    /// Key that owns it: the one that opened it, or its successor.
    pub owner: Thumbprint,
    /// Its program: that of the owner.
    pub program: String,
    /// Position of the first statement about it.
    pub opened: LeafIndex,
    /// Position of the last statement about it by a person.
    pub said: LeafIndex,
    /// Position of the last statement by its owner that clearance asks for.
    pub last_attested: Option<LeafIndex>,
    /// Kinds of statement that there are.
    pub attested: AttestationSet,
    /// The last review.
    pub review: Option<Review>,
    /// Position of the last scan of its files by the service.
    pub scan: Option<LeafIndex>,
    /// What it is cleared for.
    pub cleared: PurposeSet,
    /// The last word that was published.
    pub published: Option<PublicWord>,
    /// Whether every consent was taken back.
    pub withdrawn: bool,
    /// Whether a hold is on it.
    pub held: bool,
    /// Whether a case keeps it locked.
    pub quarantined: bool,
    /// Whether it is ordered that all of it is erased; nothing stops that any more.
    pub ordered: bool,
    /// Whether all of it was erased.
    pub erased: bool,
}

impl SubmissionRecord {
    /// The last review, if the owner attested nothing after it.
    #[must_use]
    pub fn current_review(&self) -> Option<Review> {
        self.review.filter(|review| Some(review.index) > self.last_attested)
    }

    /// Where it stands, derived from the statements about it.
    #[must_use]
    pub fn state(&self) -> State {
        if self.erased || self.ordered {
            return State::Erased;
        }
        if self.quarantined {
            return State::Quarantined;
        }
        if self.withdrawn {
            return State::Withdrawn;
        }
        if !self.cleared.is_empty() {
            return State::Cleared;
        }
        match self.current_review() {
            Some(Review { accepted: true, .. }) => State::Reviewed,
            Some(Review { accepted: false, .. }) => State::SentBack,
            None if self.attested.is_complete() => State::Attested,
            None => State::Received,
        }
    }

    /// The word that is to be published, if it is not the one that was.
    #[must_use]
    pub fn due_word(&self) -> Option<PublicWord> {
        let nothing = PurposeSet::default();
        let word = if self.erased {
            PublicWord { status: SubmissionStatus::Erased, purposes: nothing }
        } else if self.withdrawn {
            PublicWord { status: SubmissionStatus::Withdrawn, purposes: nothing }
        } else if self.quarantined && self.published.is_some() {
            PublicWord { status: SubmissionStatus::Quarantined, purposes: nothing }
        } else if !self.cleared.is_empty() {
            PublicWord { status: SubmissionStatus::Cleared, purposes: self.cleared }
        } else {
            // Nothing was promised, so there is nothing to take back.
            self.published?;
            PublicWord { status: SubmissionStatus::Uncleared, purposes: nothing }
        };
        (Some(word) != self.published).then_some(word)
    }
}

/// A set of purposes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PurposeSet(u8);

impl PurposeSet {
    /// Reads [`PurposeSet::bits`] back; `None` if a bit means nothing.
    #[must_use]
    pub fn from_bits(bits: u8) -> Option<Self> {
        (u32::from(bits) < 1 << Purpose::ALL.len()).then_some(Self(bits))
    }

    /// One bit for each purpose, in order.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `purpose` is in it.
    #[must_use]
    pub const fn contains(self, purpose: Purpose) -> bool {
        self.0 & 1 << purpose as u8 != 0
    }

    /// This set and `purpose`.
    #[must_use]
    pub const fn with(self, purpose: Purpose) -> Self {
        Self(self.0 | 1 << purpose as u8)
    }

    /// This set and those in `others`.
    #[must_use]
    pub const fn union(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// This set without those in `others`.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// The purposes in order.
    pub fn iter(self) -> impl Iterator<Item = Purpose> {
        Purpose::ALL.iter().copied().filter(move |purpose| self.contains(*purpose))
    }
}

impl FromIterator<Purpose> for PurposeSet {
    fn from_iter<I: IntoIterator<Item = Purpose>>(purposes: I) -> Self {
        purposes.into_iter().fold(Self::default(), Self::with)
    }
}

/// A set of the kinds of statement that clearance asks the owner for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttestationSet(u8);

impl AttestationSet {
    /// The one kind.
    #[must_use]
    pub const fn of(kind: AttestationKind) -> Self {
        Self(1 << kind as u8)
    }

    /// Reads [`AttestationSet::bits`] back; `None` if a bit means nothing.
    #[must_use]
    pub fn from_bits(bits: u8) -> Option<Self> {
        (u32::from(bits) < 1 << AttestationKind::ALL.len()).then_some(Self(bits))
    }

    /// One bit for each kind, in order.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether `kind` is in it.
    #[must_use]
    pub const fn contains(self, kind: AttestationKind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }

    /// Whether every kind is in it.
    #[must_use]
    pub fn is_complete(self) -> bool {
        AttestationKind::ALL.iter().all(|kind| self.contains(*kind))
    }

    /// The kinds that are not in it, in order.
    pub fn missing(self) -> impl Iterator<Item = AttestationKind> {
        AttestationKind::ALL.iter().copied().filter(move |kind| !self.contains(*kind))
    }
}

/// A manifest whose every file is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManifestRecord {
    /// Of which submission.
    pub submission: Uuid,
    /// Its commitment.
    pub commitment: Hash,
    /// Request or deliverable.
    pub role: ManifestRole,
    /// Number of files.
    pub files: u64,
    /// Their sizes together.
    pub bytes: u64,
    /// SHA-256 of the openings file.
    pub openings: Hash,
}

/// An invitation, known by the digest of its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// SHA-256 of the code.
    pub code_digest: Hash,
    /// Roles it gives.
    pub roles: Roles,
    /// In which program.
    pub program: String,
    /// Unix seconds.
    pub expires_at: i64,
    /// Key that made it; `None` for the one that opens a new log, made by whoever runs it, and for
    /// those that a sign-in made.
    pub inviter: Option<Thumbprint>,
    /// Whom it is for, if that is known.
    pub person: Option<Uuid>,
}

impl Invitation {
    /// Whether it makes the first administrator. Nobody is known then, so nobody can have signed in.
    #[must_use]
    pub const fn opens_the_log(&self) -> bool {
        self.inviter.is_none() && self.person.is_none()
    }
}

/// A submission that has files or payloads but no statement yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DraftRecord {
    /// Key that began it.
    pub owner: Thumbprint,
    /// Unix seconds of the last work on it, to within a day.
    pub touched_at: i64,
    /// Whether it was abandoned: what was sent is being deleted, or is.
    pub abandoned: bool,
}

/// What became of the wish to work on a submission that has no statement yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftOutcome {
    /// It is, or now became, the key's own.
    Open,
    /// Another key began it.
    OfAnotherKey,
    /// It was abandoned.
    Abandoned,
    /// The key has as many as it may have.
    TooMany,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> SubmissionRecord {
        let all = AttestationKind::ALL
            .iter()
            .fold(0, |bits, kind| bits | AttestationSet::of(*kind).bits());
        SubmissionRecord {
            id: Uuid::nil(),
            owner: Thumbprint(Hash([1; 32])),
            program: "main".into(),
            opened: LeafIndex(2),
            said: LeafIndex(9),
            last_attested: Some(LeafIndex(9)),
            attested: AttestationSet::from_bits(all).unwrap(),
            review: None,
            scan: None,
            cleared: PurposeSet::default(),
            published: None,
            withdrawn: false,
            held: false,
            quarantined: false,
            ordered: false,
            erased: false,
        }
    }

    fn review(index: u64, accepted: bool) -> Option<Review> {
        Some(Review { index: LeafIndex(index), accepted, reviewer: Thumbprint(Hash([2; 32])) })
    }

    #[test]
    fn a_state_follows_from_what_was_said() {
        let mut it = record();
        assert_eq!(it.state(), State::Attested);
        it.attested = AttestationSet::of(AttestationKind::Effort);
        assert_eq!(it.state(), State::Received);
        it.review = review(10, true);
        assert_eq!(it.state(), State::Reviewed);
        it.review = review(10, false);
        assert_eq!(it.state(), State::SentBack);
        it.review = review(8, true);
        assert_eq!(it.state(), State::Received, "attested again after the review");
        it.cleared = PurposeSet::default().with(Purpose::Training);
        assert_eq!(it.state(), State::Cleared);
        it.withdrawn = true;
        assert_eq!(it.state(), State::Withdrawn);
        it.quarantined = true;
        assert_eq!(it.state(), State::Quarantined);
        it.ordered = true;
        assert_eq!(it.state(), State::Erased, "nothing stops it any more");
    }

    #[test]
    fn a_word_is_due_when_it_changes() {
        let mut it = record();
        assert_eq!(it.due_word(), None, "nothing promised, nothing to say");
        it.cleared = PurposeSet::default().with(Purpose::Training);
        let cleared = PublicWord { status: SubmissionStatus::Cleared, purposes: it.cleared };
        assert_eq!(it.due_word(), Some(cleared));
        it.published = Some(cleared);
        assert_eq!(it.due_word(), None);
        it.cleared = PurposeSet::default();
        assert_eq!(it.due_word().unwrap().status, SubmissionStatus::Uncleared);
        it.quarantined = true;
        assert_eq!(it.due_word().unwrap().status, SubmissionStatus::Quarantined);
        it.withdrawn = true;
        assert_eq!(it.due_word().unwrap().status, SubmissionStatus::Withdrawn);
        it.published = None;
        it.ordered = true;
        assert_eq!(it.due_word().unwrap().status, SubmissionStatus::Withdrawn, "not yet gone");
        it.erased = true;
        assert_eq!(it.due_word().unwrap().status, SubmissionStatus::Erased);
    }

    #[test]
    fn sets_read_back_and_other_bits_do_not() {
        let set: PurposeSet = [Purpose::Evaluation, Purpose::Training].into_iter().collect();
        assert_eq!(PurposeSet::from_bits(set.bits()), Some(set));
        assert_eq!(set.iter().collect::<Vec<_>>(), [Purpose::Training, Purpose::Evaluation]);
        assert_eq!(PurposeSet::from_bits(8), None);
        assert_eq!(AttestationSet::from_bits(128), None);
        assert_eq!(AttestationSet::from_bits(127).unwrap().missing().count(), 0);
        let without = set.without(PurposeSet::default().with(Purpose::Training));
        assert_eq!(without.iter().collect::<Vec<_>>(), [Purpose::Evaluation]);
    }
}
