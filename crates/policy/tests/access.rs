//! What the shipped rules allow, enumerated.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use attestry_policy::{
    access::{AccessRequest, Action, ContextFacts, MemberFacts, PrincipalFacts, ResourceFacts},
    engine::{Effect, Fault, PolicyEngine, PolicyId},
    explain::Outcome,
    words::{Role, RoleSet, State},
};
use support::{CALLER, SOMEBODY, Situation, engine, member, single_roles, situations, submission};

const TABLE: &str = include_str!("access-table.txt");

const HEADING: &str = "\
# Who is allowed what by the shipped policies: for each action and situation the callers that are
# allowed, alone with that one role, and the rules that allow it. Whatever is not listed is allowed
# to nobody. \"visitor\" has no credentials, \"operations\" is an administrator of that program, all
# others have a key of the program \"here\". A key that has ended is allowed nothing at all.
";

/// Callers that are allowed, and the rules that allow it.
fn allowed(engine: &PolicyEngine, action: Action, situation: &Situation) -> (String, String) {
    let mut requests = vec![("visitor", situation.by_visitor(action))];
    for (name, roles) in single_roles() {
        requests.push((name, situation.by(action, roles)));
    }
    requests.push(("operations", situation.by_operations(action)));
    let mut callers = Vec::new();
    let mut rules = BTreeSet::new();
    for (name, request) in requests {
        let decision = engine.decide(&request);
        if decision.allowed {
            callers.push(name);
            rules.extend(decision.deciding);
        }
    }
    let rules: Vec<&str> = rules.iter().map(PolicyId::as_str).collect();
    (callers.join(" "), rules.join(" "))
}

fn table(engine: &PolicyEngine) -> String {
    let mut text = HEADING.to_owned();
    for action in Action::ALL {
        text += &format!("\n{action}\n");
        let mut lines = 0;
        for situation in situations(*action) {
            let (callers, rules) = allowed(engine, *action, &situation);
            if !callers.is_empty() {
                lines += 1;
                text += &format!("  {}: {callers} [{rules}]\n", situation.name);
            }
        }
        assert!(lines > 0, "{action} is allowed to nobody, so it needs no name");
    }
    text
}

#[test]
fn the_table_of_allowed_acts_is_the_reviewed_one() {
    let found = table(&engine());
    let difference = found.lines().zip(TABLE.lines()).find(|(found, reviewed)| found != reviewed);
    assert!(
        found == TABLE,
        "tests/access-table.txt differs, first at {difference:?}; if the change is meant, the \
         whole table is now:\n{found}"
    );
}

fn every_request() -> Vec<AccessRequest<'static>> {
    let mut requests = Vec::new();
    for action in Action::ALL {
        for situation in situations(*action) {
            requests.push(situation.by_visitor(*action));
            requests.push(situation.by_operations(*action));
            requests.extend(single_roles().iter().map(|(_, roles)| situation.by(*action, *roles)));
        }
    }
    requests
}

#[test]
fn roles_add_up_and_never_take_away() {
    let engine = engine();
    let everything: RoleSet = Role::ALL.iter().copied().collect();
    for action in Action::ALL {
        for situation in situations(*action) {
            let is_allowed = |roles| engine.decide(&situation.by(*action, roles)).allowed;
            let alone: Vec<bool> =
                Role::ALL.iter().map(|role| is_allowed(RoleSet::EMPTY.with(*role))).collect();
            assert_eq!(
                is_allowed(everything),
                alone.contains(&true),
                "{action} {}",
                situation.name
            );
            for (first, one) in Role::ALL.iter().enumerate() {
                for (second, other) in Role::ALL.iter().enumerate().skip(first + 1) {
                    let both = [*one, *other].into_iter().collect();
                    let expected = alone[first] || alone[second];
                    let name = &situation.name;
                    assert_eq!(is_allowed(both), expected, "{action} {name} {one} {other}");
                }
            }
        }
    }
}

#[test]
fn a_key_that_has_ended_is_allowed_nothing() {
    let engine = engine();
    let ended = |facts: MemberFacts<'static>| MemberFacts { revoked: true, ..facts };
    let mut asked = 0;
    for mut request in every_request() {
        let PrincipalFacts::Member(caller) = request.principal else { continue };
        request.principal = PrincipalFacts::Member(ended(caller));
        if let ResourceFacts::Member(facts) = request.resource
            && facts.key == caller.key
        {
            request.resource = ResourceFacts::Member(ended(facts));
        }
        let decision = engine.decide(&request);
        assert!(!decision.allowed, "{request:?}");
        assert!(decision.deciding.iter().any(|id| id.as_str() == "revoked-key"), "{request:?}");
        asked += 1;
    }
    assert!(asked > 1_000);
}

#[test]
fn nothing_is_allowed_without_a_permit_that_says_so() {
    let engine = engine();
    for request in every_request() {
        let decision = engine.decide(&request);
        assert!(!decision.deciding.is_empty());
        assert!(decision.deciding.is_sorted());
        assert_eq!(decision.fault, None, "{request:?}");
        assert!(decision.failed.is_empty(), "{request:?}");
        let effects: Vec<Option<Effect>> =
            decision.deciding.iter().map(|id| Some(engine.rule(id)?.effect)).collect();
        let is_default = decision.deciding.iter().any(|id| id.as_str() == "default-deny");
        let expected = match (decision.allowed, is_default) {
            (true, _) => Some(Effect::Permit),
            (false, false) => Some(Effect::Forbid),
            (false, true) => None,
        };
        assert!(effects.iter().all(|effect| *effect == expected), "{request:?} {decision:?}");
        assert_eq!(decision.near.is_empty(), !is_default, "{request:?}");
    }
}

#[test]
fn every_rule_decides_some_request_and_not_another() {
    let engine = engine();
    let mut seen: BTreeMap<PolicyId, (bool, bool)> = BTreeMap::new();
    let revoked = |request: AccessRequest<'static>| match request.principal {
        PrincipalFacts::Member(caller) => {
            let caller = MemberFacts { revoked: true, ..caller };
            AccessRequest { principal: PrincipalFacts::Member(caller), ..request }
        }
        PrincipalFacts::Visitor => request,
    };
    let ended = Situation::by(&situations(Action::ReadLog)[0], Action::ReadLog, RoleSet::EMPTY);
    let joining = Situation::by(&situations(Action::SignIn)[0], Action::SignIn, RoleSet::EMPTY);
    let filing =
        Situation::by(&situations(Action::FileNotice)[0], Action::FileNotice, RoleSet::EMPTY);
    let after_the_end = [ended, joining, filing].map(revoked);
    for request in every_request().into_iter().chain(after_the_end) {
        let explanation = engine.explain(&request);
        let decided = &explanation.decision;
        for told in &explanation.rules {
            let entry = seen.entry(told.rule.id.clone()).or_default();
            let decides = decided.deciding.contains(&told.rule.id);
            if decides {
                assert_eq!(told.outcome, Outcome::Applies, "{request:?} {explanation}");
            }
            entry.0 |= decides;
            entry.1 |= !decides;
        }
    }
    let of_clearance = |place: &str| place == "clearance.cedar";
    for rule in engine.rules().filter(|rule| !of_clearance(&rule.place.file)) {
        assert_eq!(seen.get(&rule.id), Some(&(true, true)), "{} decides, does not", rule.id);
    }
}

#[test]
fn a_denial_names_what_would_have_allowed_it() {
    let decision = engine().decide(&AccessRequest {
        principal: PrincipalFacts::Member(member([Role::Contractor])),
        action: Action::ReadContent,
        resource: ResourceFacts::Submission(submission()),
        context: ContextFacts::default(),
    });
    let near: Vec<&str> = decision.near.iter().map(PolicyId::as_str).collect();
    assert_eq!((decision.allowed, near), (false, vec!["owner-reads", "staff-reads"]));
}

#[test]
fn a_second_account_does_not_review_its_owners_work() {
    let engine = engine();
    let review = |owner, owner_person| {
        let facts = support::submission();
        let facts = attestry_policy::access::SubmissionFacts { owner, owner_person, ..facts };
        let decision = engine.decide(&AccessRequest {
            principal: PrincipalFacts::Member(member([Role::Reviewer, Role::Contractor])),
            action: Action::Review,
            resource: ResourceFacts::Submission(facts),
            context: ContextFacts::default(),
        });
        decision.deciding.iter().map(PolicyId::to_string).collect::<Vec<_>>().join(" ")
    };
    let (same_key, same_person) = ("no-review-of-own-work", "review-by-another-person");
    assert_eq!(review(SOMEBODY, Some("somebody")), "reviewer-reviews");
    assert_eq!(review(CALLER, Some("caller")), format!("{same_key} {same_person}"));
    assert_eq!(review(CALLER, Some("somebody")), same_key);
    assert_eq!(review(SOMEBODY, Some("caller")), same_person);
    assert_eq!(review(SOMEBODY, None), same_person);
}

#[test]
fn questions_that_make_no_sense_are_denied_and_say_so() {
    let engine = engine();
    let caller = member(Role::ALL.iter().copied());
    let ask = |action, resource| {
        let principal = PrincipalFacts::Member(caller);
        let context = ContextFacts::default();
        let decision = engine.decide(&AccessRequest { principal, action, resource, context });
        (decision.allowed, decision.fault)
    };
    let log = ResourceFacts::Log { public_entries: true };
    assert_eq!(ask(Action::Attest, log), (false, Some(Fault::WrongResource)));
    assert_eq!(ask(Action::ReadLog, log), (true, None));
    let other_roles = MemberFacts { roles: RoleSet::EMPTY, ..caller };
    let contradiction = ask(Action::RotateKey, ResourceFacts::Member(other_roles));
    assert_eq!(contradiction, (false, Some(Fault::Contradiction)));
    assert_eq!(ask(Action::RotateKey, ResourceFacts::Member(caller)), (true, None));
}

#[test]
fn names_that_look_like_rules_are_only_names() {
    let engine = engine();
    let strange = "here\", principal.program == Attestry::Program::\"there";
    let program = |program: &'static str| {
        let facts = MemberFacts { program, ..member([Role::Admin]) };
        let decision = engine.decide(&AccessRequest {
            principal: PrincipalFacts::Member(facts),
            action: Action::Invite,
            resource: ResourceFacts::Program(strange),
            context: ContextFacts::default(),
        });
        (decision.allowed, decision.fault)
    };
    assert_eq!(program("here"), (false, None));
    assert_eq!(program("there"), (false, None));
    assert_eq!(program(strange), (true, None));
}

#[test]
fn an_explanation_reads_well() {
    let explanation = engine().explain(&AccessRequest {
        principal: PrincipalFacts::Member(member([Role::Reviewer])),
        action: Action::ExportContent,
        resource: ResourceFacts::Submission(attestry_policy::access::SubmissionFacts {
            state: State::Quarantined,
            ..submission()
        }),
        context: ContextFacts::default(),
    });
    let text = explanation.to_string();
    let lines: Vec<&str> =
        text.lines().map(|line| line.split(" (access").next().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "exportContent is denied by held-content",
            "  forbid revoked-key does not apply",
            "      a key that has ended may do nothing",
            "  forbid erased-submission does not apply",
            "      of an erased submission only the record is left",
            "  forbid held-content applies",
            "      content on hold or in quarantine is for legal officers only",
            "  permit legal-exports does not apply",
            "      legal officers may export submissions of their program, but not their own",
        ]
    );
}
