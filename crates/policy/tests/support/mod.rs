//! The bundle under test and every situation that the tests enumerate.

#![allow(dead_code, reason = "each test program uses a part")]

use attestry_policy::{
    access::{
        AccessRequest, Action, ContextFacts, KEY_ID_BYTES, KeyId, MemberFacts, PrincipalFacts,
        ResourceFacts, ResourceKind, SubmissionFacts,
    },
    engine::PolicyEngine,
    words::{Role, RoleSet, State},
};

pub const SCHEMA: &str = include_str!("../../../../policies/attestry.cedarschema");
pub const ACCESS: &str = include_str!("../../../../policies/access.cedar");
pub const CLEARANCE: &str = include_str!("../../../../policies/clearance.cedar");

pub fn bundle() -> [(&'static str, &'static [u8]); 3] {
    [
        ("attestry.cedarschema", SCHEMA.as_bytes()),
        ("access.cedar", ACCESS.as_bytes()),
        ("clearance.cedar", CLEARANCE.as_bytes()),
    ]
}

pub fn engine() -> PolicyEngine {
    PolicyEngine::load(&bundle()).unwrap_or_else(|error| panic!("{error}"))
}

pub const CALLER: KeyId = KeyId([1; KEY_ID_BYTES]);
pub const SOMEBODY: KeyId = KeyId([2; KEY_ID_BYTES]);
pub const LOST: KeyId = KeyId([3; KEY_ID_BYTES]);
pub const OFFICER: KeyId = KeyId([4; KEY_ID_BYTES]);

/// A caller of the program "here" with these roles.
pub fn member(roles: impl IntoIterator<Item = Role>) -> MemberFacts<'static> {
    MemberFacts {
        key: CALLER,
        roles: roles.into_iter().collect(),
        program: "here",
        revoked: false,
        person: Some("caller"),
        replaces: None,
    }
}

/// Somebody's submission in the program "here", with nothing special about it.
pub fn submission() -> SubmissionFacts<'static> {
    SubmissionFacts {
        id: "6f1c2d1e-3b7a-4c55-9a56-0d6f0f5f2a11",
        owner: SOMEBODY,
        owner_person: Some("somebody"),
        program: "here",
        withdrawn: false,
        held: false,
        state: State::Attested,
    }
}

/// What is done to, with what else, by name. Roles and revocation of the caller are added later.
pub struct Situation {
    pub name: String,
    pub caller: MemberFacts<'static>,
    pub resource: ResourceFacts<'static>,
    pub context: ContextFacts<'static>,
}

impl Situation {
    fn new(name: impl Into<String>, resource: ResourceFacts<'static>) -> Self {
        let (caller, context) = (member([]), ContextFacts::default());
        Self { name: name.into(), caller, resource, context }
    }

    /// The request of a member of "here".
    pub fn by(&self, action: Action, roles: RoleSet) -> AccessRequest<'static> {
        let caller = MemberFacts { roles, ..self.caller };
        // A caller who acts on the own key is described once.
        let resource = match self.resource {
            ResourceFacts::Member(facts) if facts.key == caller.key => {
                ResourceFacts::Member(caller)
            }
            other => other,
        };
        let principal = PrincipalFacts::Member(caller);
        AccessRequest { principal, action, resource, context: self.context }
    }

    /// The request of an administrator of the program "operations".
    pub fn by_operations(&self, action: Action) -> AccessRequest<'static> {
        let program = "operations";
        let operator =
            Self { caller: MemberFacts { program, ..self.caller }, name: String::new(), ..*self };
        operator.by(action, RoleSet::EMPTY.with(Role::Admin))
    }

    /// The request of somebody without credentials.
    pub fn by_visitor(&self, action: Action) -> AccessRequest<'static> {
        AccessRequest { principal: PrincipalFacts::Visitor, ..self.by(action, RoleSet::EMPTY) }
    }
}

/// Every situation that an action is asked in.
pub fn situations(action: Action) -> Vec<Situation> {
    match action.resource() {
        ResourceKind::Log => vec![
            Situation::new("entries for members", ResourceFacts::Log { public_entries: false }),
            Situation::new("entries for everybody", ResourceFacts::Log { public_entries: true }),
        ],
        ResourceKind::Program => vec![
            Situation::new("own program", ResourceFacts::Program("here")),
            Situation::new("other program", ResourceFacts::Program("there")),
        ],
        ResourceKind::Member if action == Action::ReplaceKey => replacements(),
        ResourceKind::Member => keys(),
        ResourceKind::Submission => submissions(),
    }
}

fn somebody(program: &'static str) -> MemberFacts<'static> {
    MemberFacts { key: SOMEBODY, program, person: Some("somebody"), ..member([Role::Contractor]) }
}

fn keys() -> Vec<Situation> {
    vec![
        Situation::new("own key", ResourceFacts::Member(member([]))),
        Situation::new("key of own program", ResourceFacts::Member(somebody("here"))),
        Situation::new("key of other program", ResourceFacts::Member(somebody("there"))),
    ]
}

fn replacements() -> Vec<Situation> {
    let officer = |roles: &[Role]| MemberFacts {
        key: OFFICER,
        person: Some("officer"),
        ..member(roles.iter().copied())
    };
    let legal = officer(&[Role::Legal]);
    let seconds = [
        ("nobody else", None),
        ("a legal officer", Some(legal)),
        ("an administrator", Some(officer(&[Role::Admin]))),
        ("a reviewer", Some(officer(&[Role::Reviewer]))),
        ("an officer of another program", Some(MemberFacts { program: "there", ..legal })),
        ("an officer whose key ended", Some(MemberFacts { revoked: true, ..legal })),
        ("the same person's other key", Some(MemberFacts { person: Some("caller"), ..legal })),
        ("an unknown person", Some(MemberFacts { person: None, ..legal })),
        ("the owner's other key", Some(MemberFacts { person: Some("somebody"), ..legal })),
    ];
    let admin = ResourceFacts::Member(MemberFacts {
        roles: RoleSet::EMPTY.with(Role::Admin),
        ..somebody("here")
    });
    let admins = Situation::new("administrator's key of own program", admin);
    let mut all = Vec::new();
    for situation in keys().into_iter().chain([admins]) {
        for (with, second_officer) in seconds {
            let name = format!("{}, with {with}", situation.name);
            let context = ContextFacts { second_officer };
            all.push(Situation { name, context, ..situation });
        }
    }
    all
}

fn submissions() -> Vec<Situation> {
    let plain = submission();
    let own = SubmissionFacts { owner: CALLER, owner_person: Some("caller"), ..plain };
    let owners = [
        ("own", own),
        ("somebody's", plain),
        ("own other key's", SubmissionFacts { owner_person: Some("caller"), ..plain }),
        ("unknown person's", SubmissionFacts { owner_person: None, ..plain }),
        ("lost key's", SubmissionFacts { owner: LOST, owner_person: Some("caller"), ..plain }),
    ];
    let mut all = Vec::new();
    for (owner, facts) in owners {
        for (place, program) in [("", "here"), (", other program", "there")] {
            let facts = SubmissionFacts { program, ..facts };
            let conditions = [
                ("", facts),
                (", withdrawn", SubmissionFacts { withdrawn: true, ..facts }),
                (", held", SubmissionFacts { held: true, ..facts }),
                (", quarantined", SubmissionFacts { state: State::Quarantined, ..facts }),
                (", erased", SubmissionFacts { state: State::Erased, ..facts }),
            ];
            for (condition, facts) in conditions {
                let name = format!("{owner}{place}{condition}");
                let mut situation = Situation::new(name, ResourceFacts::Submission(facts));
                situation.caller.replaces = (owner == "lost key's").then_some(LOST);
                all.push(situation);
            }
        }
    }
    all
}

/// Every role alone, and none.
pub fn single_roles() -> Vec<(&'static str, RoleSet)> {
    let none = ("no-role", RoleSet::EMPTY);
    let roles = Role::ALL.iter().map(|role| (role.as_str(), RoleSet::EMPTY.with(*role)));
    std::iter::once(none).chain(roles).collect()
}
