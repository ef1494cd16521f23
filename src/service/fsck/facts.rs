//! What entries establish as they are read in order: the log's own keys, members' keys, officers'
//! approvals and policy versions.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use attestry_proof::{
    cose::{ContentType, SignedStatement, Subject},
    hash::Hash,
    key::{PublicKey, Thumbprint},
    payload::{
        Payload,
        erasure::ErasureScope,
        key_event::{KeyEnrolled, KeyRotated},
        status::SubmissionStatus,
    },
};
use uuid::{Uuid, Version};

use crate::store::ledger::Roles;

/// A key that entries brought in.
#[derive(Clone, Debug)]
pub(super) struct KnownKey {
    /// Position of the entry that enrolled it.
    pub enrolled: u64,
    /// Position of the entry that revoked it.
    pub revoked: Option<u64>,
    /// Number of entries that changed it.
    pub changes: i64,
    /// What its enrolment says; `None` if that payload is unreadable.
    pub details: Option<KeyDetails>,
}

/// What an enrolment says.
#[derive(Clone, Debug)]
pub(super) struct KeyDetails {
    pub key: PublicKey,
    pub roles: Roles,
    pub program: String,
    /// The key of the same holder before this one.
    pub before: Option<Predecessor>,
}

/// A key of the same holder that another one came after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Predecessor {
    pub key: Thumbprint,
    /// Whether it was lost, and not handed over by its own holder.
    pub lost: bool,
}

/// An officer's approval that a lost key is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KnownApproval {
    pub lost: Thumbprint,
    pub officer: Thumbprint,
    /// By which key; `None` until its payload is opened.
    pub replacement: Option<Thumbprint>,
}

/// A policy version that an entry adopted; its digest and the digests of its files, unless the
/// payload is unreadable.
#[derive(Clone, Debug)]
pub(super) struct KnownPolicy {
    pub index: u64,
    pub digest: Option<Hash>,
    pub files: Vec<Hash>,
}

/// The state after the entries read so far.
pub(super) struct Facts {
    /// The key that signs what the service states.
    service: Option<PublicKey>,
    /// The log's own keys, once genesis has named them.
    pub genesis: Option<GenesisKeys>,
    pub keys: HashMap<Thumbprint, KnownKey>,
    pub policies: Vec<KnownPolicy>,
    /// Which key took over from which.
    pub successors: HashMap<Thumbprint, Thumbprint>,
    /// Approvals by position.
    pub approvals: BTreeMap<u64, KnownApproval>,
    /// Submissions that were erased, and the position of the word that says so.
    pub erased: HashMap<Uuid, u64>,
    /// Submissions that somebody ordered to be erased as a whole.
    pub ordered: HashSet<Uuid>,
    /// Positions of orders to erase.
    pub orders: BTreeSet<u64>,
    /// Holds and cases that something was said about.
    pub matters: BTreeSet<Uuid>,
    /// Entries whose payload is not there, and what they are about.
    pub missing: Vec<(u64, Subject)>,
}

/// The log's keys by its first entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct GenesisKeys {
    pub note: Option<PublicKey>,
    pub receipt: PublicKey,
    pub service: PublicKey,
}

/// Why no key may have signed a statement at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unauthorized {
    #[error(
        "statements of type {content_type} are made by the service, this one by the key {issuer}"
    )]
    NotTheService { content_type: &'static str, issuer: Thumbprint },
    #[error("it is signed by the key {issuer}, which no entry before it enrolled")]
    NotEnrolled { issuer: Thumbprint },
    #[error("it is signed by the key {issuer}, which entry {revoked} had revoked")]
    Revoked { issuer: Thumbprint, revoked: u64 },
}

impl Facts {
    /// Starts with the service key that is on disk, until genesis names it.
    pub fn new(service: Option<PublicKey>) -> Self {
        Self {
            service,
            genesis: None,
            keys: HashMap::new(),
            policies: Vec::new(),
            successors: HashMap::new(),
            approvals: BTreeMap::new(),
            erased: HashMap::new(),
            ordered: HashSet::new(),
            orders: BTreeSet::new(),
            matters: BTreeSet::new(),
            missing: Vec::new(),
        }
    }

    /// Whether a key is the service's.
    pub fn is_service(&self, key: Thumbprint) -> bool {
        self.service.is_some_and(|service| service.thumbprint() == key)
    }

    /// Whether the issuer could sign this at `index`. What is sealed is judged again once it is
    /// opened.
    pub fn authorize(&self, index: u64, statement: &SignedStatement) -> Result<(), Unauthorized> {
        let header = statement.header();
        let issuer = header.issuer;
        if !header.content_type.is_sealed() {
            let known = self.service.map(|key| key.thumbprint());
            return match known {
                Some(service) if service != issuer => {
                    let content_type = header.content_type.as_str();
                    Err(Unauthorized::NotTheService { content_type, issuer })
                }
                _ => Ok(()),
            };
        }
        if self.is_service(issuer) {
            return Ok(());
        }
        match self.keys.get(&issuer) {
            Some(known) if known.enrolled < index => match known.revoked {
                Some(revoked) if revoked < index => Err(Unauthorized::Revoked { issuer, revoked }),
                _ => Ok(()),
            },
            _ => Err(Unauthorized::NotEnrolled { issuer }),
        }
    }

    /// The public key of a thumbprint, as far as entries tell.
    pub fn public_key(&self, thumbprint: Thumbprint) -> Option<PublicKey> {
        let service = self.service.filter(|key| key.thumbprint() == thumbprint);
        let member = || self.keys.get(&thumbprint)?.details.as_ref().map(|details| details.key);
        service.or_else(member)
    }

    /// The key that has what this one had: it, or the last of those that took over from it.
    pub fn latest(&self, key: Thumbprint) -> Thumbprint {
        let mut latest = key;
        // Each takes over once, so that the chain ends; damage may close it.
        for _ in 0..=self.successors.len() {
            match self.successors.get(&latest) {
                Some(next) => latest = *next,
                None => break,
            }
        }
        latest
    }

    /// Takes what a sealed payload establishes.
    pub fn learn_sealed(&mut self, index: u64, payload: &Payload) {
        let Payload::ErasureOrdered(said) = payload else { return };
        self.orders.insert(index);
        if said.body().scope == ErasureScope::Everything {
            self.ordered.insert(said.body().subject.0);
        }
    }

    /// Whether an erasure took the payload of an entry: all that was said before it, or what an order
    /// that is being carried out has come to.
    pub fn is_erased(&self, index: u64, subject: Subject) -> bool {
        let Subject::Submission(id) = subject else { return false };
        match self.erased.get(&id) {
            Some(erased) => index < *erased,
            None => self.ordered.contains(&id),
        }
    }

    /// Takes what the entry at `index` establishes. Which key an event is about stands in the
    /// header, so a lost payload loses the details only.
    pub fn learn(&mut self, index: u64, statement: &SignedStatement, payload: Option<&Payload>) {
        let subject = match statement.header().subject {
            Subject::Key(thumbprint) => thumbprint,
            Subject::Submission(id) => {
                if let Some(Payload::Status(said)) = payload
                    && said.body().status == SubmissionStatus::Erased
                {
                    self.erased.insert(id, index);
                }
                // Ids of submissions are of version 4.
                if id.get_version() == Some(Version::Custom) {
                    self.matters.insert(id);
                }
                return;
            }
        };
        let keys = &mut self.keys;
        let mut enrol = |thumbprint, details| {
            let key = KnownKey { enrolled: index, revoked: None, changes: 1, details };
            keys.entry(thumbprint).or_insert(key);
        };
        match statement.header().content_type {
            ContentType::Genesis if index == 0 => {
                if let Some(Payload::Genesis(genesis)) = payload {
                    let genesis = genesis.body();
                    let service = genesis.service_key.public_key.0;
                    self.service = Some(service);
                    self.genesis = Some(GenesisKeys {
                        note: genesis.note_key().ok().map(|key| *key.public_key()),
                        receipt: genesis.receipt_key.public_key.0,
                        service,
                    });
                }
            }
            ContentType::Policy => {
                let said = match payload {
                    Some(Payload::Policy(policy)) => Some(policy.body()),
                    _ => None,
                };
                let digest = said.map(|said| said.bundle_sha256.0);
                let files = said.map(|said| said.files.iter().map(|file| file.sha256.0).collect());
                self.policies.push(KnownPolicy { index, digest, files: files.unwrap_or_default() });
            }
            ContentType::KeyEnrolled => {
                let details = match payload {
                    Some(Payload::KeyEnrolled(event)) => Some(event.body().into()),
                    _ => None,
                };
                enrol(subject, details);
            }
            // The only sealed statement about a key.
            ContentType::Sealed => {
                let officer = statement.header().issuer;
                let approval = KnownApproval { lost: subject, officer, replacement: None };
                self.approvals.insert(index, approval);
            }
            ContentType::KeyRevoked => self.revoke(subject, index),
            ContentType::KeyRotated => {
                if let Some(Payload::KeyRotated(event)) = payload {
                    let next = event.body().key.thumbprint.0;
                    enrol(next, Some(event.body().into()));
                    self.successors.entry(subject).or_insert(next);
                }
                self.revoke(subject, index);
            }
            _ => {}
        }
    }

    fn revoke(&mut self, thumbprint: Thumbprint, index: u64) {
        if let Some(known) = self.keys.get_mut(&thumbprint) {
            known.revoked = known.revoked.or(Some(index));
            known.changes += 1;
        }
    }
}

impl From<&KeyEnrolled> for KeyDetails {
    fn from(enrolled: &KeyEnrolled) -> Self {
        Self {
            key: enrolled.key.public_key.0,
            roles: Roles::new(enrolled.roles.clone()),
            program: enrolled.program.as_str().to_owned(),
            before: enrolled.replaces.map(|key| Predecessor { key: key.0, lost: true }),
        }
    }
}

impl From<&KeyRotated> for KeyDetails {
    fn from(rotated: &KeyRotated) -> Self {
        Self {
            key: rotated.key.public_key.0,
            roles: Roles::new(rotated.roles.clone()),
            program: rotated.program.as_str().to_owned(),
            before: Some(Predecessor { key: rotated.previous.0, lost: false }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{LocalSigner, Signer as _};
    use attestry_proof::cose::{Header, UnsignedStatement, statement::Algorithm};

    fn key(seed: u8) -> PublicKey {
        LocalSigner::from_seed(&[seed; 32]).unwrap().public_key()
    }

    /// A statement whose signature nobody asks about here.
    fn statement(issuer: u8, content_type: ContentType, subject: Subject) -> SignedStatement {
        let header = Header {
            algorithm: Algorithm::EdDsa,
            issuer: key(issuer).thumbprint(),
            subject,
            audience: "log.example".into(),
            issued_at: 1,
            content_type,
        };
        UnsignedStatement::new(header, Hash([0; 32])).unwrap().attach([0; 64])
    }

    fn said_by(issuer: u8) -> SignedStatement {
        statement(issuer, ContentType::Sealed, Subject::Submission(Uuid::nil()))
    }

    /// Service 1; member 2 enrolled by entry 2 and revoked by entry 5.
    fn facts() -> Facts {
        let mut facts = Facts::new(Some(key(1)));
        let about = Subject::Key(key(2).thumbprint());
        facts.learn(2, &statement(1, ContentType::KeyEnrolled, about), None);
        facts.learn(5, &statement(1, ContentType::KeyRevoked, about), None);
        facts
    }

    #[test]
    fn a_member_signs_between_enrolment_and_revocation() {
        let (facts, issuer) = (facts(), key(2).thumbprint());
        let judge = |index| facts.authorize(index, &said_by(2));
        for index in [0, 1, 2] {
            assert_eq!(judge(index), Err(Unauthorized::NotEnrolled { issuer }));
        }
        assert_eq!((judge(3), judge(4)), (Ok(()), Ok(())));
        for index in [6, 7] {
            assert_eq!(judge(index), Err(Unauthorized::Revoked { issuer, revoked: 5 }));
        }
        let stranger = facts.authorize(3, &said_by(3));
        assert_eq!(stranger, Err(Unauthorized::NotEnrolled { issuer: key(3).thumbprint() }));
    }

    #[test]
    fn only_the_service_enrols() {
        let facts = facts();
        let about = Subject::Key(key(3).thumbprint());
        let enrol =
            |issuer| facts.authorize(4, &statement(issuer, ContentType::KeyEnrolled, about));
        assert_eq!(enrol(1), Ok(()));
        let (content_type, issuer) = (ContentType::KeyEnrolled.as_str(), key(2).thumbprint());
        assert_eq!(enrol(2), Err(Unauthorized::NotTheService { content_type, issuer }));
        // It decides and records under seal too.
        assert_eq!(facts.authorize(4, &said_by(1)), Ok(()));
    }

    #[test]
    fn a_lost_payload_loses_the_details_only() {
        let facts = facts();
        let known = &facts.keys[&key(2).thumbprint()];
        assert_eq!((known.enrolled, known.revoked, known.changes), (2, Some(5), 2));
        assert!(known.details.is_none());
        assert_eq!(facts.public_key(key(2).thumbprint()), None);
        assert_eq!(facts.public_key(key(1).thumbprint()), Some(key(1)));
    }
}
