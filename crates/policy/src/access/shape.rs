//! What of a request can make a difference to rules.
//!
//! Keys, programs, persons and submissions are entities, and all that rules can do with the name of
//! an entity is to compare it with another. So a decision depends on which names are the same, and
//! on the few that rules themselves mention; otherwise any names do. Two requests of one shape have
//! one decision.

use cedar_policy::{EntityUid, Policy};

use super::{
    AccessRequest, KeyId, MemberFacts, PrincipalFacts, ResourceFacts, SubmissionFacts,
    entities::type_name,
};

/// Most names of one kind that rules can mention; they are numbered from [`FIRST_MENTIONED`].
const MAX_MENTIONED: usize = 100;

/// Number of the first name that rules mention. Others are numbered from 0 as they come up, of
/// which there are at most six of a kind.
const FIRST_MENTIONED: u8 = 128;

/// Number for no name.
const NONE: u8 = 255;

const SHAPE_BYTES: usize = 24;

/// The shape of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shape([u8; SHAPE_BYTES]);

/// The names that rules mention.
#[derive(Debug, Default)]
pub(crate) struct Mentioned {
    keys: Vec<KeyId>,
    programs: Vec<Box<str>>,
    persons: Vec<Box<str>>,
    submissions: Vec<Box<str>>,
}

impl Mentioned {
    /// `None` if rules mention too many for shapes to be told apart.
    pub fn by<'a>(policies: impl Iterator<Item = &'a Policy>) -> Option<Self> {
        let literals: Vec<EntityUid> = policies.flat_map(Policy::entity_literals).collect();
        let of = |kind: &str| {
            let kind = type_name(kind);
            let names = literals.iter().filter(|uid| *uid.type_name() == kind);
            let mut names: Vec<Box<str>> = names.map(|uid| uid.id().unescaped().into()).collect();
            names.sort_unstable();
            names.dedup();
            names
        };
        // A name that is no thumbprint is never that of a key.
        let keys = of("Member").iter().filter_map(|name| KeyId::parse(name)).collect();
        let (programs, persons, submissions) = (of("Program"), of("Person"), of("Submission"));
        let mentioned = Self { keys, programs, persons, submissions };
        let counts = [
            mentioned.keys.len(),
            mentioned.programs.len(),
            mentioned.persons.len(),
            mentioned.submissions.len(),
        ];
        counts.iter().all(|count| *count <= MAX_MENTIONED).then_some(mentioned)
    }

    pub fn shape(&self, request: &AccessRequest<'_>) -> Shape {
        let mut writer = Writer::new(self);
        writer.put([request.action as u8]);
        match &request.principal {
            PrincipalFacts::Visitor => writer.put([0]),
            PrincipalFacts::Member(facts) => writer.member(facts),
        }
        match &request.resource {
            ResourceFacts::Log { public_entries } => writer.put([0, u8::from(*public_entries)]),
            ResourceFacts::Program(name) => {
                let program = writer.program(name);
                writer.put([2, program]);
            }
            ResourceFacts::Member(facts) => writer.member(facts),
            ResourceFacts::Submission(facts) => writer.submission(facts),
        }
        if let Some(facts) = &request.context.second_officer {
            writer.member(facts);
        }
        Shape(writer.bytes)
    }
}

/// Writes a shape: each part begins with its kind, which says how long it is.
struct Writer<'m, 'r> {
    mentioned: &'m Mentioned,
    keys: Seen<KeyId>,
    programs: Seen<&'r str>,
    persons: Seen<&'r str>,
    bytes: [u8; SHAPE_BYTES],
    written: usize,
}

/// Names not mentioned, in the order in which they come up. Three members have two keys each, and
/// there are fewer of everything else.
type Seen<T> = [Option<T>; 6];

impl<'m, 'r> Writer<'m, 'r> {
    fn new(mentioned: &'m Mentioned) -> Self {
        let (keys, programs, persons) = ([None; 6], [None; 6], [None; 6]);
        Self { mentioned, keys, programs, persons, bytes: [0; SHAPE_BYTES], written: 0 }
    }

    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.bytes[self.written..self.written + N].copy_from_slice(&bytes);
        self.written += N;
    }

    fn member(&mut self, facts: &MemberFacts<'r>) {
        let bytes = [
            1,
            self.key(facts.key),
            facts.roles.index() as u8,
            self.program(facts.program),
            u8::from(facts.revoked),
            facts.person.map_or(NONE, |person| self.person(person)),
            facts.replaces.map_or(NONE, |key| self.key(key)),
        ];
        self.put(bytes);
    }

    fn submission(&mut self, facts: &SubmissionFacts<'r>) {
        let id = position(&self.mentioned.submissions, facts.id);
        let bytes = [
            3,
            id.map_or(NONE, mentioned),
            self.key(facts.owner),
            facts.owner_person.map_or(NONE, |person| self.person(person)),
            self.program(facts.program),
            u8::from(facts.withdrawn) << 1 | u8::from(facts.held),
            facts.state as u8,
        ];
        self.put(bytes);
    }

    fn key(&mut self, key: KeyId) -> u8 {
        let index = self.mentioned.keys.iter().position(|mentioned| *mentioned == key);
        index.map_or_else(|| number(&mut self.keys, key), mentioned)
    }

    fn program(&mut self, name: &'r str) -> u8 {
        let index = position(&self.mentioned.programs, name);
        index.map_or_else(|| number(&mut self.programs, name), mentioned)
    }

    fn person(&mut self, name: &'r str) -> u8 {
        let index = position(&self.mentioned.persons, name);
        index.map_or_else(|| number(&mut self.persons, name), mentioned)
    }
}

fn position(names: &[Box<str>], name: &str) -> Option<usize> {
    names.iter().position(|mentioned| **mentioned == *name)
}

/// Number of the mentioned name at an index, which is below [`MAX_MENTIONED`].
fn mentioned(index: usize) -> u8 {
    FIRST_MENTIONED + index as u8
}

/// Number of a name that no rule mentions: the same for the same name, else another.
fn number<T: Copy + PartialEq>(seen: &mut Seen<T>, name: T) -> u8 {
    let same_or_free = |known: &mut Option<T>| *known.get_or_insert(name) == name;
    // There is always one of these: the array is as long as there can be names.
    seen.iter_mut().position(same_or_free).map_or(NONE, |index| index as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::{Action, ContextFacts, KEY_ID_BYTES},
        words::{Role, RoleSet, State},
    };

    fn key(number: u8) -> KeyId {
        KeyId([number; KEY_ID_BYTES])
    }

    fn member(number: u8, program: &'static str, person: &'static str) -> MemberFacts<'static> {
        MemberFacts {
            key: key(number),
            roles: RoleSet::EMPTY.with(Role::Reviewer),
            program,
            revoked: false,
            person: Some(person),
            replaces: None,
        }
    }

    fn review(
        caller: MemberFacts<'static>,
        owner: u8,
        person: &'static str,
        program: &'static str,
    ) -> AccessRequest<'static> {
        AccessRequest {
            principal: PrincipalFacts::Member(caller),
            action: Action::Review,
            resource: ResourceFacts::Submission(SubmissionFacts {
                id: "a",
                owner: key(owner),
                owner_person: Some(person),
                program,
                withdrawn: false,
                held: false,
                state: State::Attested,
            }),
            context: ContextFacts::default(),
        }
    }

    fn shape(request: &AccessRequest<'_>) -> Shape {
        Mentioned::default().shape(request)
    }

    #[test]
    fn other_names_in_the_same_places_have_the_same_shape() {
        let one = review(member(1, "p", "x"), 2, "y", "p");
        let other = review(member(9, "q", "y"), 1, "z", "q");
        assert_eq!(shape(&one), shape(&other));
        assert_ne!(shape(&one), shape(&review(member(1, "p", "x"), 1, "y", "p")));
        assert_ne!(shape(&one), shape(&review(member(1, "p", "x"), 2, "x", "p")));
        assert_ne!(shape(&one), shape(&review(member(1, "p", "x"), 2, "y", "q")));
    }

    #[test]
    fn every_fact_makes_a_difference() {
        let caller = member(1, "p", "x");
        let plain = review(caller, 2, "y", "p");
        let by = |caller| AccessRequest { principal: PrincipalFacts::Member(caller), ..plain };
        let ResourceFacts::Submission(facts) = plain.resource else { panic!("it is one") };
        let of = |facts| AccessRequest { resource: ResourceFacts::Submission(facts), ..plain };
        let with = |officer| {
            let second_officer = Some(officer);
            AccessRequest { context: ContextFacts { second_officer }, ..plain }
        };
        let different = [
            plain,
            AccessRequest { action: Action::SendBack, ..plain },
            AccessRequest { principal: PrincipalFacts::Visitor, ..plain },
            by(MemberFacts { roles: RoleSet::EMPTY, ..caller }),
            by(MemberFacts { revoked: true, ..caller }),
            by(MemberFacts { person: None, ..caller }),
            by(MemberFacts { replaces: Some(key(2)), ..caller }),
            by(MemberFacts { replaces: Some(key(3)), ..caller }),
            by(MemberFacts { key: key(2), ..caller }),
            of(SubmissionFacts { owner_person: None, ..facts }),
            of(SubmissionFacts { withdrawn: true, ..facts }),
            of(SubmissionFacts { held: true, ..facts }),
            of(SubmissionFacts { state: State::Erased, ..facts }),
            of(SubmissionFacts { program: "q", ..facts }),
            with(caller),
            with(MemberFacts { key: key(2), ..caller }),
            with(MemberFacts { key: key(3), ..caller }),
            AccessRequest { resource: ResourceFacts::Member(caller), ..plain },
            AccessRequest { resource: ResourceFacts::Program("p"), ..plain },
            AccessRequest { resource: ResourceFacts::Program("q"), ..plain },
            AccessRequest { resource: ResourceFacts::Log { public_entries: false }, ..plain },
            AccessRequest { resource: ResourceFacts::Log { public_entries: true }, ..plain },
        ];
        for (index, request) in different.iter().enumerate() {
            for earlier in &different[..index] {
                assert_ne!(shape(request), shape(earlier), "{request:?} {earlier:?}");
            }
        }
    }

    #[test]
    fn the_longest_request_fits() {
        let caller = MemberFacts { replaces: Some(key(4)), ..member(1, "p", "x") };
        let target = MemberFacts { replaces: Some(key(5)), ..member(2, "q", "y") };
        let officer = MemberFacts { replaces: Some(key(6)), ..member(3, "r", "z") };
        let request = |officer| AccessRequest {
            principal: PrincipalFacts::Member(caller),
            action: Action::ReplaceKey,
            resource: ResourceFacts::Member(target),
            context: ContextFacts { second_officer: Some(officer) },
        };
        let last = MemberFacts { replaces: Some(key(7)), ..officer };
        assert_eq!(shape(&request(officer)), shape(&request(last)));
        let known = MemberFacts { replaces: Some(key(5)), ..officer };
        assert_ne!(shape(&request(officer)), shape(&request(known)));
    }

    #[test]
    fn mentioned_names_stay_themselves() {
        let rule = format!(
            "permit (principal, action, resource == Attestry::Submission::\"a\") when {{ \
             principal == Attestry::Member::\"{}\" || principal.program == \
             Attestry::Program::\"p\" || principal.person == Attestry::Person::\"x\" }};",
            key(1)
        );
        let policy: Policy = rule.parse().unwrap();
        let mentioned = Mentioned::by([&policy].into_iter()).unwrap();
        let shape = |request: &AccessRequest<'_>| mentioned.shape(request);
        let one = review(member(1, "p", "x"), 2, "y", "p");
        assert_eq!(shape(&one), shape(&review(member(1, "p", "x"), 3, "z", "p")));
        assert_ne!(shape(&one), shape(&review(member(9, "p", "x"), 2, "y", "p")));
        assert_ne!(shape(&one), shape(&review(member(1, "q", "x"), 2, "y", "q")));
        assert_ne!(shape(&one), shape(&review(member(1, "p", "u"), 2, "y", "p")));
        let ResourceFacts::Submission(facts) = one.resource else { panic!("it is one") };
        let other = ResourceFacts::Submission(SubmissionFacts { id: "b", ..facts });
        assert_ne!(shape(&one), shape(&AccessRequest { resource: other, ..one }));
    }

    #[test]
    fn rules_that_mention_too_many_names_have_no_shapes() {
        let rule = |count: usize| -> Policy {
            let names: Vec<String> =
                (0..count).map(|n| format!("Attestry::Program::\"{n}\"")).collect();
            let names = names.join(",");
            format!("permit (principal, action, resource) when {{ [{names}].contains(resource) }};")
                .parse()
                .unwrap()
        };
        assert!(Mentioned::by([&rule(MAX_MENTIONED)].into_iter()).is_some());
        assert!(Mentioned::by([&rule(MAX_MENTIONED + 1)].into_iter()).is_none());
    }
}
