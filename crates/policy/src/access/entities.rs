//! Facts in the form that Cedar reads. Entity names never come out of parsing, so that no name that
//! somebody chose can end up as anything but a name.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Context, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression};

use super::{AccessRequest, KeyId, MemberFacts, PrincipalFacts, ResourceFacts, SubmissionFacts};
use crate::{
    engine::Fault,
    words::{Purpose, Role, RoleSet, State, Verdict},
};

/// Namespace of all entity types.
const NAMESPACE: &str = "Attestry";

/// Everything about names that does not depend on facts.
pub(crate) struct Vocabulary {
    member: EntityTypeName,
    person: EntityTypeName,
    program: EntityTypeName,
    submission: EntityTypeName,
    pub visitor: EntityUid,
    pub service: EntityUid,
    pub log: EntityUid,
    pub dossier: EntityUid,
    role_sets: Vec<RestrictedExpression>,
    states: Vec<RestrictedExpression>,
    purposes: Vec<RestrictedExpression>,
    verdicts: Vec<RestrictedExpression>,
}

impl Vocabulary {
    pub fn new() -> Self {
        let words = |kind: &str, words: &mut dyn Iterator<Item = &'static str>| {
            let kind = type_name(kind);
            words.map(|word| reference(uid(&kind, word))).collect::<Vec<_>>()
        };
        let roles = words("Role", &mut Role::ALL.iter().map(|role| role.as_str()));
        let role_sets = RoleSet::all()
            .map(|set| set.iter().map(|role| roles[role as usize].clone()))
            .map(RestrictedExpression::new_set)
            .collect();
        Self {
            member: type_name("Member"),
            person: type_name("Person"),
            program: type_name("Program"),
            submission: type_name("Submission"),
            visitor: uid(&type_name("Visitor"), "visitor"),
            service: uid(&type_name("Service"), "service"),
            log: uid(&type_name("Log"), "log"),
            dossier: uid(&type_name("Dossier"), "dossier"),
            role_sets,
            states: words("State", &mut State::ALL.iter().map(|word| word.as_str())),
            purposes: words("Purpose", &mut Purpose::ALL.iter().map(|word| word.as_str())),
            verdicts: words("Verdict", &mut Verdict::ALL.iter().map(|word| word.as_str())),
        }
    }

    pub fn purpose(&self, purpose: Purpose) -> RestrictedExpression {
        self.purposes[purpose as usize].clone()
    }

    pub fn verdict(&self, verdict: Verdict) -> RestrictedExpression {
        self.verdicts[verdict as usize].clone()
    }

    fn key(&self, key: KeyId) -> EntityUid {
        uid(&self.member, &key.to_text())
    }

    fn member(&self, facts: &MemberFacts<'_>) -> Result<Entity, Fault> {
        let mut attributes = HashMap::with_capacity(5);
        let program = uid(&self.program, facts.program);
        attributes.insert("roles".to_owned(), self.role_sets[facts.roles.index()].clone());
        attributes.insert("program".to_owned(), reference(program));
        attributes.insert("revoked".to_owned(), RestrictedExpression::new_bool(facts.revoked));
        if let Some(person) = facts.person {
            let person = reference(uid(&self.person, person));
            attributes.insert("person".to_owned(), person);
        }
        if let Some(lost) = facts.replaces {
            attributes.insert("replaces".to_owned(), reference(self.key(lost)));
        }
        entity(self.key(facts.key), attributes)
    }

    fn submission(&self, facts: &SubmissionFacts<'_>) -> Result<Entity, Fault> {
        let mut attributes = HashMap::with_capacity(6);
        let program = uid(&self.program, facts.program);
        attributes.insert("owner".to_owned(), reference(self.key(facts.owner)));
        attributes.insert("program".to_owned(), reference(program));
        attributes.insert("withdrawn".to_owned(), RestrictedExpression::new_bool(facts.withdrawn));
        attributes.insert("held".to_owned(), RestrictedExpression::new_bool(facts.held));
        attributes.insert("state".to_owned(), self.states[facts.state as usize].clone());
        if let Some(person) = facts.owner_person {
            let person = reference(uid(&self.person, person));
            attributes.insert("ownerPerson".to_owned(), person);
        }
        entity(uid(&self.submission, facts.id), attributes)
    }
}

/// A question in Cedar's terms: principal, resource, context, and the entities they speak of.
pub(crate) struct Question {
    pub principal: EntityUid,
    pub resource: EntityUid,
    pub context: Context,
    pub entities: Vec<Entity>,
}

impl Question {
    /// # Errors
    /// [`Fault::Contradiction`] if one key is described twice, differently.
    pub fn about(words: &Vocabulary, request: &AccessRequest<'_>) -> Result<Self, Fault> {
        let mut entities = Vec::with_capacity(4);
        let mut members: [Option<MemberFacts<'_>>; 3] = [None; 3];
        let principal = match &request.principal {
            PrincipalFacts::Visitor => words.visitor.clone(),
            PrincipalFacts::Member(facts) => {
                members[0] = Some(*facts);
                words.key(facts.key)
            }
        };
        let resource = match &request.resource {
            ResourceFacts::Log { public_entries } => {
                let public = RestrictedExpression::new_bool(*public_entries);
                let attributes = HashMap::from([("publicEntries".to_owned(), public)]);
                entities.push(entity(words.log.clone(), attributes)?);
                words.log.clone()
            }
            ResourceFacts::Program(name) => uid(&words.program, name),
            ResourceFacts::Member(facts) => {
                members[1] = Some(*facts);
                words.key(facts.key)
            }
            ResourceFacts::Submission(facts) => {
                let submission = words.submission(facts)?;
                let uid = submission.uid();
                entities.push(submission);
                uid
            }
        };
        let context = match request.context.second_officer {
            None => Context::empty(),
            Some(facts) => {
                members[2] = Some(facts);
                let officer = reference(words.key(facts.key));
                Context::from_pairs([("secondOfficer".to_owned(), officer)])
                    .map_err(|_| Fault::Facts)?
            }
        };
        for (index, facts) in members.iter().enumerate() {
            let Some(facts) = facts else { continue };
            match members[..index].iter().flatten().find(|earlier| earlier.key == facts.key) {
                None => entities.push(words.member(facts)?),
                Some(earlier) if earlier == facts => {}
                Some(_) => return Err(Fault::Contradiction),
            }
        }
        Ok(Self { principal, resource, context, entities })
    }
}

pub(crate) fn entity(
    uid: EntityUid,
    attributes: HashMap<String, RestrictedExpression>,
) -> Result<Entity, Fault> {
    Entity::new(uid, attributes, HashSet::new()).map_err(|_| Fault::Facts)
}

/// The entity type of this name.
pub(crate) fn type_name(name: &str) -> EntityTypeName {
    // The callers give constants that are plain identifiers.
    format!("{NAMESPACE}::{name}").parse().expect("two plain identifiers are a type name")
}

/// The action of this name.
pub(crate) fn action_uid(name: &str) -> EntityUid {
    uid(&type_name("Action"), name)
}

fn uid(kind: &EntityTypeName, name: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(name))
}

fn reference(uid: EntityUid) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(uid)
}
