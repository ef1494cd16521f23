//! Rules as data: those of the repository are sound, and bad ones are refused by name.

#![forbid(unsafe_code)]

mod support;

use attestry_scrub::rules::{RuleError, Trouble};
use attestry_scrub::{RuleSet, Scanner};
use support::{rule_files, rules};

/// Changes to a sound rule, and whether the trouble is the one to expect.
type Case = (&'static [(&'static str, &'static str)], fn(&Trouble) -> bool);

/// Loads the notices of the repository and one more file.
fn load_with(content: &str) -> Result<RuleSet, RuleError> {
    let files = rule_files();
    let notices = files.iter().filter(|(path, _)| path.starts_with("notices"));
    let notices = notices.map(|(path, content)| (path.as_str(), content.as_slice()));
    RuleSet::load(&[("x.toml", content.as_bytes())].into_iter().chain(notices).collect::<Vec<_>>())
}

fn rule_text(changes: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("id", "\"a.b\""),
        ("category", "\"secret\""),
        ("severity", "\"high\""),
        ("pattern", "'\\b(abc[0-9]{4})\\b'"),
        ("anchors", "[\"abc\"]"),
        ("examples", "[\"abc1234\"]"),
        ("counter_examples", "[\"abc123\"]"),
        ("why", "\"because\""),
        ("what", "\"remove it\""),
    ];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        if !value.is_empty() {
            fields.push((name, value));
        }
    }
    let lines: Vec<String> =
        fields.into_iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
    format!("[[rule]]\n{}", lines.concat())
}

/// Loading runs every example and counter-example of every rule.
#[test]
fn every_example_of_every_rule_holds() {
    let rules = rules();
    assert!(rules.ids().count() > 180);
    let tokens = rules.ids().filter(|id| id.starts_with("secret.")).count();
    assert!(tokens >= 400, "{tokens} kinds of secrets");
    let states = rules.ids().filter_map(|id| id.strip_prefix("identity.")?.get(..2));
    let states: std::collections::BTreeSet<_> = states.collect();
    assert!(states.len() >= 15, "{states:?}");
}

#[test]
fn a_rule_that_is_sound_loads() {
    assert_eq!(load_with(&rule_text(&[])).expect("a sound rule").ids().next(), Some("a.b"));
}

#[test]
fn a_bad_rule_is_refused_with_file_rule_and_reason() {
    let cases: &[Case] = &[
        (&[("id", "\"A b\"")], |t| *t == Trouble::Id),
        (&[("why", "")], |t| *t == Trouble::Missing { field: "why" }),
        (&[("category", "")], |t| *t == Trouble::Missing { field: "category" }),
        (&[("pattern", "'x*'")], |t| *t == Trouble::MatchesEmpty),
        (&[("pattern", "'(a'")], |t| matches!(t, Trouble::Pattern { .. })),
        (&[("pattern", "'(a)\\1'")], |t| matches!(t, Trouble::Pattern { .. })),
        (&[("checksum", "\"none\"")], |t| *t == Trouble::Checksum { name: "none".into() }),
        (&[("anchors", "")], |t| *t == Trouble::Trigger),
        (&[("trigger", "\"digits\"")], |t| *t == Trouble::Trigger),
        (&[("look", "\"odd\"")], |t| *t == Trouble::Look { name: "odd".into() }),
        (&[("anchors", "[\"\"]")], |t| *t == Trouble::Word),
        (&[("examples", "[]")], |t| *t == Trouble::NoExample),
        (&[("counter_examples", "[]")], |t| *t == Trouble::NoExample),
        (&[("examples", "[\"abc1234\", \"abd1234\"]")], |t| *t == Trouble::ExampleMissed { at: 1 }),
        (&[("counter_examples", "[\"abc1234\"]")], |t| {
            *t == Trouble::CounterExampleFound { at: 0 }
        }),
        (&[("anchors", "[\"xyz\"]")], |t| *t == Trouble::ExampleMissed { at: 0 }),
        (&[("checksum", "\"luhn\"")], |t| *t == Trouble::ExampleMissed { at: 0 }),
        (&[("context", "[\"near\"]")], |t| *t == Trouble::ExampleMissed { at: 0 }),
    ];
    for (changes, is_expected) in cases {
        let error = load_with(&rule_text(changes)).expect_err("a refusal");
        assert_eq!(&*error.file, "x.toml");
        assert!(error.rule.is_some(), "{error}");
        assert!(is_expected(&error.trouble), "{changes:?}: {error}");
    }
}

#[test]
fn bad_files_are_refused() {
    let trouble = |text: &str| load_with(text).expect_err("a refusal").trouble;
    assert!(matches!(trouble("not toml"), Trouble::Form { .. }));
    assert!(matches!(trouble("[[rule]]\nid = 1"), Trouble::Form { .. }));
    assert!(matches!(trouble(&rule_text(&[("surplus", "1")])), Trouble::Form { .. }));
    assert!(matches!(trouble(&"#".repeat(2 << 20)), Trouble::TooLarge { .. }));
    assert_eq!(trouble(&(rule_text(&[]) + &rule_text(&[]))), Trouble::SameId);
    let notice = "[[notice]]\nid = \"no.such\"\ncategory = \"file\"\nseverity = \"low\"\nwhy = \"\"\nwhat = \"\"\n";
    assert_eq!(trouble(notice), Trouble::UnknownNotice);
    assert_eq!(trouble(&notice.replace("no.such", "file.broken")), Trouble::SameId);
    let error = RuleSet::load(&[]).expect_err("a refusal");
    assert_eq!(error.trouble, Trouble::NoWording);
    assert!(error.to_string().contains("hidden.tracked-deletion"));
}

#[test]
fn the_digest_names_the_rules_and_not_their_order() {
    let files = rule_files();
    let mut files: Vec<(&str, &[u8])> =
        files.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
    let digest = RuleSet::load(&files).expect("rules").digest();
    files.reverse();
    assert_eq!(RuleSet::load(&files).expect("rules").digest(), digest);
    let changed = load_with(&rule_text(&[])).expect("rules");
    assert_ne!(changed.digest(), digest);
    let report = Scanner::new(changed).scan("a", b"abc1234");
    assert_eq!(report.findings[0].rule, "a.b");
}
