//! Who may do what: facts about caller and thing are put before the rules in force. Nothing is
//! allowed that no rule allows.

pub use attestry_policy::access::Action;
use attestry_policy::{
    access::{
        AccessRequest, ContextFacts, Decision, KeyId, MemberFacts, PrincipalFacts, ResourceFacts,
        SubmissionFacts,
    },
    words::{self, RoleSet, State},
};
use attestry_proof::{hash::Hash, key::Thumbprint};
use uuid::{Uuid, fmt::Hyphenated};

use super::{Service, ServiceError, explain::Explained};
use crate::store::ledger::{KeyRecord, SubmissionRecord};

/// What something is done to.
#[derive(Clone, Copy, Debug)]
pub enum Thing<'a> {
    /// The log.
    Log,
    /// A program, by name.
    Program(&'a str),
    /// A key and its holder.
    Key(&'a KeyRecord),
    /// A submission, with the key that owns it.
    Submission(&'a SubmissionRecord, &'a KeyRecord),
    /// A submission that the caller begins, or goes on with: the transaction that writes holds the
    /// caller to it.
    OwnSubmission(Uuid),
}

/// Why something was refused, for whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What was asked.
    pub action: Action,
    /// Digest of the bundle that it was decided by.
    pub bundle: Hash,
    /// Names of the rules that decided.
    pub rules: Vec<String>,
    /// What they say, and where nothing allowed it, what would have.
    pub says: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is not allowed ({}): {}", self.action, self.rules.join(", "), self.says)
    }
}

impl Service {
    /// Allows the action if the rules in force do.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], naming the rules that decided.
    pub fn authorize(
        &self,
        caller: Option<&KeyRecord>,
        action: Action,
        thing: Thing<'_>,
    ) -> Result<(), ServiceError> {
        self.authorize_with(caller, action, thing, None)
    }

    /// As [`Service::authorize`], for what needs a second officer.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`].
    pub fn authorize_with(
        &self,
        caller: Option<&KeyRecord>,
        action: Action,
        thing: Thing<'_>,
        second: Option<&KeyRecord>,
    ) -> Result<(), ServiceError> {
        let policies = self.policies();
        let decision =
            self.ask(caller, action, thing, second, |request| policies.engine().decide(request));
        if decision.allowed {
            return Ok(());
        }
        let rules = decision.deciding.iter().map(|id| id.as_str().to_owned()).collect();
        let says = gist(policies.engine(), &decision);
        let bundle = policies.digest();
        Err(ServiceError::Forbidden(Box::new(Refusal { action, bundle, rules, says })))
    }

    /// The decision, what each rule about the action says, and the facts that they saw.
    pub(super) fn explain_access(
        &self,
        caller: Option<&KeyRecord>,
        action: Action,
        thing: Thing<'_>,
        second: Option<&KeyRecord>,
    ) -> Explained {
        let policies = self.policies();
        let policy = policies.digest();
        self.ask(caller, action, thing, second, |request| Explained {
            policy,
            explanation: policies.engine().explain(request),
            situation: request.into(),
        })
    }

    fn ask<T>(
        &self,
        caller: Option<&KeyRecord>,
        action: Action,
        thing: Thing<'_>,
        second: Option<&KeyRecord>,
        answer: impl FnOnce(&AccessRequest<'_>) -> T,
    ) -> T {
        let mut ids = [[0; Hyphenated::LENGTH]; 5];
        let [caller_id, target_id, second_id, submission_id, owner_id] = &mut ids;
        let principal = caller
            .map_or(PrincipalFacts::Visitor, |key| PrincipalFacts::Member(member(key, caller_id)));
        let resource = match thing {
            Thing::Log => ResourceFacts::Log { public_entries: self.public_entries },
            Thing::Program(name) => ResourceFacts::Program(name),
            Thing::Key(key) => ResourceFacts::Member(member(key, target_id)),
            Thing::Submission(record, owner) => ResourceFacts::Submission(SubmissionFacts {
                id: record.id.as_hyphenated().encode_lower(submission_id),
                owner: key_id(record.owner),
                owner_person: person(owner.person, owner_id),
                program: &record.program,
                withdrawn: record.withdrawn,
                held: record.held,
                state: record.state(),
            }),
            Thing::OwnSubmission(id) => ResourceFacts::Submission(SubmissionFacts {
                id: id.as_hyphenated().encode_lower(submission_id),
                owner: caller.map_or(KeyId([0; 32]), |key| key_id(key.key.thumbprint())),
                owner_person: caller.and_then(|key| person(key.person, owner_id)),
                program: caller.map_or("", |key| &key.program),
                withdrawn: false,
                held: false,
                state: State::Received,
            }),
        };
        let context = ContextFacts { second_officer: second.map(|key| member(key, second_id)) };
        answer(&AccessRequest { principal, action, resource, context })
    }
}

fn key_id(thumbprint: Thumbprint) -> KeyId {
    KeyId(thumbprint.0.0)
}

fn person(id: Option<Uuid>, text: &mut [u8; Hyphenated::LENGTH]) -> Option<&str> {
    id.map(|id| &*id.as_hyphenated().encode_lower(text))
}

fn member<'a>(key: &'a KeyRecord, text: &'a mut [u8; Hyphenated::LENGTH]) -> MemberFacts<'a> {
    MemberFacts {
        key: key_id(key.key.thumbprint()),
        roles: roles(key),
        program: &key.program,
        revoked: key.revoked.is_some(),
        person: person(key.person, text),
        replaces: key.replaces.map(key_id),
    }
}

/// The key's roles in the words of the rules. A word they do not know gives nothing.
fn roles(key: &KeyRecord) -> RoleSet {
    key.roles.as_slice().iter().filter_map(|role| words::Role::parse(role.as_str())).collect()
}

fn gist(engine: &attestry_policy::engine::PolicyEngine, decision: &Decision) -> String {
    let says = |ids: &[attestry_policy::engine::PolicyId]| -> Vec<String> {
        ids.iter().filter_map(|id| engine.rule(id)?.says.as_deref().map(str::to_owned)).collect()
    };
    let deciding = says(&decision.deciding);
    if !deciding.is_empty() {
        return deciding.join("; ");
    }
    let near = says(&decision.near);
    if near.is_empty() {
        return "no rule allows it".to_owned();
    }
    format!("no rule allows it here; those that could: {}", near.join("; "))
}
