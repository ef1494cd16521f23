//! Bundles that are refused, with the place; and arbitrary text, which is refused or decides, and
//! never panics.

mod support;

use attestry_policy::{
    access::{AccessRequest, Action, ContextFacts, PrincipalFacts, ResourceFacts},
    bundle::BundleError,
    engine::PolicyEngine,
    load::{LoadError, MAX_FILE_BYTES, MAX_RULES, Place},
    words::Role,
};
use proptest::prelude::*;
use support::{SCHEMA, bundle, member, situations};

const OPEN: &str =
    "@id(\"open\")\npermit (principal, action == Attestry::Action::\"readLog\", resource);\n";

fn load(schema: &str, policy: &str) -> Result<PolicyEngine, LoadError> {
    let files = [("attestry.cedarschema", schema.as_bytes()), ("a.cedar", policy.as_bytes())];
    PolicyEngine::load(&files)
}

fn refusal(schema: &str, policy: &str) -> LoadError {
    load(schema, policy).err().unwrap_or_else(|| panic!("loads: {policy}"))
}

fn at(file: &str, line: usize, column: usize) -> Place {
    Place { file: file.into(), line, column }
}

#[test]
fn the_shipped_bundle_loads_and_every_rule_says_what_it_is_about() {
    let engine = support::engine();
    assert!(engine.rules().count() > 40);
    for rule in engine.rules() {
        assert!(rule.says.is_some(), "{}", rule.id);
        let text =
            if &*rule.place.file == "access.cedar" { support::ACCESS } else { support::CLEARANCE };
        let line = text.lines().nth(rule.place.line - 1).unwrap();
        assert_eq!(line, format!("@id(\"{}\")", rule.id));
    }
}

#[test]
fn other_files_count_for_the_digest_only() {
    let more = [bundle()[0], bundle()[1], bundle()[2], ("clauses/x.md", b"text".as_slice())];
    let engine = PolicyEngine::load(&more).unwrap();
    assert_ne!(engine.digest(), support::engine().digest());
    assert!(engine.rules().eq(support::engine().rules()));
}

#[test]
fn every_shipped_rule_is_asked_and_every_action_has_a_permit() {
    let engine = support::engine();
    assert_eq!(engine.unasked().count(), 0);
    assert_eq!(engine.unpermitted().count(), 0);
}

#[test]
fn rules_about_unknown_actions_and_actions_without_a_permit_are_told() {
    let schema = SCHEMA.trim_end().strip_suffix('}').unwrap().to_owned()
        + "    action archive appliesTo { principal: [Member], resource: [Log] };\n}\n";
    let rule = "@id(\"archives\")\n\
                permit (principal, action == Attestry::Action::\"archive\", resource);\n";
    let engine = load(&schema, &format!("{OPEN}{rule}")).unwrap();
    let unasked: Vec<&str> = engine.unasked().map(|rule| rule.id.as_str()).collect();
    assert_eq!(unasked, ["archives"]);
    let unpermitted: Vec<Action> = engine.unpermitted().collect();
    assert_eq!(unpermitted.len(), Action::ALL.len() - 1);
    assert!(!unpermitted.contains(&Action::ReadLog));
}

#[test]
fn a_refusal_has_a_place_where_there_is_one() {
    let place = |policy: &str| refusal(SCHEMA, policy).place().cloned();
    assert_eq!(place("// one line\npermit (principal"), Some(at("a.cedar", 2, 18)));
    assert_eq!(place(&OPEN.repeat(2)), Some(at("a.cedar", 3, 1)));
    assert_eq!(place(""), None);
}

#[test]
fn incomplete_and_oversized_bundles_are_refused() {
    let refused = |files: &[(&str, &[u8])]| PolicyEngine::load(files).err();
    assert_eq!(refused(&[]), Some(LoadError::Bundle(BundleError::Empty)));
    assert_eq!(refused(&[("a.cedar", OPEN.as_bytes())]), Some(LoadError::SchemaMissing));
    let schema = ("attestry.cedarschema", SCHEMA.as_bytes());
    assert_eq!(refused(&[schema]), Some(LoadError::NoRules));
    assert_eq!(refused(&[schema, ("a.cedar", b"// nothing")]), Some(LoadError::NoRules));
    let long = vec![b' '; MAX_FILE_BYTES + 1];
    let (found, limit) = (MAX_FILE_BYTES + 1, MAX_FILE_BYTES);
    let too_large = LoadError::TooLarge { file: "a.cedar".into(), found, limit };
    assert_eq!(refused(&[schema, ("a.cedar", &long)]), Some(too_large));
    let not_text = LoadError::NotUtf8 { place: at("a.cedar", 2, 3) };
    assert_eq!(refused(&[schema, ("a.cedar", b"//\n//\xff")]), Some(not_text));
}

#[test]
fn too_many_rules_are_refused() {
    let permit = "permit(principal,action==Attestry::Action::\"readLog\",resource);";
    let rules = |from: usize, count: usize| -> String {
        (from..from + count).map(|n| format!("@id(\"r{n}\"){permit}\n")).collect()
    };
    let (first, second) = (rules(0, MAX_RULES), rules(MAX_RULES, 1));
    let schema = ("attestry.cedarschema", SCHEMA.as_bytes());
    let files = [schema, ("a.cedar", first.as_bytes()), ("b.cedar", second.as_bytes())];
    let refused = LoadError::TooManyRules { found: MAX_RULES + 1, limit: MAX_RULES };
    assert_eq!(PolicyEngine::load(&files).err(), Some(refused));
    assert!(PolicyEngine::load(&files[..2]).is_ok());
}

#[test]
fn a_syntax_error_is_placed() {
    let found = refusal(SCHEMA, "// é\n@id(\"x\")\npermit (principal, action resource);\n");
    let LoadError::Syntax { place, message } = &found else { panic!("{found}") };
    assert_eq!(*place, at("a.cedar", 3, 27));
    assert!(message.contains("unexpected token"), "{message}");
    assert!(found.to_string().starts_with("a.cedar:3:27: "), "{found}");
    let unfinished = refusal(SCHEMA, "@id(\"x\")\npermit (principal, action,");
    assert!(
        matches!(&unfinished, LoadError::Syntax { place, .. } if place.line == 2),
        "{unfinished}"
    );
}

#[test]
fn the_first_faulty_file_in_order_of_paths_is_named() {
    let schema = ("attestry.cedarschema", SCHEMA.as_bytes());
    let files = [("z.cedar", b"nonsense".as_slice()), schema, ("b/y.cedar", b"nonsense")];
    let found = PolicyEngine::load(&files).err();
    let first =
        matches!(&found, Some(LoadError::Syntax { place, .. }) if &*place.file == "b/y.cedar");
    assert!(first, "{found:?}");
}

#[test]
fn a_schema_error_is_placed() {
    let torn = SCHEMA.replacen("entity Visitor;", "entity Visitor", 1);
    let line = 1 + SCHEMA.lines().position(|line| line.contains("entity Visitor;")).unwrap();
    let found = refusal(&torn, OPEN);
    let LoadError::Schema { place, .. } = &found else { panic!("{found}") };
    assert_eq!(&*place.file, "attestry.cedarschema");
    assert!(place.line > line, "{found}");
    let unknown = SCHEMA.replacen("program: Program", "program: Programme", 1);
    let line = 1 + SCHEMA.lines().position(|line| line.contains("program: Program")).unwrap();
    let found = refusal(&unknown, OPEN);
    let LoadError::Schema { place, message } = &found else { panic!("{found}") };
    assert_eq!((place.line, place.column), (line, 18), "{found}");
    assert!(message.contains("Programme"), "{message}");
}

#[test]
fn rules_that_do_not_fit_the_schema_are_placed() {
    let member = "principal is Attestry::Member";
    let log = "action == Attestry::Action::\"readEntries\", resource is Attestry::Log";
    let rule = |condition: &str| {
        format!("{OPEN}@id(\"x\")\npermit ({member}, {log})\nwhen {{ {condition} }};\n")
    };
    let wrong = [
        ("principal.role.isEmpty()", "role"),
        ("principal.roles.contains(\"admin\")", ""),
        ("principal.roles.contains(Attestry::Role::\"emperor\")", "emperor"),
        ("principal.program == \"main\"", ""),
        ("principal.person == principal.person", "person"),
        ("principal has person && principal.person == \"x\"", ""),
        ("principal.roles", ""),
        ("resource.publicEntries > 3", ""),
        ("principal == resource", ""),
    ];
    for (condition, named) in wrong {
        let found = refusal(SCHEMA, &rule(condition));
        let LoadError::Invalid { place, message } = &found else { panic!("{condition}: {found}") };
        assert!((3..=5).contains(&place.line), "{condition}: {found}");
        assert!(message.contains(named), "{condition}: {found}");
    }
    assert!(load(SCHEMA, &rule("principal.roles.isEmpty()")).is_ok());
    assert!(
        load(SCHEMA, &rule("principal has person && principal.person == Attestry::Person::\"x\""))
            .is_ok()
    );
    let misspelt = OPEN.replace("readLog", "readLogs");
    let found = refusal(SCHEMA, &misspelt);
    assert!(matches!(&found, LoadError::Invalid { place, .. } if place.line == 1), "{found}");
}

#[test]
fn rules_need_names_of_their_own() {
    let permit = "permit (principal, action == Attestry::Action::\"readLog\", resource);\n";
    let named = |id: &str| format!("@id(\"{id}\")\n{permit}");
    let missing = refusal(SCHEMA, &format!("{OPEN}\n{permit}"));
    assert_eq!(missing, LoadError::IdMissing { place: at("a.cedar", 4, 1) });
    let long = "x".repeat(65);
    for id in ["", "Open", "a b", "ö", "default-deny", long.as_str()] {
        let place = at("a.cedar", 1, 1);
        assert_eq!(refusal(SCHEMA, &named(id)), LoadError::IdMalformed { place }, "{id}");
    }
    assert!(load(SCHEMA, &named(&long[1..])).is_ok());
    let twice = refusal(SCHEMA, &format!("{OPEN}{}", OPEN.replace("readLog", "probe")));
    let (place, first) = (at("a.cedar", 3, 1), at("a.cedar", 1, 1));
    assert_eq!(twice, LoadError::IdRepeated { place, first });
    let schema = ("attestry.cedarschema", SCHEMA.as_bytes());
    let files = [schema, ("b.cedar", OPEN.as_bytes()), ("a.cedar", OPEN.as_bytes())];
    let (place, first) = (at("b.cedar", 1, 1), at("a.cedar", 1, 1));
    assert_eq!(PolicyEngine::load(&files).err(), Some(LoadError::IdRepeated { place, first }));
}

#[test]
fn a_rule_is_placed_where_it_stands_not_where_its_text_stands_in_a_comment() {
    let permit = "permit (principal, action == Attestry::Action::\"readLog\", resource);";
    let text = format!("{OPEN}// {permit}\n{permit}");
    assert_eq!(refusal(SCHEMA, &text), LoadError::IdMissing { place: at("a.cedar", 4, 1) });
}

#[test]
fn templates_are_refused() {
    let found = refusal(
        SCHEMA,
        &format!("{OPEN}@id(\"x\")\npermit (principal == ?principal, action, resource);"),
    );
    assert_eq!(found, LoadError::Template { place: at("a.cedar", 3, 1) });
}

#[test]
fn rules_against_clearance_say_what_is_missing() {
    let action = "action == Attestry::Action::\"grantClearance\", resource";
    let rule =
        |annotation: &str| format!("{OPEN}@id(\"x\"){annotation}\nforbid (principal, {action});");
    let place = at("a.cedar", 3, 1);
    for annotation in ["", "@missing(\"luck\")"] {
        let expected = LoadError::ReasonMissing { place: place.clone() };
        assert_eq!(refusal(SCHEMA, &rule(annotation)), expected);
    }
    assert!(load(SCHEMA, &rule("@missing(\"other\")")).is_ok());
    let all = format!("{OPEN}@id(\"x\")\nforbid (principal, action, resource);");
    assert_eq!(refusal(SCHEMA, &all), LoadError::ReasonMissing { place });
    let members =
        format!("{OPEN}@id(\"x\")\nforbid (principal is Attestry::Member, action, resource);");
    assert!(load(SCHEMA, &members).is_ok());
}

#[test]
fn a_schema_that_does_not_fit_the_facts_is_refused() {
    let cases = [
        ("revoked: Bool,", "revoked: Bool, age: Long,", "readLog"),
        (
            "withdrawn: Bool,\n        // Whether a legal",
            "withdrawn: Long,\n        // Whether a legal",
            "attest",
        ),
        ("holds?: Long,", "", "grantClearance"),
        ("\"quarantined\", \"erased\"", "\"quarantined\"", "attest"),
        ("\"evaluation\", \"redistribution\"", "\"evaluation\"", "grantClearance"),
        ("\"accepted\", \"sent-back\"", "\"accepted\"", "grantClearance"),
        ("\"admin\", \"auditor\"", "\"admin\"", "readLog"),
        ("exportContent, review", "review", "exportContent"),
    ];
    for (from, to, action) in cases {
        assert!(SCHEMA.contains(from), "{from}");
        match load(&SCHEMA.replacen(from, to, 1), OPEN).err() {
            Some(LoadError::SchemaMismatch { action: found, .. }) => {
                assert_eq!(action, found, "{from}");
            }
            other => panic!("{from}: {other:?}"),
        }
    }
}

#[test]
fn a_rule_that_fails_denies_though_cedar_would_skip_it() {
    let condition = "when { (if resource.publicEntries then 9223372036854775807 else 0) + 1 < 0 }";
    let forbid = format!(
        "{OPEN}@id(\"fails\")\nforbid (principal, action == Attestry::Action::\"readLog\", \
         resource)\n{condition};\n"
    );
    let engine = load(SCHEMA, &forbid).unwrap();
    let ask = |public_entries| {
        let decision = engine.decide(&AccessRequest {
            principal: PrincipalFacts::Member(member([Role::Auditor])),
            action: Action::ReadLog,
            resource: ResourceFacts::Log { public_entries },
            context: ContextFacts::default(),
        });
        let names = |ids: Vec<attestry_policy::engine::PolicyId>| {
            ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        (decision.allowed, names(decision.deciding), names(decision.failed))
    };
    assert_eq!(ask(false), (true, "open".into(), String::new()));
    assert_eq!(ask(true), (false, "fails".into(), "fails".into()));
}

#[test]
fn a_rule_may_name_members_and_programs() {
    let rule = format!(
        "@id(\"guest\")\npermit (principal == Attestry::Member::\"{}\", action == \
         Attestry::Action::\"readLog\", resource);",
        support::CALLER
    );
    let engine = load(SCHEMA, &rule).unwrap();
    let ask = |facts| {
        let context = ContextFacts::default();
        let resource = ResourceFacts::Log { public_entries: false };
        let principal = PrincipalFacts::Member(facts);
        engine
            .decide(&AccessRequest { principal, action: Action::ReadLog, resource, context })
            .allowed
    };
    assert!(ask(member([])));
    assert!(!ask(attestry_policy::access::MemberFacts { key: support::SOMEBODY, ..member([]) }));
}

#[test]
fn groups_of_actions_in_the_schema_count() {
    let grouped = SCHEMA.replacen(
        "action createProgram appliesTo",
        "action running;\n    action createProgram in [running] appliesTo",
        1,
    );
    let rule =
        "@id(\"run\")\npermit (principal, action in Attestry::Action::\"running\", resource);";
    let engine = load(&grouped, rule).unwrap();
    let ask = |action| {
        let situation = &situations(action)[0];
        engine.decide(&situation.by(action, attestry_policy::words::RoleSet::EMPTY)).allowed
    };
    assert!(ask(Action::CreateProgram));
    assert!(!ask(Action::ReadLog));
}

/// Rules with something repeated in their condition.
fn nested(depth: usize) -> [String; 9] {
    let repeat = |open: &str, middle: &str, close: &str| {
        format!("{}{middle}{}", open.repeat(depth), close.repeat(depth))
    };
    [
        repeat("(", "true", ")"),
        repeat("!", "true", ""),
        repeat("[", "true", "] == 1"),
        repeat("{a: ", "1", "}"),
        repeat("true && ", "true", ""),
        repeat("1 + ", "1 == 1", ""),
        repeat("", "principal", ".a"),
        repeat("if true then ", "true", " else false"),
        repeat("", "true", " } when { true"),
    ]
    .map(|condition| {
        let log = "action == Attestry::Action::\"readLog\", resource";
        format!("{OPEN}@id(\"x\")\npermit (principal, {log}) when {{ {condition} }};")
    })
}

#[test]
fn deep_nesting_does_not_end_the_program() {
    for depth in [1, 31, 100, 250, 10_000] {
        for rule in nested(depth) {
            let refused = load(SCHEMA, &rule).err();
            if depth > 250 {
                let place = match refused {
                    Some(LoadError::TooDeep { place, .. }) => place,
                    Some(LoadError::TooManyOperators { place, .. }) => place,
                    other => panic!("{other:?}"),
                };
                assert_eq!(place.line, 4);
            }
        }
        let types = format!("type X = {}Long{};\n", "Set<".repeat(depth), ">".repeat(depth));
        let schema = SCHEMA.replacen("entity Program;", &format!("entity Program;\n{types}"), 1);
        assert_eq!(load(&schema, OPEN).is_ok(), depth <= 31, "{depth}");
    }
}

#[test]
fn the_longest_rule_allowed_is_still_checked() {
    let [.., dots, _, _] = nested(240);
    let refused = load(SCHEMA, &dots).err();
    assert!(matches!(refused, Some(LoadError::Invalid { .. })), "{refused:?}");
}

fn fragments() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "permit",
        "forbid",
        "(",
        ")",
        "principal",
        "action",
        "resource",
        "context",
        ",",
        ";",
        "when",
        "unless",
        "{",
        "}",
        "==",
        "in",
        "is",
        "has",
        "&&",
        "||",
        "!",
        "@id(\"a\")",
        "@id(\"b\")",
        "@missing(\"scan\")",
        "Attestry::Action::\"readLog\"",
        "Attestry::Member",
        "Attestry::Log",
        "[",
        "]",
        ".",
        "roles",
        "contains",
        "\"x\"",
        "1",
        "-",
        "*",
        "9223372036854775807",
        "true",
        "if",
        "then",
        "else",
        "like",
        "?principal",
        "//",
        "\n",
        "é",
        "\"",
        "\\u{0}",
    ]);
    prop::collection::vec(words, 0..40).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_policy_text_never_panics_and_allows_only_by_a_permit(
        text in prop_oneof![fragments(), any::<String>(), fragments().prop_map(|t| format!("{OPEN}{t}"))]
    ) {
        match load(SCHEMA, &text) {
            Ok(engine) => for action in Action::ALL {
                let situation = &situations(*action)[0];
                let decision = engine.decide(&situation.by_visitor(*action));
                prop_assert!(!decision.deciding.is_empty());
                if decision.allowed {
                    let effects = decision.deciding.iter().map(|id| engine.rule(id).unwrap().effect);
                    prop_assert!(effects.into_iter().all(|e| e == attestry_policy::engine::Effect::Permit));
                }
            },
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn arbitrary_schema_text_never_panics(text in any::<String>(), cut in 0..SCHEMA.len()) {
        drop(load(&text, OPEN));
        let head = SCHEMA.get(..cut).unwrap_or_default();
        drop(load(&format!("{head}{text}"), OPEN));
    }

    #[test]
    fn a_shipped_rule_damaged_anywhere_is_refused_or_loads(at in 0..support::ACCESS.len(), byte in any::<u8>()) {
        let mut text = support::ACCESS.as_bytes().to_vec();
        text[at] = byte;
        let files = [("attestry.cedarschema", SCHEMA.as_bytes()), ("a.cedar", text.as_slice())];
        if let Err(error) = PolicyEngine::load(&files) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
