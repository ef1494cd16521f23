//! Remembered decisions are those that the rules make.

mod support;

use std::sync::LazyLock;

use attestry_policy::{
    access::{
        AccessRequest, Action, ContextFacts, KEY_ID_BYTES, KeyId, MemberFacts, PrincipalFacts,
        ResourceFacts, ResourceKind, SubmissionFacts,
    },
    engine::PolicyEngine,
    words::{Role, RoleSet, State},
};
use proptest::{prelude::*, sample::select, strategy::ValueTree as _};
use support::{bundle, engine, single_roles, situations};

/// Names that the requests choose from; some are mentioned by [`RULES`].
const KEYS: [KeyId; 4] = [
    KeyId([1; KEY_ID_BYTES]),
    KeyId([2; KEY_ID_BYTES]),
    KeyId([3; KEY_ID_BYTES]),
    KeyId([4; KEY_ID_BYTES]),
];
const PROGRAMS: [&str; 4] = ["here", "there", "operations", ""];
const PERSONS: [&str; 3] = ["x", "y", "z"];
const SUBMISSIONS: [&str; 2] = ["one", "two"];

/// Rules that mention names, and rules that compare in unusual ways.
fn rules() -> String {
    format!(
        "@id(\"guest\")\n\
         permit (principal == Attestry::Member::\"{guest}\", action, resource is Attestry::Submission);\n\
         @id(\"banned\")\n\
         forbid (principal is Attestry::Member, action, resource)\n\
         when {{ principal has person && principal.person == Attestry::Person::\"z\" }};\n\
         @id(\"frozen\")\n\
         forbid (principal is Attestry::Member, action, resource == Attestry::Submission::\"two\");\n\
         @id(\"chain\")\n\
         permit (principal is Attestry::Member, action, resource is Attestry::Member)\n\
         when {{ resource has replaces && principal has replaces &&\n\
                [resource.replaces, resource].contains(principal.replaces) }};\n\
         @id(\"stranger\")\n\
         forbid (principal is Attestry::Member, action, resource is Attestry::Submission)\n\
         when {{ resource.owner.program != resource.program }};\n",
        guest = KEYS[3]
    )
}

static ENGINE: LazyLock<PolicyEngine> = LazyLock::new(|| {
    let rules = rules();
    let [schema, access, clearance] = bundle();
    let files = [schema, access, clearance, ("extra.cedar", rules.as_bytes())];
    PolicyEngine::load(&files).unwrap_or_else(|error| panic!("{error}"))
});

fn members() -> impl Strategy<Value = MemberFacts<'static>> {
    let roles = prop::collection::vec(select(Role::ALL), 0..3);
    let person = prop::option::of(select(&PERSONS[..]));
    let replaces = prop::option::weighted(0.3, select(&KEYS[..]));
    let (keys, programs) = (select(&KEYS[..]), select(&PROGRAMS[..]));
    (keys, roles, programs, prop::bool::weighted(0.1), person, replaces).prop_map(
        |(key, roles, program, revoked, person, replaces)| MemberFacts {
            key,
            roles: roles.into_iter().collect::<RoleSet>(),
            program,
            revoked,
            person,
            replaces,
        },
    )
}

fn submissions() -> impl Strategy<Value = SubmissionFacts<'static>> {
    let person = prop::option::of(select(&PERSONS[..]));
    let names = (select(&SUBMISSIONS[..]), select(&KEYS[..]), person, select(&PROGRAMS[..]));
    let rest = (prop::bool::weighted(0.1), prop::bool::weighted(0.1), select(State::ALL));
    (names, rest).prop_map(|((id, owner, owner_person, program), (withdrawn, held, state))| {
        SubmissionFacts { id, owner, owner_person, program, withdrawn, held, state }
    })
}

fn requests() -> impl Strategy<Value = AccessRequest<'static>> {
    let facts = (members(), members(), submissions(), prop::option::of(members()));
    let choices = (select(Action::ALL), select(&PROGRAMS[..]), any::<bool>());
    (facts, choices, prop::bool::weighted(0.05)).prop_map(
        |((caller, target, submission, second_officer), (action, program, is_public), visits)| {
            let resource = match action.resource() {
                ResourceKind::Log => ResourceFacts::Log { public_entries: is_public },
                ResourceKind::Program => ResourceFacts::Program(program),
                // One key in two roles is described once, as it would be by a service.
                ResourceKind::Member if target.key == caller.key => ResourceFacts::Member(caller),
                ResourceKind::Member => ResourceFacts::Member(target),
                ResourceKind::Submission => ResourceFacts::Submission(submission),
            };
            let principal = match visits {
                true => PrincipalFacts::Visitor,
                false => PrincipalFacts::Member(caller),
            };
            let context = ContextFacts { second_officer };
            AccessRequest { principal, action, resource, context }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn a_remembered_decision_is_what_the_rules_say(request in requests()) {
        let decision = ENGINE.decide(&request);
        prop_assert_eq!(&decision, &ENGINE.decide_afresh(&request));
        prop_assert_eq!(&decision, &ENGINE.decide(&request));
    }
}

#[test]
fn every_reviewed_situation_is_remembered_as_the_rules_say() {
    let engine = engine();
    for _ in 0..2 {
        for action in Action::ALL {
            for situation in situations(*action) {
                for (_, roles) in single_roles() {
                    let request = situation.by(*action, roles);
                    assert_eq!(engine.decide(&request), engine.decide_afresh(&request));
                }
                for request in [situation.by_visitor(*action), situation.by_operations(*action)] {
                    assert_eq!(engine.decide(&request), engine.decide_afresh(&request));
                }
            }
        }
    }
}

#[test]
fn the_extra_rules_decide_something() {
    let mut decided = std::collections::BTreeSet::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..4_000 {
        let request = requests().new_tree(&mut runner).unwrap().current();
        let decision = ENGINE.decide(&request);
        decided.extend(decision.deciding.iter().map(ToString::to_string));
        decided.extend(decision.failed.iter().map(|id| format!("{id} failed")));
    }
    for id in ["guest", "banned", "frozen", "chain", "stranger", "stranger failed"] {
        assert!(decided.contains(id), "{id} {decided:?}");
    }
}
